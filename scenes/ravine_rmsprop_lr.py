"""RMSprop in a ravine at five learning rates: the rate is the length of a step.

At the first step the average is a tenth of the squared gradient, so that the step is lr / √0.1 = 3.2 lr in each
coordinate, on any slope. In ten steps 0.1 goes a quarter of the way and 0.9 arrives. A larger rate does not diverge,
but no rate of this size comes to rest in the end: ravine-rmsprop-gamma shows later steps.
"""

from animopt import Racer, Scene, Sweep
from animopt.functions import ravine

scene = Scene(
    title={"en": "RMSprop's learning rate", "ko": "RMSprop의 학습률"},
    caption={
        "en": "A first step of 3.2 rates: in ten 0.9 arrives, 0.1 goes a quarter",
        "ko": "첫걸음은 학습률의 3.2배: 열 걸음에 0.9는 닿고 0.1은 사분의 일만 간다",
    },
    function=ravine,
    racers=Sweep(Racer("RMSprop", alpha=0.9), lr=[0.1, 0.3, 0.5, 0.9, 1.5]),
    start=(-7, 2),
    steps=10,
)
