"""Adagrad from two starts, each to the minimum on its own side.

A learning rate of 0.8 suits Adagrad where gradient descent needs 0.01: the first step is 0.8 in each coordinate on any
slope. Both racers reach the floor of their valley without a bounce.
"""

from animopt import Racer, Scene
from animopt.functions import quartic

scene = Scene(
    title={"en": "Adagrad on a quartic", "ko": "사차함수의 Adagrad"},
    caption={"en": "Each start to the minimum on its own side", "ko": "출발점마다 제 쪽의 최솟값으로"},
    function=quartic,
    racers=[
        Racer("Adagrad", lr=0.8, start=(0.5, 2)),
        Racer("Adagrad", lr=0.8, start=(0, -7.5)),
    ],
    steps=20,
)
