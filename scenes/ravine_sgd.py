"""Gradient descent zigzags down a ravine.

The ravine is twenty times steeper across than along. A learning rate that makes progress along it overshoots across
it, to the other wall and back, a little less at each step: 1 - 2 · 0.95 = -0.9 times as far.
"""

from animopt import Racer, Scene
from animopt.functions import ravine

scene = Scene(
    title={"en": "Gradient descent in a ravine", "ko": "골짜기의 경사하강법"},
    caption={"en": "Across it overshoots, along it crawls", "ko": "가로로는 지나치고 세로로는 더디다"},
    function=ravine,
    racers=[Racer("SGD", lr=0.95)],
    start=(-7, 2),
    steps=20,
)
