"""Adam on a quartic from six starts, one of which coasts over a ridge.

The function is the sum of a function of x and a function of y, so all six move equally in x. In y there are two valleys
and a ridge between them at 1.06: starts at 1 and below lead to the deeper minimum, starts at 1.2 and above to the
other. From 7.5 Adam's velocity carries it slowly over the ridge, as momentum's does, although no step is longer than
0.9 in either coordinate.
"""

from animopt import Racer, Scene, Sweep
from animopt.functions import quartic

scene = Scene(
    title={"en": "Adam's start", "ko": "Adam의 출발점"},
    caption={
        "en": "From y = 7.5 it coasts over the ridge; the others keep their side",
        "ko": "y = 7.5에서는 마루를 미끄러져 넘고, 나머지는 제 쪽에 남는다",
    },
    function=quartic,
    racers=Sweep(
        Racer("Adam", lr=0.9, betas=(0.9, 0.9)), start=[(0, -7.5), (0, -5), (0, 1), (0, 1.2), (0, 5), (0, 7.5)]
    ),
    steps=20,
)
