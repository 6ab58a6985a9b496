"""Adagrad in a ravine from five starts: the far ones are left far behind.

The first step is 0.9 in each coordinate from anywhere, and every later step is shorter. Steps of gradient descent grow
with the distance, but Adagrad's do not: the racer from -1 arrives, and the racer from -9 is 3.4 short.
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
