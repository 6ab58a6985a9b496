"""Gradient descent from three starts: which of two minima, and does it settle?

The starts lie in the basins of two different minima. Around both, the curvature of the surface is up to 299, so that a
learning rate above 2 / 299 = 0.0067 cannot settle: at 0.01 all three bounce across the valley and never come to rest.
"""

from animopt import Racer, Scene
from animopt.functions import quartic

scene = Scene(
    title={"en": "Gradient descent on a quartic", "ko": "사차함수의 경사하강법"},
    caption={"en": "Three starts, two minima, no rest", "ko": "세 출발점, 두 최솟값, 쉼 없는 진동"},
    function=quartic,
    racers=[
        Racer("SGD", lr=0.01, start=(1, 1.2)),
        Racer("SGD", lr=0.01, start=(5, -2.5)),
        Racer("SGD", lr=0.01, start=(0.5, 3)),
    ],
    steps=20,
)
