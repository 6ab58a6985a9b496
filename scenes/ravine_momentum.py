"""Momentum carries gradient descent along a ravine, in a wave.

At each step the velocity keeps nine tenths of itself and adds the gradient. Across the ravine the gradients cancel,
along it they add up. The step printed in the lecture notebook adds the gradient (v = 0.9 v + lr g; x = x + v) and
climbs; its text has the right sign (v = 0.9 v - lr g), and so does this race.
"""

from animopt import Racer, Scene
from animopt.functions import ravine

scene = Scene(
    title={"en": "Momentum in a ravine", "ko": "골짜기의 모멘텀"},
    caption={"en": "The velocity carries it along, in a wave", "ko": "속도가 물결치며 골짜기를 따라간다"},
    function=ravine,
    racers=[Racer("SGD", lr=0.1, momentum=0.9, name="Momentum")],
    start=(-7, 2),
    steps=20,
)
