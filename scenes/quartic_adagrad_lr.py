"""Adagrad on a quartic at five learning rates: none is too large here either.

Gradient descent at 0.02 diverges on these walls. Adagrad divides by the slopes that it has met: at a rate of 5 its
first step is 5 in each coordinate, onto the walls, and the next steps bring it back.
"""

from animopt import Racer, Scene, Sweep
from animopt.functions import quartic

scene = Scene(
    title={"en": "Adagrad's learning rate", "ko": "Adagrad의 학습률"},
    caption={
        "en": "The larger, the nearer, and even 5 does not diverge",
        "ko": "클수록 가깝고, 5에서도 발산하지 않는다",
    },
    function=quartic,
    racers=Sweep(Racer("Adagrad"), lr=[0.1, 0.4, 0.8, 1.6, 5.0]),
    start=(0.5, 2),
    steps=20,
)
