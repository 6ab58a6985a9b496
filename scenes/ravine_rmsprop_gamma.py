"""RMSprop in a ravine with five memories: the lecture's gamma, torch's alpha.

With a short memory a step is as long as the learning rate on any slope, also on the floor of the ravine: the racer
bounces between +0.45 and -0.45 forever, which is not divergence. A longer memory comes nearer to the floor first, and
is thrown up again when the average has forgotten the walls.
"""

from animopt import Racer, Scene, Sweep
from animopt.functions import ravine

scene = Scene(
    title={"en": "RMSprop's gamma", "ko": "RMSprop의 감마"},
    caption={
        "en": "With a short memory every step stays 0.9 each way: it never settles",
        "ko": "기억이 짧으면 걸음마다 0.9씩 움직여 결코 멈추지 않는다",
    },
    function=ravine,
    racers=Sweep(Racer("RMSprop", lr=0.9), alpha=[0.1, 0.5, 0.7, 0.9, 0.95]),
    start=(-7, 2),
    steps=40,
    layout="multiples",
)
