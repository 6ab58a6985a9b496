"""Adam in a ravine with five values of its second beta, the memory of the squared gradient.

The slope along the ravine decreases towards the minimum. A short memory forgets that it was steep and lengthens the
steps again, so that the racer overshoots; a long memory keeps dividing by it.
"""

from animopt import Racer, Scene, Sweep
from animopt.functions import ravine

scene = Scene(
    title={"en": "Adam's betas", "ko": "Adam의 베타"},
    caption={
        "en": "The sooner it forgets steepness, the farther it runs past",
        "ko": "가파름을 빨리 잊을수록 최솟값을 더 멀리 지나친다",
    },
    function=ravine,
    racers=Sweep(Racer("Adam", lr=0.9), betas=[(0.9, 0.5), (0.9, 0.7), (0.9, 0.9), (0.9, 0.99), (0.9, 0.999)]),
    start=(-7, 2),
    steps=10,
    layout="multiples",
)
