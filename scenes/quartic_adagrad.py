"""Adagrad from two starts, each to the minimum on its own side.

A learning rate of 0.8 suits it where gradient descent needs 0.01: the first step is 0.8 in each coordinate on any
slope. Both racers come to the floor of their valley without a bounce.
"""

from animopt import Racer, Scene
from animopt.functions import quartic

scene = Scene(
    title="Adagrad on a quartic",
    function=quartic,
    racers=[
        Racer("Adagrad", lr=0.8, start=(0.5, 2)),
        Racer("Adagrad", lr=0.8, start=(0, -7.5)),
    ],
    steps=20,
)
