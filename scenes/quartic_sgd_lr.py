"""Gradient descent on a quartic at five learning rates: left behind, at rest, bouncing, lost.

The curvature at the minimum is 299, so that no rate above 2 / 299 = 0.0067 can come to rest there: 0.01 bounces from
wall to wall. The walls rise with the fourth power and throw 0.02 up, farther at each step, to infinity.
"""

from animopt import Racer, Scene, Sweep
from animopt.functions import quartic

scene = Scene(
    title={"en": "Gradient descent's learning rate", "ko": "경사하강법의 학습률"},
    caption={
        "en": "0.005 comes to rest, 0.01 bounces without end, 0.02 is lost",
        "ko": "0.005는 멈추고, 0.01은 끝없이 튀고, 0.02는 발산한다",
    },
    function=quartic,
    racers=Sweep(Racer("SGD"), lr=[0.001, 0.003, 0.005, 0.01, 0.02]),
    start=(1, 1.2),
    steps=20,
    layout="multiples",
)
