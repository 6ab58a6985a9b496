"""Gradient descent in a ravine at five learning rates, of which one is too large.

Across the ravine the curvature is 2, so that a step multiplies y by 1 - 2 lr: up to a rate of 0.5 the racer never
crosses the floor, up to 1 it crosses it at every step and less far, above 1 farther and farther. Along the ravine a
step multiplies x by 1 - lr / 10, so that the largest rate that still descends gets farthest.
"""

import numpy as np

from animopt import Racer, Scene, Sweep
from animopt.claims import Holds, Zigzags
from animopt.functions import ravine


def ratios(race, coordinate):
    """Return the number by which the steps of each racer multiply a coordinate, (racers, steps)."""
    return race.xy[:, 1:, coordinate] / race.xy[:, :-1, coordinate]


scene = Scene(
    title={"en": "Gradient descent's learning rate", "ko": "경사하강법의 학습률"},
    caption={
        "en": "Above 1 it climbs the walls; below, a smaller rate gets less far",
        "ko": "1보다 크면 벽을 타고 오르고, 1보다 작으면 작을수록 덜 간다",
    },
    notes={
        "ko": "다섯 가지 학습률로 골짜기를 내려가는 경사하강법입니다. 그중 하나는 너무 큽니다. 골짜기를 가로지르는 "
        "방향의 곡률이 2이므로 한 걸음은 y를 1 − 2 lr배로 만듭니다. 학습률이 0.5 이하이면 바닥을 건너지 않고, 1까지는 "
        "걸음마다 바닥을 건너되 폭이 줄며, 1을 넘으면 폭이 점점 커집니다. 골짜기를 따라가는 방향으로는 한 걸음이 x를 1 "
        "− lr / 10배로 만들므로, 아직 내려가는 학습률 중 가장 큰 것이 가장 멀리 갑니다."
    },
    function=ravine,
    racers=Sweep(Racer("SGD"), lr=[0.1, 0.3, 0.6, 0.95, 1.02]),
    start=(-7, 2),
    steps=20,
    layout="multiples",
    claims=[
        Zigzags("lr 0.95", "lr 1.02"),
        Holds(
            "only above a rate of 1 it climbs the walls, farther at every step",
            lambda race: (np.abs(ratios(race, 1)) > 1).all(axis=1).tolist() == [False, False, False, False, True],
        ),
        Holds(
            "only above a rate of 0.5 it crosses the floor, at every step",
            lambda race: (
                (ratios(race, 1)[:2] > 0).all() and (ratios(race, 1)[2:] < 0).all() and np.isclose(1 - 2 * 0.5, 0)
            ),
        ),
        Holds(
            "a step multiplies x by 1 - lr / 10: of the rates that descend, the largest gets farthest",
            lambda race: (
                np.allclose(ratios(race, 0)[:, 0], [1 - settings["lr"] / 10 for settings in race.hyperparameters])
                and race.xy[:4, -1, 0].argmax() == 3
            ),
        ),
    ],
)
