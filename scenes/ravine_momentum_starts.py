"""Momentum in a ravine from five heights on the wall: higher waves, in the same time.

On a quadratic, momentum is proportional to the start, too: a start twice as high makes a wave twice as high, which
crosses the floor at the same steps. The height does not change how far along the ravine the racer gets.
"""

from animopt import Racer, Scene, Sweep
from animopt.functions import ravine

scene = Scene(
    title={"en": "Momentum's start", "ko": "모멘텀의 출발점"},
    caption={
        "en": "A higher start makes a higher wave, crossing at the same steps",
        "ko": "높이 출발하면 물결이 높아질 뿐, 같은 걸음에 바닥을 건넌다",
    },
    function=ravine,
    racers=Sweep(Racer("SGD", lr=0.1, momentum=0.9), start=[(-7, 0.5), (-7, 1), (-7, 2), (-7, 3), (-7, 4.5)]),
    steps=20,
    layout="multiples",
)
