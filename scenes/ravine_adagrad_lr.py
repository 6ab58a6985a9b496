"""Adagrad in a ravine at five learning rates: none is too large.

The first step is the learning rate in each coordinate. If that overshoots, the sum of squares becomes so large that the
next steps are short: a rate of 5, at which gradient descent would diverge, ends nearest.
"""

from animopt import Racer, Scene, Sweep
from animopt.functions import ravine

scene = Scene(
    title={"en": "Adagrad's learning rate", "ko": "Adagrad의 학습률"},
    caption={
        "en": "The larger, the nearer: Adagrad tames even a rate of 5",
        "ko": "클수록 가깝다: Adagrad는 5도 길들인다",
    },
    function=ravine,
    racers=Sweep(Racer("Adagrad"), lr=[0.1, 0.3, 0.9, 2.0, 5.0]),
    start=(-7, 2),
    steps=20,
)
