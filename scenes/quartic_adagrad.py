"""Adagrad from two starts, each towards the minimum on its own side.

The first step is 0.8 in each coordinate, on any slope. Then the steps become shorter, and both racers follow the floor
of their valley without a bounce. Twenty steps are too few: the racers end 0.40 and 0.35 from the minima.
"""

import numpy as np

from animopt import Racer, Scene
from animopt.claims import Arrives, Holds, Not, Zigzags
from animopt.functions import quartic

scene = Scene(
    title={"en": "Adagrad on a quartic", "ko": "사차함수 위의 Adagrad"},
    caption={
        "en": "Each start leads towards the minimum on its own side",
        "ko": "저마다 자기 쪽의 극소점으로 다가간다",
    },
    notes={
        "ko": "Adagrad가 두 출발점에서 저마다 자기 쪽의 극소점으로 다가갑니다. 첫걸음은 기울기와 상관없이 좌표마다 "
        "0.8입니다. 그 뒤로는 걸음이 점점 짧아지고, 둘 다 진동하지 않고 골짜기 바닥을 따라갑니다. 다만 스무 "
        "걸음으로는 모자라서, 극소점까지 0.40과 0.35를 남기고 끝납니다."
    },
    function=quartic,
    racers=[
        Racer("Adagrad", lr=0.8, start=(0.5, 2)),
        Racer("Adagrad", lr=0.8, start=(0, -7.5)),
    ],
    steps=20,
    claims=[
        Holds("the first step is 0.8 each way", lambda race: np.allclose(np.abs(np.diff(race.xy[:, :2], axis=1)), 0.8)),
        Holds(
            "the steps become shorter",
            lambda race: (np.diff(np.linalg.norm(np.diff(race.xy, axis=1), axis=-1)) < 0).all(),
        ),
        Not(Zigzags()),
        Not(Arrives()),
        Holds(
            "they end 0.40 and 0.35 from the minima on their side",
            lambda race: (
                np.linalg.norm(race.xy[:, -1] - race.minima[::-1, :2], axis=1).round(2).tolist() == [0.40, 0.35]
            ),
        ),
    ],
)
