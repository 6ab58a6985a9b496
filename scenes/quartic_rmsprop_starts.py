"""RMSprop on a quartic from six starts, each in the valley on its own side, none at rest.

The function is the sum of a function of x and a function of y, so all six move equally in x. In y there are two valleys
and a ridge between them at 1.06: starts at 1 and below lead towards (-7.01, -4.91), starts at 1.2 and above towards
(-7.01, 3.85). But steps stay about as long as the learning rate: after ten, each racer still moves more than 0.7 a
step.
"""

from animopt import Racer, Scene, Sweep
from animopt.functions import quartic

scene = Scene(
    title={"en": "RMSprop's start", "ko": "RMSprop의 출발점"},
    caption={
        "en": "Each start keeps to its side of the ridge, and none comes to rest",
        "ko": "저마다 마루의 제 쪽에 남지만, 아무도 멈추지 않는다",
    },
    function=quartic,
    racers=Sweep(
        Racer("RMSprop", lr=0.9, alpha=0.9),
        start=[(0.1, -7.5), (0.1, -1), (0.1, 1), (0.1, 1.2), (0.1, 2.3), (0.1, 7.5)],
    ),
    steps=10,
)
