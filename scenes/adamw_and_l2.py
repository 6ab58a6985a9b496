"""Weight decay in the gradient, and beside it: Adam with L2 against AdamW.

Both have a learning rate of 0.1 and a decay of 0.1. The function's minimum, the cross, is at (6, 3). torch's Adam adds
0.1 times the point to the gradient, which is L2 regularization: it descends f + 0.05 (x² + y²), whose minimum is at
(3, 20/7), and ends there, halfway back to 0 along the flat direction. AdamW instead shortens the point by a hundredth
before each step, which Adam's scaling does not see. It is at x = 4.79 after 1,000 steps, and still on its way: after
4,000 it is at (5.595, 2.996). Across the valley, where the slope is 20 times as steep, the decay hardly matters.

Source: Loshchilov and Hutter 2019, Decoupled weight decay regularization, algorithm 2.
"""

import numpy as np

from animopt import Function, Question, Racer, Scene
from animopt.claims import Holds, Not, Settles, Wins

valley = Function(
    lambda p: (p[0] - 6) ** 2 / 20 + (p[1] - 3) ** 2,
    x=(-8, 8),
    y=(-2, 8),
    minima=[(6, 3)],
    formula=r"(x - 6)^2/20 + (y - 3)^2",
    source="Loshchilov and Hutter 2019, Decoupled weight decay regularization",
)

scene = Scene(
    title={"en": "Adam with L2, and AdamW", "ko": "L2를 더한 Adam과 AdamW"},
    caption={
        "en": "L2 moves the minimum from (6, 3) to (3, 20/7), AdamW does not",
        "ko": "L2는 최소점을 (6, 3)에서 (3, 20/7)로 옮기고, AdamW는 옮기지 않는다",
    },
    notes={
        "ko": "가중치 감쇠를 기울기에 넣는 Adam과 따로 하는 AdamW를 나란히 놓았습니다. 학습률도 감쇠도 둘 다 "
        "0.1입니다. 십자로 표시한 함수의 최소점은 (6, 3)입니다. torch의 Adam은 기울기에 점의 0.1배를 더하는데, "
        "이것이 L2 정칙화입니다. 그래서 f + 0.05 (x² + y²)를 내려가고, 그 최소점 (3, 20/7)에서 끝납니다. 완만한 "
        "방향을 따라 0 쪽으로 절반이나 끌려온 자리입니다. AdamW는 걸음마다 먼저 점을 백분의 일만큼 줄이며, Adam의 "
        "보폭 조절은 이 감쇠를 보지 못합니다. 1,000걸음 뒤에 x = 4.79이고 아직 가는 중이어서, 4,000걸음 뒤에는 "
        "(5.595, 2.996)에 있습니다. 골짜기를 가로지르는 방향은 20배나 가팔라서 감쇠가 거의 문제 되지 않습니다."
    },
    function=valley,
    racers=[
        Racer("Adam", lr=0.1, weight_decay=0.1, name={"en": "Adam with L2", "ko": "L2를 더한 Adam"}),
        Racer("AdamW", lr=0.1, weight_decay=0.1),
    ],
    start=(-7, 2),
    steps=1000,
    question=Question(
        {
            "en": "Both have a weight decay of 0.1. Which one gets to the cross?",
            "ko": "가중치 감쇠가 둘 다 0.1이다. 십자까지 가는 것은?",
        },
        step=0,
        seconds=2.5,
    ),
    claims=[
        Holds(
            "Adam with L2 ends at (3, 20/7), the minimum of f + 0.05 (x² + y²), halfway between 0 and 6",
            lambda race: np.allclose(race.xy[0, -1], [3, 20 / 7], atol=1e-6),
        ),
        Holds(
            "after 1,000 steps AdamW is at x = 4.79; after 4,000 it is at (5.595, 2.996), which a test computes",
            lambda race: race.last_step == 1000 and round(race.xy[1, -1, 0], 2) == 4.79,
        ),
        Holds("AdamW is on its way to the minimum to the end", lambda race: (np.diff(race.xy[1, :, 0]) > 0).all()),
        Holds(
            "the slope across is 20 times as steep, and both end within 5 % of y = 3",
            lambda race: np.allclose(race.xy[:, -1, 1], 3, rtol=0.05),
        ),
        Not(Settles()),
        Wins("AdamW"),
    ],
)
