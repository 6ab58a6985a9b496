"""RMSprop in a ravine at five learning rates: the larger the rate, the longer the first step.

At the first step the average is a tenth of the squared gradient, so that the step is lr / √0.1 = 3.2 lr in each
coordinate, on any slope. In ten steps 0.1 goes a quarter of the way, and 0.9 arrives. 1.5 arrives before it, and does
not diverge. The scene ravine-rmsprop-gamma shows later steps.
"""

import numpy as np

from animopt import Racer, Scene, Sweep
from animopt.claims import Arrives, Diverges, Holds, Not
from animopt.functions import ravine

scene = Scene(
    title={"en": "RMSprop's learning rate", "ko": "RMSprop의 학습률"},
    caption={
        "en": "A first step of 3.2 rates: in ten 0.9 arrives, 0.1 goes a quarter",
        "ko": "첫걸음은 학습률의 3.2배, 열 걸음에 0.9는 닿고 0.1은 사분의 일만 간다",
    },
    notes={
        "ko": "다섯 가지 학습률로 골짜기를 내려가는 RMSprop입니다. 학습률이 클수록 첫걸음이 깁니다. 첫걸음에서 평균은 "
        "기울기 제곱의 십분의 일이므로, 걸음은 경사와 관계없이 좌표마다 lr / √0.1, 곧 학습률의 3.2배입니다. 열 걸음에 "
        "0.1은 사분의 일만 가고, 0.9는 최소점에 닿습니다. 1.5는 그보다 먼저 닿고, 발산하지 않습니다. 그 뒤의 걸음은 "
        "장면 ravine-rmsprop-gamma에서 볼 수 있습니다."
    },
    function=ravine,
    racers=Sweep(Racer("RMSprop", alpha=0.9), lr=[0.1, 0.3, 0.5, 0.9, 1.5]),
    start=(-7, 2),
    steps=10,
    claims=[
        Arrives("lr 1.5", first=True),
        Arrives("lr 0.9"),
        Not(Arrives("lr 0.1", "lr 0.3", "lr 0.5")),
        Not(Diverges()),
        Holds(
            "the first step is 3.2 lr in each coordinate",
            lambda race: all(
                np.allclose(np.abs(path[1] - path[0]), 3.2 * settings["lr"], rtol=0.02)
                for path, settings in zip(race.xy, race.hyperparameters, strict=True)
            ),
        ),
        Holds(
            "in ten steps 0.1 goes a quarter of the way",
            lambda race: np.isclose(np.linalg.norm(race.xy[0, -1]) / np.linalg.norm(race.xy[0, 0]), 0.75, atol=0.02),
        ),
    ],
)
