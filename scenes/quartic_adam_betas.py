"""Adam on a quartic with five values of its first beta, the memory of its velocity.

All five descend the wall. On the shelf at x = 1.6 the ground is nearly flat. A velocity with a short memory is lost
there; one with a longer memory carries the racer past the shelf, into the valley and up the wall behind it.
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
