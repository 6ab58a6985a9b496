"""Gradient descent on a quartic with six momenta: how much does it take to get past a shelf?

At x = 1.6 the ground is nearly flat, and steps without a velocity are short there. A momentum of 0.5 is too small for
twenty steps; with 0.7 and more, the speed gained on the wall carries the racer across, and with 0.99 back again.
"""

from animopt import Racer, Scene, Sweep
from animopt.functions import quartic

scene = Scene(
    title={"en": "How much momentum", "ko": "모멘텀 계수"},
    caption={
        "en": "The shelf holds a momentum of up to 0.5; 0.7 and more get past it",
        "ko": "0.5 이하는 턱에 머물고, 0.7 이상은 넘어간다",
    },
    function=quartic,
    racers=Sweep(Racer("SGD", lr=0.0011), momentum=[0.0, 0.5, 0.7, 0.8, 0.9, 0.99]),
    start=(4.8, -2.8),
    steps=20,
    layout="multiples",
)
