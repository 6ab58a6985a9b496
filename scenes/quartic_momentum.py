"""Momentum from three starts: a tenth of the learning rate, and as far.

With a velocity, a learning rate of 0.0011 crosses the plateau in twenty steps, and carries the racers through the
minima and up the wall behind them. The step printed in the lecture notebook adds the gradient (v = 0.9 v + lr g;
x = x + v) and climbs; its text has the right sign (v = 0.9 v - lr g), and so does this race.
"""

from animopt import Racer, Scene
from animopt.functions import quartic

scene = Scene(
    title={"en": "Momentum on a quartic", "ko": "사차함수의 모멘텀"},
    caption={"en": "A tenth of the learning rate, and as far", "ko": "학습률은 십분의 일, 거리는 그대로"},
    function=quartic,
    racers=[
        Racer("SGD", lr=0.0011, momentum=0.9, start=(1.1, 1.2)),
        Racer("SGD", lr=0.0011, momentum=0.9, start=(4.8, -2.8)),
        Racer("SGD", lr=0.0011, momentum=0.9, start=(0.3, 3)),
    ],
    steps=20,
)
