"""RMSprop on a quartic with five memories: the lecture's gamma, torch's alpha.

The racer must cross a flat shelf below a steep wall. A short memory has forgotten the wall by then, and steps are as
long as the learning rate. A long memory begins with a step of lr / √(1 - alpha), which is 4 in each coordinate for
0.95, and clears the shelf at once. Memories between these do neither, and the racer stays on the shelf.
"""

from animopt import Racer, Scene, Sweep
from animopt.functions import quartic

scene = Scene(
    title={"en": "RMSprop's gamma", "ko": "RMSprop의 감마"},
    caption={
        "en": "Short memories walk off the shelf, long ones leap it, 0.7 and 0.9 stay",
        "ko": "짧은 기억은 턱을 걸어 넘고 긴 기억은 뛰어넘는다. 0.7과 0.9는 남는다",
    },
    function=quartic,
    racers=Sweep(Racer("RMSprop", lr=0.9), alpha=[0.1, 0.3, 0.7, 0.9, 0.95]),
    start=(5, -5),
    steps=10,
)
