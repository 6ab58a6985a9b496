"""Momentum in a ravine at five learning rates: it allows nearly twice the rate of gradient descent.

With a momentum of 0.9 and a curvature of 2 the largest rate that descends is (1 + 0.9) · 2 / 2 = 1.9; for gradient
descent alone it is 1. Watch 1: gradient descent would bounce forever, but here the wave dies away. At 2 it grows.
"""

from animopt import Racer, Scene, Sweep
from animopt.functions import ravine

scene = Scene(
    title={"en": "Momentum's learning rate", "ko": "모멘텀의 학습률"},
    caption={
        "en": "With momentum even a rate of 1 descends; 2 is beyond its limit, 1.9",
        "ko": "모멘텀이 있으면 1에서도 내려간다. 2는 한계 1.9를 넘는다",
    },
    function=ravine,
    racers=Sweep(Racer("SGD", momentum=0.9), lr=[0.01, 0.03, 0.1, 1.0, 2.0]),
    start=(-7, 2),
    steps=20,
    layout="multiples",
)
