"""RMSprop forgets old gradients, and arrives at the minimum of a ravine within ten steps.

Adagrad sums all squared gradients; RMSprop averages the recent ones. The average is smaller than the sum, and the steps
are longer. The first step is lr / √(1 - alpha), here 2.8 in each coordinate, on any slope.
"""

import numpy as np

from animopt import Racer, Scene
from animopt.claims import Arrives, Holds
from animopt.functions import ravine

scene = Scene(
    title={"en": "RMSprop in a ravine", "ko": "골짜기의 RMSprop"},
    caption={
        "en": "Old gradients are forgotten: it arrives in ten steps",
        "ko": "오래된 기울기를 잊고 열 걸음 안에 닿는다",
    },
    notes={
        "ko": "RMSprop은 오래된 기울기를 잊고, 열 걸음 안에 골짜기의 최소점에 닿습니다. Adagrad는 기울기의 제곱을 모두 "
        "더하지만, RMSprop은 최근의 것을 평균합니다. 평균은 합보다 작으므로 걸음이 더 깁니다. 첫걸음은 lr / √(1 − "
        "alpha)이고, 여기서는 경사와 관계없이 좌표마다 2.8입니다."
    },
    function=ravine,
    racers=[Racer("RMSprop", lr=0.9, alpha=0.9)],
    start=(-7, 2),
    steps=10,
    claims=[
        Arrives("RMSprop"),
        Holds(
            "the average is smaller than the sum",
            lambda race: (race.states[0]["square_avg"][1:] < np.cumsum(race.gradients[0, :-1] ** 2, axis=0)).all(),
        ),
        Holds(
            "the first step is 2.8 in each coordinate",
            lambda race: np.allclose(np.abs(race.xy[0, 1] - race.xy[0, 0]), 2.8, atol=0.05),
        ),
    ],
)
