"""Gradient descent zigzags down a ravine.

The ravine is twenty times steeper across than along. A learning rate that makes progress along it overshoots across
it, to the other wall and back, a little less at each step: 1 − 2 · 0.95 = −0.9 times as far.
"""

import numpy as np

from animopt import Racer, Scene
from animopt.claims import Holds, Zigzags
from animopt.functions import ravine

scene = Scene(
    title={"en": "Gradient descent in a ravine", "ko": "골짜기의 경사하강법"},
    caption={"en": "Across it overshoots, along it crawls", "ko": "벽에서 벽으로 오가며 골짜기를 더디게 따라간다"},
    notes={
        "ko": "경사하강법은 골짜기를 지그재그로 내려갑니다. 이 골짜기는 가로지르는 방향이 따라가는 방향보다 스무 배 "
        "가파릅니다. 골짜기를 따라 나아갈 만한 학습률이면 가로지르는 방향으로는 바닥을 지나쳐 반대쪽 벽까지 갔다가 "
        "되돌아옵니다. 걸음마다 y가 1 − 2 · 0.95 = −0.9배가 되므로, 오가는 폭이 조금씩 줄어듭니다."
    },
    function=ravine,
    racers=[Racer("SGD", lr=0.95)],
    start=(-7, 2),
    steps=20,
    claims=[
        Zigzags("SGD"),
        Holds(
            "a step overshoots across the ravine, -0.9 times as far",
            lambda race: np.allclose(race.xy[0, 1:, 1] / race.xy[0, :-1, 1], -0.9),
        ),
        Holds(
            "twenty times steeper across than along",
            lambda race: np.isclose(*(race.gradients[0, 0] / race.xy[0, 0] * (20, 1))),
        ),
    ],
)
