"""RMSprop forgets old gradients, and keeps its pace to the bottom of a ravine.

Where Adagrad sums all squared gradients, RMSprop averages the recent ones, so that its steps do not fade. Its first
step is lr / √(1 - alpha), here 2.8 in each coordinate, whatever the slope.
"""

from animopt import Racer, Scene
from animopt.functions import ravine

scene = Scene(
    title="RMSprop in a ravine",
    function=ravine,
    racers=[Racer("RMSprop", lr=0.9, alpha=0.9)],
    start=(-7, 2),
    steps=10,
)
