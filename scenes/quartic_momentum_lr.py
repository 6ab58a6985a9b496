"""Momentum on a quartic at five learning rates: left on the plateau, swinging, lost.

Gradients on the plateau are small, and the racer at 0.0003 has hardly left it when the steps end. From 0.0011 to 0.003
the velocity carries the racer through the minimum and up the wall behind it; at 0.01 the wall throws it out.
"""

from animopt import Racer, Scene, Sweep
from animopt.functions import quartic

scene = Scene(
    title={"en": "Momentum's learning rate", "ko": "모멘텀의 학습률"},
    caption={
        "en": "0.0003 stays on the plateau, 0.01 is lost, all between overshoot",
        "ko": "0.0003은 고원에 남고, 0.01은 발산하고, 그 사이는 최솟값을 지나친다",
    },
    function=quartic,
    racers=Sweep(Racer("SGD", momentum=0.9), lr=[0.0003, 0.0011, 0.002, 0.003, 0.01]),
    start=(1.1, 1.2),
    steps=20,
    layout="multiples",
)
