"""A line is fitted to data from batches of four points.

Each point of the surface is a line, x + y · input, and its height is the mean squared error on all forty points. Each
step uses the slope of the error on four points, which are drawn anew. Watch all racers reach the valley and none come
to rest: the batches disagree about the best line, and a fixed learning rate follows each of them in turn.
"""

import numpy as np

from animopt import Racer, Scene
from animopt.regression import line

source = np.random.default_rng(4)
inputs = source.uniform(-1, 3, 40)
targets = 1 + 0.8 * inputs + source.normal(0, 1, 40)

scene = Scene(
    title={"en": "Fitting a line, four points at a time", "ko": "네 점씩 보며 직선 맞추기"},
    caption={
        "en": "Each batch has its own best line: none comes to rest",
        "ko": "배치마다 최적의 직선이 달라 멈추지 못한다",
    },
    function=line(inputs, targets, x=(-3, 3), y=(-2, 3)),
    racers=[
        Racer("SGD", lr=0.1),
        Racer("SGD", lr=0.02, momentum=0.8, name="Momentum"),
        Racer("Adam", lr=0.3),
    ],
    start=(-2, -1),
    steps=120,
    batch=4,
    panels=["wireframe", "contour", "fit", "loss", "standings"],
)
