"""RMSprop in a ravine with five memories: the lecture's gamma, torch's alpha.

With a short memory a step becomes as long as the learning rate on any slope, also on the floor of the ravine: the racer
ends up bouncing between +0.45 and −0.45, which is not divergence. With a longer memory it arrives at the minimum, and
leaves it when the average has forgotten the walls. None settles.
"""

import numpy as np

from animopt import Racer, Scene, Sweep
from animopt.claims import Arrives, Diverges, Holds, Leaves, Not, Settles
from animopt.functions import ravine

scene = Scene(
    title={"en": "RMSprop's gamma", "ko": "RMSprop의 감마"},
    caption={
        "en": "With a short memory it ends up bouncing 0.9 each way, and never settles",
        "ko": "기억이 짧으면 결국 좌표마다 0.9씩 오가며 자리 잡지 못한다",
    },
    notes={
        "ko": "기억의 길이를 다섯 가지로 바꾼 RMSprop입니다. 강의의 감마가 torch에서는 alpha입니다. 기억이 짧으면 어떤 "
        "경사에서든, 골짜기 바닥에서도, 보폭이 학습률과 같아집니다. 그래서 결국 +0.45와 −0.45 사이를 오가는데, 이것은 "
        "발산이 아닙니다. 기억이 더 길면 최소점에 닿았다가, 평균이 벽을 잊으면 다시 떠납니다. 자리 잡는 것은 없습니다."
    },
    function=ravine,
    racers=Sweep(Racer("RMSprop", lr=0.9), alpha=[0.1, 0.5, 0.7, 0.9, 0.95]),
    start=(-7, 2),
    steps=40,
    layout="multiples",
    claims=[
        Not(Settles()),
        Not(Diverges()),
        Not(Arrives("alpha 0.1", "alpha 0.5")),
        Arrives("alpha 0.7", "alpha 0.9", "alpha 0.95"),
        Leaves("alpha 0.7", "alpha 0.9", "alpha 0.95"),
        Holds(
            "with a short memory it ends up bouncing between +0.45 and -0.45, 0.9 each way",
            lambda race: (
                np.allclose(np.abs(race.xy[:2, -5:]), 0.45, atol=0.005)
                and (np.diff(np.sign(race.xy[:2, -5:]), axis=1) != 0).all()
            ),
        ),
    ],
)
