"""RMSprop in a ravine from five starts: a first step that may be too long for the distance.

The first step is lr / √(1 - alpha) = 2.8 in each coordinate from anywhere. It brings far starts well on their way, and
from (-1, 2) it jumps across the minimum in both coordinates.
"""

from animopt import Racer, Scene, Sweep
from animopt.functions import ravine

scene = Scene(
    title={"en": "RMSprop's start", "ko": "RMSprop의 출발점"},
    caption={
        "en": "A first step of 2.8 each way: only from x = -1 it leaps the minimum",
        "ko": "첫걸음은 2.8씩: x = −1에서만 최솟값을 뛰어넘는다",
    },
    function=ravine,
    racers=Sweep(Racer("RMSprop", lr=0.9, alpha=0.9), start=[(-9, 2), (-7, 2), (-5, 2), (-3, 2), (-1, 2)]),
    steps=10,
)
