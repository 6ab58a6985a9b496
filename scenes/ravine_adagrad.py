"""Adagrad goes down a ravine without a zigzag, ever slower.

Each coordinate has its own step size, the learning rate over the root of the sum of its squared gradients. The steep
coordinate is damped from the first step on. The sums only grow, and every step here is shorter than the last.
"""

import numpy as np

from animopt import Racer, Scene
from animopt.claims import Holds, Not, Zigzags
from animopt.functions import ravine

scene = Scene(
    title={"en": "Adagrad in a ravine", "ko": "골짜기의 Adagrad"},
    caption={"en": "A step size for each coordinate, ever smaller", "ko": "좌표마다 보폭이 다르고, 걸음마다 짧아진다"},
    notes={
        "ko": "Adagrad는 골짜기를 지그재그 없이, 그러나 갈수록 느리게 내려갑니다. 좌표마다 보폭이 따로 있는데, "
        "학습률을 그 좌표의 기울기 제곱합의 제곱근으로 나눈 값입니다. 그래서 가파른 좌표의 움직임이 첫걸음부터 "
        "억제됩니다. 제곱합은 커지기만 하고, 여기서는 모든 걸음이 바로 앞의 걸음보다 짧습니다."
    },
    function=ravine,
    racers=[Racer("Adagrad", lr=0.9)],
    start=(-7, 2),
    steps=20,
    claims=[
        Not(Zigzags("Adagrad")),
        Holds(
            "every step is shorter than the last",
            lambda race: (np.diff(np.linalg.norm(np.diff(race.xy[0], axis=0), axis=1)) < 0).all(),
        ),
    ],
)
