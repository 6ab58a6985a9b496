"""Adagrad goes straight down a ravine, ever slower.

Each coordinate has its own step size, the learning rate over the root of the sum of its squared gradients. The steep
coordinate is damped from the first step on, so there is no zigzag. The sums only grow, so every step is shorter than
the last.
"""

from animopt import Racer, Scene
from animopt.functions import ravine

scene = Scene(
    title={"en": "Adagrad in a ravine", "ko": "골짜기의 Adagrad"},
    caption={"en": "A step size for each coordinate, ever smaller", "ko": "좌표마다 다른 보폭, 갈수록 작아진다"},
    function=ravine,
    racers=[Racer("Adagrad", lr=0.9)],
    start=(-7, 2),
    steps=20,
)
