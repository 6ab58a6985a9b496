"""Gradient descent on a quartic at five learning rates: slow, settled, bouncing, diverging.

The curvature at the minimum is 299, so that no rate above 2 / 299 = 0.0067 can settle there: 0.01 arrives, leaves again
and bounces from wall to wall. The walls rise with the fourth power. They throw 0.02 out of the picture, farther at each
step, and it diverges.
"""

import numpy as np

from animopt import Racer, Scene, Sweep
from animopt.claims import Arrives, Diverges, Holds, Leaves, LeavesPicture, Not, Settles, Zigzags
from animopt.functions import quartic


def largest_curvature(race):
    """Return the largest curvature of the surface at the minima."""
    points = race.minima[:, :2]
    return (12 * points**2 + [30, 0] * points - 80).max()


scene = Scene(
    title={"en": "Gradient descent's learning rate on a quartic", "ko": "사차함수에서 경사하강법의 학습률"},
    caption={
        "en": "0.005 settles, 0.01 bounces to the end, 0.02 diverges",
        "ko": "0.005는 자리 잡고, 0.01은 끝까지 진동하고, 0.02는 발산한다",
    },
    notes={
        "ko": "사차함수에서 경사하강법의 학습률을 다섯 가지로 바꾸어 봅니다. 느린 것, 자리 잡는 것, 진동하는 것, "
        "발산하는 것이 있습니다. 극소점의 곡률이 299이므로 학습률이 2/299 = 0.0067보다 크면 그곳에 자리 잡지 "
        "못합니다. 그래서 0.01은 극소점에 닿았다가 다시 떠나고, 벽과 벽 사이에서 진동합니다. 벽의 높이는 네제곱으로 "
        "커집니다. 0.02는 걸음마다 더 멀리 튕겨 화면을 벗어나고 발산합니다."
    },
    function=quartic,
    racers=Sweep(Racer("SGD"), lr=[0.001, 0.003, 0.005, 0.01, 0.02]),
    start=(1, 1.2),
    steps=20,
    layout="multiples",
    claims=[
        Settles("lr 0.005"),
        Not(Settles("lr 0.001", "lr 0.003", "lr 0.01", "lr 0.02")),
        Arrives("lr 0.01"),
        Leaves("lr 0.01"),
        Zigzags("lr 0.01"),
        LeavesPicture("lr 0.02"),
        Diverges("lr 0.02"),
        Not(Diverges("lr 0.001", "lr 0.003", "lr 0.005", "lr 0.01")),
        Holds(
            "the walls throw 0.02 farther at each step",
            lambda race: (np.diff(np.abs(np.diff(race.xy[4, 4:12, 0]))) > 0).all(),
        ),
        Holds(
            "the curvature is 299, so that no rate above 0.0067 settles",
            lambda race: round(largest_curvature(race)) == 299 and round(2 / largest_curvature(race), 4) == 0.0067,
        ),
    ],
)
