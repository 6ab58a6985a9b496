"""Adam on a quartic with five memories for the velocity, its first beta.

All five come down the wall. On the shelf at x = 1.6 the ground is nearly flat: a velocity that is forgotten soon dies
there, and a longer one carries the racer past it, into the valley and up the wall behind.
"""

from animopt import Racer, Scene, Sweep
from animopt.functions import quartic

scene = Scene(
    title={"en": "Adam's betas", "ko": "Adam의 베타"},
    caption={
        "en": "Only a long-lived velocity, first beta 0.9 or more, passes the shelf",
        "ko": "오래가는 속도, 첫 베타 0.9 이상만이 턱을 넘는다",
    },
    function=quartic,
    racers=Sweep(Racer("Adam", lr=0.9), betas=[(0.1, 0.9), (0.5, 0.9), (0.9, 0.9), (0.95, 0.9), (0.99, 0.9)]),
    start=(5.1, -2.3),
    steps=20,
)
