"""RMSprop on a quartic at five learning rates: who gets past the shelf in ten steps?

From (5, -5) the wall is steep and the shelf at x = 1.6 is flat, and the average remembers the wall. Up to 0.9 the steps
on the shelf are too short. 1.5 begins with a step of 4.7 in each coordinate, which clears it; 3 begins with one of 9.5,
and lands in the other valley. None diverges.
"""

from animopt import Racer, Scene, Sweep
from animopt.functions import quartic

scene = Scene(
    title={"en": "RMSprop's learning rate", "ko": "RMSprop의 학습률"},
    caption={
        "en": "The shelf holds up to 0.9; 1.5 passes, 3 leaps to the other valley",
        "ko": "0.9까지는 턱에 머문다. 1.5는 넘고 3은 건너편 골짜기로 뛴다",
    },
    function=quartic,
    racers=Sweep(Racer("RMSprop", alpha=0.9), lr=[0.1, 0.3, 0.9, 1.5, 3.0]),
    start=(5, -5),
    steps=10,
)
