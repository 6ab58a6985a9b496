"""Gradient descent goes down a ravine with noise in every gradient.

Noise of standard deviation 1 is added to each component of each gradient, the same for both racers. With a fixed
learning rate, gradient descent never settles: the noise throws it about to the end. With a rate that is halved every
ten steps it comes to rest, but not at the minimum: the rate shrinks too fast, and it ends 1.5 away.
"""

from functools import partial

import numpy as np
from torch.optim.lr_scheduler import StepLR

from animopt import Racer, Scene
from animopt.claims import Arrives, Holds, Not, Settles
from animopt.functions import ravine


def last_steps(race):
    """Return the lengths of the last tenth of the steps of each racer."""
    return np.linalg.norm(np.diff(race.xy, axis=1), axis=-1)[:, -(race.last_step // 10) :]


scene = Scene(
    title={"en": "A ravine with noise", "ko": "잡음이 있는 골짜기"},
    caption={
        "en": "Only the rate that shrinks comes to rest, off the minimum",
        "ko": "학습률을 줄여야 멈추지만, 최소점에서 벗어나 멈춘다",
    },
    notes={
        "ko": "기울기마다 잡음이 섞인 골짜기를 경사하강법이 내려갑니다. 기울기의 성분마다 표준편차가 1인 잡음을 "
        "더하며, 잡음은 두 경주에 똑같이 들어갑니다. 학습률을 고정하면 경사하강법은 끝까지 잡음에 휘둘려 자리 잡지 "
        "못합니다. 열 걸음마다 학습률을 절반으로 줄이면 멈추지만, 최소점에서 멈추는 것은 아닙니다. 학습률이 너무 빨리 "
        "줄어서 1.5 떨어진 곳에서 끝납니다."
    },
    function=ravine,
    racers=[
        Racer("SGD", lr=0.9, name={"en": "Fixed rate", "ko": "고정 학습률"}),
        Racer(
            "SGD",
            lr=0.9,
            scheduler=partial(StepLR, step_size=10, gamma=0.5),
            name={"en": "Halved every 10 steps", "ko": "10걸음마다 절반"},
        ),
    ],
    start=(-7, 2),
    steps=60,
    noise=1.0,
    # Of sixty seeds, the one after which both end about as far away as they usually do.
    seed=7,
    claims=[
        Not(Settles()),
        Not(Arrives("Halved every 10 steps")),
        Holds(
            "only the rate that shrinks comes to rest: its last steps are shorter than the radius of the minimum",
            lambda race: (last_steps(race) < race.radius).all(axis=1).tolist() == [False, True],
        ),
        Holds(
            "the fixed rate is thrown about to the end",
            lambda race: (last_steps(race)[0] > 5 * race.radius).all(),
        ),
        Holds("the rate that shrinks ends 1.5 away", lambda race: round(np.linalg.norm(race.xy[1, -1]), 1) == 1.5),
        Holds(
            "the noise of both racers is the same, until the rates differ at step 10",
            lambda race: np.array_equal(*race.xy[:, :11]) and not np.array_equal(*race.xy[:, :12]),
        ),
    ],
)
