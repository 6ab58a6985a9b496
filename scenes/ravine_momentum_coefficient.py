"""Gradient descent in a ravine with six momenta, from none to nearly all.

The velocity adds up the gradients along the ravine: with a momentum of 0.9, up to ten times a single gradient. A
smaller momentum does not diverge and is only slower; a larger one runs through the minimum, and its wave across the
ravine takes longer to die away.
"""

from animopt import Racer, Scene, Sweep
from animopt.functions import ravine

scene = Scene(
    title={"en": "How much momentum", "ko": "모멘텀 계수"},
    caption={
        "en": "More momentum goes farther along; above 0.9 it runs past the minimum",
        "ko": "모멘텀이 클수록 멀리 간다. 0.9를 넘으면 최솟값을 지나친다",
    },
    function=ravine,
    racers=Sweep(Racer("SGD", lr=0.1), momentum=[0.0, 0.5, 0.8, 0.9, 0.95, 0.99]),
    start=(-7, 2),
    steps=20,
    layout="multiples",
)
