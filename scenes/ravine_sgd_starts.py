"""Gradient descent in a ravine from five starts: each keeps the same share of x and of y.

On a quadratic every step multiplies x by 0.905 and y by −0.9 at any position. After twenty steps 14 % of x and 12 % of
y are left from any start: x = −9 ends nine times as far away as x = −1.
"""

import numpy as np

from animopt import Racer, Scene, Sweep
from animopt.claims import Holds
from animopt.functions import ravine

scene = Scene(
    title={"en": "Gradient descent's start", "ko": "경사하강법의 출발점"},
    caption={
        "en": "From any start 20 steps leave 14% of x and 12% of y",
        "ko": "어디서 출발하든 스무 걸음 뒤 x의 14%, y의 12%가 남는다",
    },
    notes={
        "ko": "다섯 출발점에서 골짜기를 내려가는 경사하강법입니다. 어디서 출발하든 x와 y가 같은 비율로 줄어듭니다. "
        "이차함수에서는 어느 위치에서든 한 걸음이 x를 0.905배로, y를 −0.9배로 만듭니다. 그래서 어디서 출발하든 스무 "
        "걸음 뒤에는 x의 14%와 y의 12%가 남습니다. x = −9에서 출발하면 x = −1에서 출발할 때보다 x 방향으로 아홉 배 먼 "
        "곳에서 끝납니다."
    },
    function=ravine,
    racers=Sweep(Racer("SGD", lr=0.95), start=[(-9, 2), (-7, 2), (-5, 2), (-3, 2), (-1, 2)]),
    steps=20,
    claims=[
        Holds(
            "every step multiplies x by 0.905 and y by -0.9",
            lambda race: np.allclose(race.xy[:, 1:] / race.xy[:, :-1], (0.905, -0.9)),
        ),
        Holds(
            "20 steps leave 14 % of x and 12 % of y",
            lambda race: (np.round(race.xy[:, -1] / race.xy[:, 0], 2) == (0.14, 0.12)).all(),
        ),
        Holds(
            "x = -9 ends nine times as far away as x = -1",
            lambda race: np.isclose(race.xy[0, -1, 0], 9 * race.xy[-1, -1, 0]),
        ),
    ],
)
