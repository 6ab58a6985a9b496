"""Adam in a ravine from five starts: the near ones run past the minimum.

Steps of about 0.9 cover a distance of 9 in ten steps. Nearer starts pass the minimum before the ten steps are over,
because the velocity lasts longer than the slope that caused it; the racer from -1 is even on its way back through it.
"""

from animopt import Racer, Scene, Sweep
from animopt.functions import ravine

scene = Scene(
    title={"en": "Adam's start", "ko": "Adam의 출발점"},
    caption={
        "en": "Only from -9 do ten steps fall short; all nearer starts run past",
        "ko": "−9에서만 열 걸음이 못 미치고, 가까운 출발점은 모두 지나친다",
    },
    function=ravine,
    racers=Sweep(Racer("Adam", lr=0.9, betas=(0.9, 0.9)), start=[(-9, 2), (-7, 2), (-5, 2), (-3, 2), (-1, 2)]),
    steps=10,
)
