"""The ravine turns from 0° to 45°: gradient descent's path turns with it, Adam's does not keep up.

The race is run again at each degree, from a start that turns too. A rotation does not change gradient descent, which
ends at the same loss. Adam scales each coordinate by itself, which suits a ravine along an axis. The larger the angle
of the ravine to the axis, the less Adam gains.
"""

from animopt import Racer, Scene
from animopt.functions import ravine, rotated

square = ravine.replace(y=(-10, 10), start=(-7, 2))

scene = Scene(
    title={"en": "A ravine that turns", "ko": "도는 골짜기"},
    caption={
        "en": "SGD ends at the same loss at every angle, Adam ever higher",
        "ko": "SGD는 각도와 무관하게 같은 손실, Adam은 점점 높은 손실",
    },
    function=[rotated(square, degrees) for degrees in range(46)],
    racers=[Racer("SGD", lr=0.95), Racer("Adam", lr=0.3)],
    steps=20,
)
