"""RMSprop from two starts: after ten steps one swings about a minimum, the other is still on a shelf.

The first comes no nearer to the minimum than 0.31, and none of its steps is shorter than 0.67. From (5, −5) the
racer descends a wall. Its average still remembers the steep wall when the ground becomes flat, so the steps along the
shelf are short.
"""

import numpy as np

from animopt import Racer, Scene
from animopt.claims import Arrives, Holds, Not, Zigzags
from animopt.functions import quartic

scene = Scene(
    title={"en": "RMSprop on a quartic", "ko": "사차함수 위의 RMSprop"},
    caption={
        "en": "One swings about a minimum, one is left on a shelf",
        "ko": "하나는 극소점 둘레를 오가고, 하나는 턱에 머문다",
    },
    notes={
        "ko": "RMSprop이 두 출발점에서 달립니다. 열 걸음 뒤 하나는 극소점 둘레를 오가고, 다른 하나는 아직 턱에 "
        "있습니다. 첫째는 어느 걸음도 0.67보다 짧지 않고, 극소점에 0.31보다 가까이 가지 못합니다. (5, −5)에서 출발한 "
        "둘째는 벽을 내려갑니다. 턱에서 바닥이 평평해져도 기울기 제곱의 평균이 가파른 벽을 아직 기억하고 있어, 턱을 "
        "따라가는 보폭이 짧습니다."
    },
    function=quartic,
    racers=[
        Racer("RMSprop", lr=0.9, alpha=0.9, start=(0.1, 2.3)),
        Racer("RMSprop", lr=0.9, alpha=0.9, start=(5, -5)),
    ],
    steps=10,
    claims=[
        Zigzags(),
        Not(Arrives()),
        Holds(
            "the first comes no nearer than 0.31",
            lambda race: round(np.linalg.norm(race.xy[0] - race.minima[1, :2], axis=1).min(), 2) == 0.31,
        ),
        Holds(
            "no step of the first is shorter than 0.67",
            lambda race: np.linalg.norm(np.diff(race.xy[0], axis=0), axis=1).min() > 0.67,
        ),
        Holds("the second is still on the shelf", lambda race: 1.5 < race.xy[1, -1, 0] < 1.63),
        Holds("its steps along the shelf are short", lambda race: np.abs(np.diff(race.xy[1, 1:, 0])).max() < 0.1),
    ],
)
