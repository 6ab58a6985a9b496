"""Adam on a quartic at six learning rates: the rate is the longest step.

However steep the wall, no step here is longer than the learning rate in either coordinate. At 0.1, twenty steps do not
even lead to the shelf at x = 1.6; at 0.9 they lead past the minimum and up the wall behind it. Only 1.5 arrives at the
minimum, and it leaves again.
"""

import numpy as np

from animopt import Racer, Scene, Sweep
from animopt.claims import Arrives, Holds, Leaves, Not
from animopt.functions import quartic

rates = [0.1, 0.3, 0.5, 0.7, 0.9, 1.5]

scene = Scene(
    title={"en": "Adam's learning rate on a quartic", "ko": "사차함수에서 Adam의 학습률"},
    caption={
        "en": "No step is longer than the rate each way, however steep the wall",
        "ko": "벽이 아무리 가팔라도 좌표별 보폭은 학습률을 넘지 않는다",
    },
    notes={
        "ko": "사차함수에서 Adam의 학습률을 여섯 가지로 바꾸어 봅니다. 학습률이 곧 가장 긴 보폭입니다. 벽이 아무리 "
        "가팔라도 보폭은 어느 좌표로도 학습률을 넘지 않습니다. 학습률이 0.1이면 스무 걸음을 가도 x = 1.6의 턱에 "
        "이르지 못하고, 0.9이면 극소점을 지나 건너편 벽을 오릅니다. 1.5만 극소점에 닿지만, 다시 떠납니다."
    },
    function=quartic,
    racers=Sweep(Racer("Adam", betas=(0.9, 0.9)), lr=rates),
    start=(5.1, -2.3),
    steps=20,
    claims=[
        Holds(
            "the longest step is the rate",
            lambda race: np.allclose(np.abs(np.diff(race.xy, axis=1)).max(axis=(1, 2)), rates),
        ),
        Holds("0.1 does not come to the shelf at x = 1.6", lambda race: race.xy[0, :, 0].min() > 1.6),
        Holds("0.9 ends past the minimum", lambda race: race.xy[4, -1, 0] < race.minima[0, 0] - 1),
        Arrives("lr 1.5"),
        Leaves("lr 1.5"),
        Not(Arrives("lr 0.1", "lr 0.3", "lr 0.5", "lr 0.7", "lr 0.9")),
    ],
)
