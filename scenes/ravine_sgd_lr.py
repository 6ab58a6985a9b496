"""Gradient descent in a ravine at five learning rates, of which one is too large.

Across the ravine the curvature is 2, so that a step multiplies y by 1 - 2 lr: below a rate of 0.5 the racer reaches the
floor without a zigzag, up to 1 with a shrinking zigzag, above 1 with a growing one. Along the ravine a step multiplies
x by 1 - lr / 10, so that the largest rate that still descends gets farthest.
"""

from animopt import Racer, Scene, Sweep
from animopt.functions import ravine

scene = Scene(
    title={"en": "Gradient descent's learning rate", "ko": "경사하강법의 학습률"},
    caption={
        "en": "Above 1 it climbs the walls; below, a smaller rate gets less far",
        "ko": "1보다 크면 벽을 타고 오르고, 그 아래에서는 작을수록 덜 간다",
    },
    function=ravine,
    racers=Sweep(Racer("SGD"), lr=[0.1, 0.3, 0.6, 0.95, 1.02]),
    start=(-7, 2),
    steps=20,
    layout="multiples",
)
