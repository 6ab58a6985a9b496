"""Adam from three starts, for 10, 20 and 30 steps: the farther start needs the longer run.

All three reach the floor of a valley, run through its minimum and stop on the wall behind it, because they have no
more steps. The start at (7.5, 2.5) ends in the shallower of the two minima.
"""

from animopt import Racer, Scene
from animopt.functions import quartic

scene = Scene(
    title={"en": "Adam on a quartic", "ko": "사차함수의 Adam"},
    caption={"en": "The farther start needs the longer run", "ko": "먼 출발점일수록 오래 달린다"},
    function=quartic,
    racers=[
        Racer("Adam", lr=0.9, betas=(0.9, 0.9), start=(0, -5), steps=10),
        Racer("Adam", lr=0.9, betas=(0.9, 0.9), start=(5.1, -2.3), steps=20),
        Racer("Adam", lr=0.9, betas=(0.9, 0.9), start=(7.5, 2.5), steps=30),
    ],
)
