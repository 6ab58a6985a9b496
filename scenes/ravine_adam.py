"""Adam runs through the bottom of a ravine and out on the other side.

Adam has momentum's velocity and RMSprop's step sizes. With both averages at 0.9 the velocity outlives the slope that
made it: after ten steps the racer is past the minimum and climbing.
"""

from animopt import Racer, Scene
from animopt.functions import ravine

scene = Scene(
    title="Adam in a ravine",
    function=ravine,
    racers=[Racer("Adam", lr=0.9, betas=(0.9, 0.9))],
    start=(-7, 2),
    steps=10,
)
