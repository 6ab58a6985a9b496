"""Gradient descent in a ravine from five starts: each keeps the same share of its distance.

On a quadratic every step multiplies x by 0.905 and y by -0.9 at any position. After twenty steps 14 % of x and 12 % of
y are left from any start: a start twice as far ends twice as far.
"""

from animopt import Racer, Scene, Sweep
from animopt.functions import ravine

scene = Scene(
    title={"en": "Gradient descent's start", "ko": "경사하강법의 출발점"},
    caption={
        "en": "From any start 20 steps leave 14% of x and 12% of y",
        "ko": "어디서 출발하든 스무 걸음 뒤 x의 14%, y의 12%가 남는다",
    },
    function=ravine,
    racers=Sweep(Racer("SGD", lr=0.95), start=[(-9, 2), (-7, 2), (-5, 2), (-3, 2), (-1, 2)]),
    steps=20,
)
