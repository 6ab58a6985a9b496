"""Momentum on a quartic from six starts, one of which swings over a ridge.

The function is the sum of a function of x and a function of y, so all six move equally in x. In y there are two valleys
and a ridge between them at 1.06: starts at 1 and below lead to the deeper minimum, starts at 1.2 and above to the
other. But from 7.5 the velocity gained on the wall carries the racer through one valley, over the ridge and into the
other. From -7.5 the valley is deeper, and the racer stays in it.
"""

from animopt import Racer, Scene, Sweep
from animopt.functions import quartic

scene = Scene(
    title={"en": "Momentum's start", "ko": "모멘텀의 출발점"},
    caption={
        "en": "From y = 7.5 it swings over the ridge; the others keep their side",
        "ko": "y = 7.5에서는 마루를 넘어가고, 나머지는 제 쪽에 남는다",
    },
    function=quartic,
    racers=Sweep(
        Racer("SGD", lr=0.0011, momentum=0.9),
        start=[(0.3, -7.5), (0.3, -1), (0.3, 1), (0.3, 1.2), (0.3, 3), (0.3, 7.5)],
    ),
    steps=20,
    layout="multiples",
)
