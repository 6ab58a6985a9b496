"""Adagrad in a ravine from five starts: the far ones are left far behind.

The first step is 0.9 in each coordinate from anywhere, and every later one is shorter. Where gradient descent's steps
grow with the distance, Adagrad's do not: from -1 it arrives, from -9 it is 3.4 short.
"""

from animopt import Racer, Scene, Sweep
from animopt.functions import ravine

scene = Scene(
    title={"en": "Adagrad's start", "ko": "Adagrad의 출발점"},
    caption={
        "en": "The first step is 0.9 each way from anywhere: far starts fall behind",
        "ko": "어디서든 첫걸음은 0.9씩: 먼 출발점은 뒤처진다",
    },
    function=ravine,
    racers=Sweep(Racer("Adagrad", lr=0.9), start=[(-9, 2), (-7, 2), (-5, 2), (-3, 2), (-1, 2)]),
    steps=20,
)
