"""RMSprop on a quartic at five learning rates: who gets past the shelf in ten steps?

From (5, −5) the wall is steep and the shelf at x = 1.6 is flat, and the average remembers the wall. Up to 0.9 the steps
are too short. 1.5 begins with a step of 4.7 in each coordinate, which clears the shelf. 3 begins with one of 9.5, leaps
between the valleys, leaves the picture and ends in the other valley. None diverges.
"""

import numpy as np

from animopt import Racer, Scene, Sweep
from animopt.claims import Diverges, Holds, LeavesPicture, Not
from animopt.functions import quartic

rates = [0.1, 0.3, 0.9, 1.5, 3.0]

scene = Scene(
    title={"en": "RMSprop's learning rate on a quartic", "ko": "사차함수에서 RMSprop의 학습률"},
    caption={
        "en": "Up to 0.9 none gets past the shelf; 3 ends in the other valley",
        "ko": "0.9까지는 턱을 넘지 못하고, 3은 건너편 골짜기에서 끝난다",
    },
    notes={
        "ko": "사차함수에서 RMSprop의 학습률을 다섯 가지로 바꾸어 봅니다. 열 걸음 안에 어느 것이 턱을 넘을까요? (5, "
        "−5)의 벽은 가파르고 x = 1.6의 턱은 평평한데, 기울기 제곱의 평균은 벽을 기억합니다. 0.9까지는 보폭이 너무 "
        "짧습니다. 1.5는 첫걸음이 좌표마다 4.7이어서 턱을 뛰어넘습니다. 3은 첫걸음이 9.5입니다. 두 골짜기를 뛰어 "
        "오가다가 화면을 벗어나기도 하고, 건너편 골짜기에서 끝납니다. 발산하는 것은 없습니다."
    },
    function=quartic,
    racers=Sweep(Racer("RMSprop", alpha=0.9), lr=rates),
    start=(5, -5),
    steps=10,
    claims=[
        Holds(
            "only 1.5 and 3 get past the shelf",
            lambda race: (race.xy[:, -1, 0] < 0).tolist() == [False, False, False, True, True],
        ),
        Holds(
            "the first step is lr / √0.1: 4.7 at 1.5 and 9.5 at 3",
            lambda race: np.allclose(np.abs(race.xy[:, 1] - race.xy[:, 0]).T, np.divide(rates, 0.1**0.5)),
        ),
        Holds(
            "only 3 ends in the other valley",
            lambda race: (race.xy[:, -1, 1] > 1.06).tolist() == [False, False, False, False, True],
        ),
        Holds(
            "the slope along the path of 0.9 is smallest at x = 1.6",
            lambda race: round(race.xy[2, np.nanargmin(np.abs(race.gradients[2, :, 0])), 0], 1) == 1.6,
        ),
        Holds("3 leaps between the valleys", lambda race: (np.diff(race.xy[4, :, 1] > 1.06)).sum() == 3),
        LeavesPicture("lr 3"),
        Not(Diverges()),
    ],
)
