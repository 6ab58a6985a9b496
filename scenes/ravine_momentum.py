"""Momentum carries gradient descent along a ravine, in a wave.

At each step the velocity keeps nine tenths of itself and adds the gradient. Across the ravine the gradients cancel,
along it they add up. The step printed in the lecture notebook adds the gradient (v = 0.9 v + lr g; x = x + v); its text
has the right sign (v = 0.9 v - lr g), and so does this race. The scene wrong-momentum shows both.
"""

import numpy as np

from animopt import Racer, Scene
from animopt.claims import Holds, Not, Zigzags
from animopt.functions import ravine


def cancelled(gradients):
    """Return the sum of gradients as a share of the sum of their sizes, for each coordinate."""
    return np.abs(gradients.sum(axis=0)) / np.abs(gradients).sum(axis=0)


scene = Scene(
    title={"en": "Momentum in a ravine", "ko": "골짜기의 모멘텀"},
    caption={"en": "The velocity carries it along, in a wave", "ko": "속도가 붙어 물결치며 골짜기를 따라간다"},
    notes={
        "ko": "경사하강법이 모멘텀에 실려 물결치며 골짜기를 따라갑니다. 걸음마다 속도는 십분의 구를 남기고 거기에 "
        "기울기를 더합니다. 골짜기를 가로지르는 방향의 기울기는 서로 상쇄되고, 골짜기를 따라가는 방향의 기울기는 "
        "쌓입니다. 강의 노트북에 인쇄된 식은 기울기를 더합니다(v = 0.9 v + lr g, x = x + v). 노트북의 본문에는 부호가 "
        "바르게 적혀 있고(v = 0.9 v − lr g), 이 경주도 그 식을 따릅니다. 두 식은 장면 wrong-momentum에서 비교합니다."
    },
    function=ravine,
    racers=[Racer("SGD", lr=0.1, momentum=0.9, name={"en": "Momentum", "ko": "모멘텀"})],
    start=(-7, 2),
    steps=20,
    claims=[
        Not(Zigzags("Momentum")),
        Holds(
            "in a wave: it crosses the floor every few steps",
            lambda race: 3 <= (np.diff(np.sign(race.xy[0, :, 1])) != 0).sum() <= 6,
        ),
        Holds(
            "across the ravine the gradients cancel, along it they add up",
            lambda race: cancelled(race.gradients[0, :-1])[0] > 0.99 and cancelled(race.gradients[0, :-1])[1] < 0.3,
        ),
    ],
)
