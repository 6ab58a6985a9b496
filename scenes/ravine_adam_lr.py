"""Adam in a ravine at six learning rates: ten steps fall short, arrive, or run past.

A step is about as long as the rate, so the rate decides how far Adam gets in ten steps: up to 0.7 it is short of the
minimum, from 0.9 on its velocity has carried it past. None of them diverges: in more steps they come back.
"""

from animopt import Racer, Scene, Sweep
from animopt.functions import ravine

scene = Scene(
    title={"en": "Adam's learning rate", "ko": "Adam의 학습률"},
    caption={
        "en": "After ten steps 0.7 is nearest: less falls short, more runs past",
        "ko": "열 걸음 뒤 0.7이 가장 가깝다: 작으면 못 미치고 크면 지나친다",
    },
    function=ravine,
    racers=Sweep(Racer("Adam", betas=(0.9, 0.9)), lr=[0.1, 0.3, 0.5, 0.7, 0.9, 1.5]),
    start=(-7, 2),
    steps=10,
    layout="multiples",
)
