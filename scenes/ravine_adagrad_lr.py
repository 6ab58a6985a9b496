"""Adagrad in a ravine at five learning rates: none is too large.

The first step is the learning rate in each coordinate. If that overshoots, the sum of squares becomes so large that
every later step is shorter: a rate of 5, at which gradient descent would diverge, ends nearest.
"""

import numpy as np

from animopt import Racer, Scene, Sweep
from animopt.claims import Diverges, EndsNearest, Holds, Not
from animopt.functions import ravine

scene = Scene(
    title={"en": "Adagrad's learning rate", "ko": "Adagrad의 학습률"},
    caption={
        "en": "The larger, the nearer: Adagrad tames even a rate of 5",
        "ko": "학습률이 클수록 가깝다. 5에서도 발산하지 않는다",
    },
    notes={
        "ko": "다섯 가지 학습률로 골짜기를 내려가는 Adagrad입니다. 지나치게 큰 학습률은 없습니다. 첫걸음의 길이는 "
        "좌표마다 학습률과 같습니다. 첫걸음이 최소점을 지나치면 기울기 제곱합이 그만큼 커져서 그 뒤의 걸음은 모두 더 "
        "짧아집니다. 경사하강법이라면 발산할 학습률 5가 최소점에 가장 가까운 곳에서 끝납니다."
    },
    function=ravine,
    racers=Sweep(Racer("Adagrad"), lr=[0.1, 0.3, 0.9, 2.0, 5.0]),
    start=(-7, 2),
    steps=20,
    claims=[
        EndsNearest("lr 5", "lr 2", "lr 0.9", "lr 0.3", "lr 0.1"),
        Not(Diverges()),
        Holds(
            "5 overshoots, and every later step is shorter",
            lambda race: (
                race.z[-1, 1] > race.z[-1, 0]
                and (np.diff(np.linalg.norm(np.diff(race.xy[-1], axis=0), axis=1)) < 0).all()
            ),
        ),
        Holds(
            "gradient descent would diverge at 5",
            lambda race: abs(1 - 5 * race.gradients[0, 0, 1] / race.xy[0, 0, 1]) > 1,
        ),
    ],
)
