"""Gradient descent on a quartic from six starts, two of which leap over a ridge.

The function is the sum of a function of x and a function of y, so all six move equally in x. In y there are two valleys
and a ridge between them at 1.06: starts at 1 and below lead to the deeper minimum, starts at 1.2 and above to the
other. From 7.5 and -7.5 the wall is so steep that the first step, at this rate, ends on the other side. None of them
comes to rest: 0.01 is too large for the curvature.
"""

from animopt import Racer, Scene, Sweep
from animopt.functions import quartic

scene = Scene(
    title={"en": "Gradient descent's start", "ko": "경사하강법의 출발점"},
    caption={
        "en": "From y = 7.5 or -7.5 one step leaps the ridge; the others do not",
        "ko": "y = ±7.5에서는 한 걸음에 마루를 넘고, 나머지는 제 쪽에 남는다",
    },
    function=quartic,
    racers=Sweep(Racer("SGD", lr=0.01), start=[(0.5, -7.5), (0.5, -1), (0.5, 1), (0.5, 1.2), (0.5, 3), (0.5, 7.5)]),
    steps=20,
    layout="multiples",
)
