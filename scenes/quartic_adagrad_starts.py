"""Adagrad on a quartic from six starts, each to the minimum on its own side.

The function is the sum of a function of x and a function of y, so all six move equally in x. In y there are two valleys
and a ridge between them at 1.06: starts at 1 and below lead to the minimum (-7.01, -4.91), starts at 1.2 and above to
(-7.01, 3.85). No step is longer than 0.8 in either coordinate, and none leaps over the ridge.
"""

from animopt import Racer, Scene, Sweep
from animopt.functions import quartic

scene = Scene(
    title={"en": "Adagrad's start", "ko": "Adagrad의 출발점"},
    caption={
        "en": "Each start ends by the minimum on its own side of the ridge",
        "ko": "저마다 마루의 제 쪽에 있는 최솟값 곁에서 끝난다",
    },
    function=quartic,
    racers=Sweep(Racer("Adagrad", lr=0.8), start=[(0.5, -7.5), (0.5, -1), (0.5, 1), (0.5, 1.2), (0.5, 2), (0.5, 7.5)]),
    steps=20,
)
