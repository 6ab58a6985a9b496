"""RMSprop in a ravine from five starts: a first step that may be too long for the distance.

The first step is lr / √(1 - alpha) = 2.8 in each coordinate from anywhere. It brings far starts well on their way, and
from (−1, 2) it jumps across the minimum in both coordinates.
"""

import numpy as np

from animopt import Racer, Scene, Sweep
from animopt.claims import Holds
from animopt.functions import ravine

scene = Scene(
    title={"en": "RMSprop's start", "ko": "RMSprop의 출발점"},
    caption={
        "en": "A first step of 2.8 each way: only from x = −1 it leaps the minimum",
        "ko": "첫걸음이 좌표마다 2.8이라 x = −1에서만 최소점을 뛰어넘는다",
    },
    notes={
        "ko": "다섯 출발점에서 골짜기를 내려가는 RMSprop입니다. 첫걸음이 거리에 비해 너무 길 수 있습니다. 어디서 "
        "출발하든 첫걸음은 좌표마다 lr / √(1 − alpha) = 2.8입니다. 먼 출발점에서는 그만큼 많이 다가가지만, (−1, "
        "2)에서는 두 좌표 모두에서 최소점을 뛰어넘습니다."
    },
    function=ravine,
    racers=Sweep(Racer("RMSprop", lr=0.9, alpha=0.9), start=[(-9, 2), (-7, 2), (-5, 2), (-3, 2), (-1, 2)]),
    steps=10,
    claims=[
        Holds(
            "the first step is 2.8 in each coordinate",
            lambda race: np.allclose(np.abs(race.xy[:, 1] - race.xy[:, 0]), 2.8, atol=0.05),
        ),
        Holds(
            "only from x = -1 the first step leaps the minimum in both coordinates",
            lambda race: (race.xy[:, 1] * race.xy[:, 0] < 0).all(axis=1).tolist() == [False, False, False, False, True],
        ),
    ],
)
