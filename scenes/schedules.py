"""Five schedules of the learning rate in a ravine with noise: the last rate alone does not decide how low each ends.

Noise of standard deviation 0.5 is added to each component of each gradient, the same for all. Each schedule has the
rate 0.8 at its highest, and 200 steps. The constant rate is thrown about to the end. The cosine comes down slowly and
ends lowest. Halving every 70 steps ends with 0.2, above it. Warm-up, stable, decay keeps the highest rate until it
comes down in its last 10 steps. Its last rate is 0.08, below that of halving, but it ends higher. The warm restarts
begin a cosine every 80 steps, so that the last step is in the middle of a cycle. The mean of the loss at the end over
all noise is 0.013 for the cosine, 0.029 with halving, 0.054 with the late decay, 0.079 with the restarts, and 0.302
with the constant rate. Seed 11 is one of 12 among the seeds 0 to 59 after which the racers end in this order.

Source: Loshchilov and Hutter 2017, SGDR: stochastic gradient descent with warm restarts, figure 1.
"""

from functools import partial

import numpy as np
from torch.optim.lr_scheduler import CosineAnnealingLR, CosineAnnealingWarmRestarts, LambdaLR, StepLR

from animopt import Question, Racer, Scene
from animopt.claims import Holds
from animopt.functions import ravine

STEPS, HIGHEST, NOISE = 200, 0.8, 0.5
CURVATURES = np.array([0.1, 2])


def warm_up_stable_decay(step):
    """Return the factor of the rate at a step: it rises for ten steps, and comes down in the last ten."""
    return min(1, (step + 1) / 10, (STEPS - step) / 10)


def last_rates(race):
    """Return the learning rate of each racer's last step."""
    return [np.ravel(settings["lr"])[-1] for settings in race.hyperparameters]


def mean_losses(race):
    """Return the loss at the end of each racer, as the mean over all noise."""
    means = []
    for settings in race.hyperparameters:
        position, variance = np.array(race.xy[0, 0]), np.zeros(2)
        for lr in np.broadcast_to(settings["lr"], STEPS + 1)[1:]:
            shrink = 1 - lr * CURVATURES
            position, variance = shrink * position, shrink**2 * variance + (lr * NOISE) ** 2
        means.append(float((CURVATURES / 2 * (position**2 + variance)).sum()))
    return means


def losses_after(race, seed):
    """Return the loss at the end of each racer with the noise of a seed."""
    noise = NOISE * np.random.default_rng([seed, 0]).standard_normal((STEPS, 2))
    rates = np.array([np.broadcast_to(settings["lr"], STEPS + 1)[1:] for settings in race.hyperparameters])
    positions = np.array(race.xy[:, 0])
    for lr, each in zip(rates.T[..., None], noise, strict=True):
        positions = positions - lr * (CURVATURES * positions + each)
    return positions**2 @ CURVATURES / 2


