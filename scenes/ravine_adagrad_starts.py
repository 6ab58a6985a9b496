"""Adagrad in a ravine from five starts: the far ones fall far behind.

The first step is 0.9 in each coordinate from anywhere, and every later step is shorter. Steps of gradient descent grow
with the distance, but Adagrad's do not: the racers from −3 and −1 arrive, and the racer from −9 ends 3.4 short.
"""

import numpy as np

from animopt import Racer, Scene, Sweep
from animopt.claims import Arrives, EndsNearest, Holds, Not
from animopt.functions import ravine

scene = Scene(
    title={"en": "Adagrad's start", "ko": "Adagrad의 출발점"},
    caption={
        "en": "The first step is 0.9 each way from anywhere: far starts fall behind",
        "ko": "첫걸음이 어디서나 좌표마다 0.9여서 먼 출발점은 뒤처진다",
    },
    notes={
        "ko": "다섯 출발점에서 골짜기를 내려가는 Adagrad입니다. 멀리서 출발하면 크게 뒤처집니다. 어디서 출발하든 "
        "첫걸음은 좌표마다 0.9이고, 그 뒤의 걸음은 모두 더 짧습니다. 경사하강법의 걸음은 거리에 비례하여 커지지만 "
        "Adagrad의 걸음은 그렇지 않습니다. x가 −3과 −1인 출발점에서는 최소점에 닿고, −9에서는 3.4만큼 못 미칩니다."
    },
    function=ravine,
    racers=Sweep(Racer("Adagrad", lr=0.9), start=[(-9, 2), (-7, 2), (-5, 2), (-3, 2), (-1, 2)]),
    steps=20,
    claims=[
        EndsNearest("from (−1, 2)", "from (−3, 2)", "from (−5, 2)", "from (−7, 2)", "from (−9, 2)"),
        Arrives("from (−3, 2)", "from (−1, 2)"),
        Not(Arrives("from (−9, 2)", "from (−7, 2)", "from (−5, 2)")),
        Holds(
            "the first step is 0.9 in each coordinate",
            lambda race: np.allclose(np.abs(race.xy[:, 1] - race.xy[:, 0]), 0.9),
        ),
        Holds(
            "every later step is shorter",
            lambda race: (np.diff(np.linalg.norm(np.diff(race.xy, axis=1), axis=-1)) < 0).all(),
        ),
        Holds("the racer from -9 ends 3.4 short", lambda race: np.allclose(race.xy[0, -1], (-3.4, 0), atol=0.05)),
    ],
)
