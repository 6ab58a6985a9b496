"""Momentum in a ravine at five learning rates: it allows nearly twice the rate of gradient descent.

With a momentum of 0.9 and a curvature of 2 the largest rate that descends is (1 + 0.9) · 2 / 2 = 1.9; for gradient
descent alone it is 1. Watch 1: gradient descent would bounce forever, but here the wave dies away. At 2 it grows.
"""

import numpy as np

from animopt import Racer, Scene, Sweep
from animopt.claims import Holds, LeavesPicture, Not
from animopt.functions import ravine


def curvature(race):
    """Return the curvature across the ravine, from the gradient at the start."""
    return race.gradients[0, 0, 1] / race.xy[0, 0, 1]


def wave_heights(race):
    """Return the height of each racer's wave in each half of the race, (racers, 2)."""
    return np.abs(race.xy[:, 1:, 1]).reshape(len(race.xy), 2, -1).max(axis=-1)


scene = Scene(
    title={"en": "Momentum's learning rate", "ko": "모멘텀의 학습률"},
    caption={
        "en": "With momentum even a rate of 1 descends; 2 is beyond its limit, 1.9",
        "ko": "모멘텀이 있으면 1에서도 내려간다. 2는 한계인 1.9를 넘는다",
    },
    notes={
        "ko": "다섯 가지 학습률로 골짜기를 내려가는 모멘텀입니다. 모멘텀을 쓰면 학습률을 거의 두 배까지 키울 수 "
        "있습니다. 모멘텀 계수가 0.9이고 곡률이 2이면, 내려갈 수 있는 가장 큰 학습률은 (1 + 0.9) · 2 / 2 = "
        "1.9입니다. 경사하강법만 쓰면 1입니다. 학습률 1을 보세요. 경사하강법이라면 벽 사이를 끝없이 오가겠지만, "
        "여기서는 물결이 잦아듭니다. 학습률 2에서는 물결이 커집니다."
    },
    function=ravine,
    racers=Sweep(Racer("SGD", momentum=0.9), lr=[0.01, 0.03, 0.1, 1.0, 2.0]),
    start=(-7, 2),
    steps=20,
    layout="multiples",
    claims=[
        Holds(
            "a rate of 1 descends, and 2 does not",
            lambda race: race.z[3].argmax() == 0 and race.z[4].argmax() == len(race.z[4]) - 1,
        ),
        Holds(
            "the wave dies away except at 2, at which it grows",
            lambda race: (np.diff(wave_heights(race))[:, 0] < 0).tolist() == [True, True, True, True, False],
        ),
        LeavesPicture("lr 2"),
        Not(LeavesPicture("lr 0.01", "lr 0.03", "lr 0.1", "lr 1")),
        Holds("the limit with momentum is 1.9", lambda race: np.isclose(1.9 * 2 / 2, (1 + 0.9) * 2 / curvature(race))),
        Holds("gradient descent would bounce forever at 1", lambda race: np.isclose(1 - 1 * curvature(race), -1)),
    ],
)