scene = Scene(
    title={"en": "Schedules of the learning rate", "ko": "학습률 스케줄"},
    caption={
        "en": "Mean loss at the end over all noise: cosine 0.013, halved 0.029, constant 0.302",
        "ko": "모든 잡음에 대해 평균한 마지막 손실: 코사인 0.013, 절반씩 0.029, 고정 0.302",
    },
    notes={
        "ko": "잡음이 있는 골짜기에서 학습률 스케줄 다섯 가지를 비교합니다. 기울기의 성분마다 표준편차가 0.5인 "
        "잡음을 더하며, 잡음은 모두에게 똑같습니다. 가장 큰 학습률은 모두 0.8이고, 200걸음을 갑니다. 학습률을 "
        "고정하면 끝까지 잡음에 휘둘립니다. 코사인은 천천히 줄어 가장 낮은 곳에서 끝납니다. 70걸음마다 절반으로 "
        "줄이면 마지막 학습률이 0.2여서 그보다 높습니다. 예열·유지·감쇠는 마지막 10걸음에서야 학습률을 줄입니다. "
        "마지막 학습률은 0.08로 절반씩 줄일 때보다 작지만, 더 높은 곳에서 끝납니다. 웜 리스타트는 80걸음마다 "
        "코사인을 새로 시작하므로 마지막 걸음이 주기의 한가운데에 있습니다. 모든 잡음에 대해 평균한 마지막 손실은 "
        "코사인 0.013, 절반씩 0.029, 늦은 감쇠 0.054, 리스타트 0.079, 고정 0.302입니다. 시드 0부터 59까지 가운데 "
        "12개에서 경주가 이 순서로 끝나고, 시드 11은 그중 하나입니다."
    },
    function=ravine.replace(
        source="Loshchilov and Hutter 2017, SGDR: stochastic gradient descent with warm restarts, figure 1"
    ),
    racers=[
        Racer("SGD", lr=HIGHEST, name={"en": "Constant", "ko": "고정"}),
        Racer(
            "SGD",
            lr=HIGHEST,
            scheduler=partial(StepLR, step_size=70, gamma=0.5),
            name={"en": "Halved every 70 steps", "ko": "70걸음마다 절반"},
        ),
        Racer(
            "SGD", lr=HIGHEST, scheduler=partial(CosineAnnealingLR, T_max=STEPS), name={"en": "Cosine", "ko": "코사인"}
        ),
        Racer(
            "SGD",
            lr=HIGHEST,
            scheduler=partial(CosineAnnealingWarmRestarts, T_0=80),
            name={"en": "Warm restarts", "ko": "웜 리스타트"},
        ),
        Racer(
            "SGD",
            lr=HIGHEST,
            scheduler=partial(LambdaLR, lr_lambda=warm_up_stable_decay),
            name={"en": "Warm-up, stable, decay", "ko": "예열·유지·감쇠"},
        ),
    ],
    start=(-7, 2),
    steps=STEPS,
    noise=NOISE,
    seed=11,
    seconds=14,
    panels=["wireframe", "contour", "rate", "scoreboard"],
    question=Question(
        {"en": "Which schedule ends lowest?", "ko": "어느 스케줄이 가장 낮은 곳에서 끝날까요?"}, step=60, seconds=2
    ),
    claims=[
        Holds(
            "the mean of the loss over all noise is 0.302, 0.029, 0.013, 0.079 and 0.054",
            lambda race: np.round(mean_losses(race), 3).tolist() == [0.302, 0.029, 0.013, 0.079, 0.054],
        ),
        Holds(
            "the cosine ends lowest, first before halving, late decay, restarts and the constant rate, which is last",
            lambda race: race.z[:, -1].argsort().tolist() == [2, 1, 4, 3, 0],
        ),
        Holds(
            "seed 11 is one of 12 among the seeds 0 to 59 after which they end in this order",
            lambda race: (
                sum(losses_after(race, seed).argsort().tolist() == [2, 1, 4, 3, 0] for seed in range(60)) == 12
                and np.allclose(losses_after(race, 11), race.z[:, -1])
            ),
        ),
        Holds("halving every 70 steps ends with 0.2", lambda race: np.isclose(last_rates(race)[1], 0.2)),
        Holds(
            "the last rate of the late decay is 0.08, below that of halving, but it ends higher",
            lambda race: np.isclose(last_rates(race)[4], 0.08) and race.z[4, -1] > race.z[1, -1],
        ),
        Holds(
            "the decay is in the last 10 steps",
            lambda race: (
                np.isclose(race.hyperparameters[4]["lr"][190], HIGHEST) and race.hyperparameters[4]["lr"][192] < HIGHEST
            ),
        ),
        Holds(
            "the restarts begin a cycle every 80 steps, and the last step is in the middle of one",
            lambda race: (
                np.allclose(race.hyperparameters[3]["lr"][[1, 81, 161]], HIGHEST)
                and 0.4 < last_rates(race)[3] / HIGHEST < 0.6
            ),
        ),
    ],
)
