"""Adagrad on a quartic at five learning rates: none diverges, not even 5.

The curvature at the minima is up to 299, so that gradient descent cannot settle at a rate above 2 / 299 = 0.0067.
Adagrad divides by the slopes that it has met: at a rate of 5 its first step is 5 in each coordinate, onto the walls,
and the next steps bring it back. 1.6 arrives first, 5 ends nearest, and both settle.
"""

import numpy as np

from animopt import Racer, Scene, Sweep
from animopt.claims import Arrives, Diverges, EndsNearest, Holds, Not, Settles
from animopt.functions import quartic


def largest_curvature(race):
    """Return the largest curvature of the surface at the minima."""
    points = race.minima[:, :2]
    return (12 * points**2 + [30, 0] * points - 80).max()


scene = Scene(
    title={"en": "Adagrad's learning rate on a quartic", "ko": "사차함수에서 Adagrad의 학습률"},
    caption={
        "en": "The larger, the nearer, and even 5 does not diverge",
        "ko": "학습률이 클수록 가깝고, 5에서도 발산하지 않는다",
    },
    notes={
        "ko": "사차함수에서 Adagrad의 학습률을 다섯 가지로 바꾸어 봅니다. 5까지 키워도 발산하지 않습니다. 극소점의 "
        "곡률은 최대 299여서, 경사하강법은 학습률이 2/299 = 0.0067보다 크면 자리 잡지 못합니다. Adagrad는 지금까지 "
        "만난 기울기로 나눕니다. 학습률이 5이면 첫걸음에 좌표마다 5씩 움직여 벽에 올라서지만, 다음 걸음들이 골짜기로 "
        "되돌려 놓습니다. 1.6이 가장 먼저 닿고 5가 가장 가까운 곳에서 끝나며, 둘 다 극소점에 자리 잡습니다."
    },
    function=quartic,
    racers=Sweep(Racer("Adagrad"), lr=[0.1, 0.4, 0.8, 1.6, 5.0]),
    start=(0.5, 2),
    steps=20,
    claims=[
        Not(Diverges()),
        EndsNearest("lr 5", "lr 1.6", "lr 0.8", "lr 0.4", "lr 0.1"),
        Arrives("lr 1.6", first=True),
        Settles("lr 1.6", "lr 5"),
        Holds("5 begins with a step of 5 each way", lambda race: np.allclose(np.abs(race.xy[4, 1] - race.xy[4, 0]), 5)),
        Holds(
            "the curvature is 299, so that no rate above 0.0067 settles",
            lambda race: round(largest_curvature(race)) == 299 and round(2 / largest_curvature(race), 4) == 0.0067,
        ),
    ],
)
