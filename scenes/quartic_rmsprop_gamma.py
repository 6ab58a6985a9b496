"""RMSprop on a quartic with five memories: the lecture's gamma, torch's alpha.

The racer must cross a flat shelf below a steep wall. A short memory has forgotten the wall by then, and steps are about
as long as the learning rate. A long memory begins with a step of lr / √(1 − alpha), which is 4 in each coordinate for
0.95, and clears the shelf at once. 0.7 and 0.9 do neither, and the racer is still on the shelf after ten steps.
"""

import numpy as np

from animopt import Racer, Scene, Sweep
from animopt.claims import Holds
from animopt.functions import quartic

scene = Scene(
    title={"en": "RMSprop's gamma on a quartic", "ko": "사차함수에서 RMSprop의 감마"},
    caption={
        "en": "0.1 and 0.3 walk off the shelf, 0.95 leaps over it, 0.7 and 0.9 stay",
        "ko": "0.1과 0.3은 턱을 걸어서 넘고, 0.95는 뛰어넘고, 0.7과 0.9는 남는다",
    },
    notes={
        "ko": "사차함수에서 RMSprop의 기억을 다섯 가지로 바꾸어 봅니다. 강의에서는 감마, torch에서는 alpha라고 "
        "합니다. 가파른 벽 아래의 평평한 턱을 넘어야 합니다. 기억이 짧으면 그때쯤 벽을 잊어, 보폭이 거의 학습률만 "
        "합니다. 기억이 길면 첫걸음이 lr / √(1 − alpha)입니다. 0.95에서는 좌표마다 4여서 단번에 턱을 뛰어넘습니다. "
        "0.7과 0.9는 어느 쪽도 아니어서 열 걸음 뒤에도 턱에 남아 있습니다."
    },
    function=quartic,
    racers=Sweep(Racer("RMSprop", lr=0.9), alpha=[0.1, 0.3, 0.7, 0.9, 0.95]),
    start=(5, -5),
    steps=10,
    claims=[
        Holds(
            "all but 0.7 and 0.9 get past the shelf",
            lambda race: (race.xy[:, -1, 0] < 0).tolist() == [True, True, False, False, True],
        ),
        Holds(
            "the last steps of 0.1 and 0.3 along the shelf are about as long as the learning rate",
            lambda race: np.allclose(race.xy[:2, -2, 0] - race.xy[:2, -1, 0], 0.9, rtol=0.2),
        ),
        Holds(
            "0.95 begins with a step of 4 each way",
            lambda race: np.abs(race.xy[4, 1] - race.xy[4, 0]).round().tolist() == [4, 4],
        ),
        Holds(
            "the first step of 0.95 alone leaps over the shelf",
            lambda race: (race.xy[:, 1, 0] < 1.63).tolist() == [False, False, False, False, True],
        ),
    ],
)
