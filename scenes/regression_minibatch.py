"""A line is fitted to data from batches of four points.

Each point of the surface is a line, x + y · input, and its height is the mean squared error on all forty points. Each
step uses the slope of the error on four points, which are drawn anew. Watch all racers arrive at the minimum, leave it
again, and none settle: the batches disagree about the best line, and a fixed learning rate follows each of them in
turn.
"""

import numpy as np

from animopt import Racer, Scene
from animopt.claims import Arrives, Leaves, Not, Settles
from animopt.regression import line

source = np.random.default_rng(4)
inputs = source.uniform(-1, 3, 40)
targets = 1 + 0.8 * inputs + source.normal(0, 1, 40)

scene = Scene(
    title={"en": "Fitting a line, four points at a time", "ko": "직선 맞추기, 한 번에 네 점씩"},
    caption={
        "en": "Each batch has its own best line: none settles",
        "ko": "배치마다 최적의 직선이 달라 아무도 자리 잡지 못한다",
    },
    notes={
        "ko": "네 점으로 이루어진 배치를 써서 자료에 직선을 맞춥니다. 곡면의 한 점은 직선 x + y · 입력 하나를 뜻하고, "
        "그 높이는 점 마흔 개 전체에 대한 평균제곱오차입니다. 걸음마다 네 점을 새로 뽑아 그 점들에 대한 오차의 "
        "기울기를 씁니다. 모두 최소점에 닿았다가 다시 떠나고, 아무도 자리 잡지 못하는 것을 보세요. 배치마다 최적의 "
        "직선이 다르고, 학습률이 고정되어 있으면 그 직선들을 번갈아 따라가기 때문입니다."
    },
    function=line(inputs, targets, x=(-3, 3), y=(-2, 3)),
    racers=[
        Racer("SGD", lr=0.1),
        Racer("SGD", lr=0.02, momentum=0.8, name={"en": "Momentum", "ko": "모멘텀"}),
        Racer("Adam", lr=0.3),
    ],
    start=(-2, -1),
    steps=120,
    batch=4,
    panels=["wireframe", "contour", "fit", "scoreboard"],
    claims=[Arrives(), Leaves(), Not(Settles())],
)
