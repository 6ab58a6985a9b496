"""Momentum in a ravine from five heights on the wall: higher waves, in the same time.

On a quadratic, momentum is proportional to the start, too: a start twice as high makes a wave twice as high, which
crosses the floor at the same steps. The height does not change how far along the ravine the racer gets.
"""

import numpy as np

from animopt import Racer, Scene, Sweep
from animopt.claims import Holds
from animopt.functions import ravine

scene = Scene(
    title={"en": "Momentum's start", "ko": "모멘텀의 출발점"},
    caption={
        "en": "A higher start makes a higher wave, crossing at the same steps",
        "ko": "높은 데서 출발하면 물결만 높을 뿐, 바닥은 같은 걸음에 가로지른다",
    },
    notes={
        "ko": "벽의 다섯 높이에서 출발하여 골짜기를 내려가는 모멘텀입니다. 물결은 높아지지만 주기는 같습니다. "
        "이차함수에서는 모멘텀의 움직임도 출발점에 비례합니다. 두 배 높이 출발하면 물결도 두 배 높아지고, 같은 걸음에 "
        "바닥을 가로지릅니다. 골짜기를 따라 나아가는 거리는 출발 높이와 상관없습니다."
    },
    function=ravine,
    racers=Sweep(Racer("SGD", lr=0.1, momentum=0.9), start=[(-7, 0.5), (-7, 1), (-7, 2), (-7, 3), (-7, 4.5)]),
    steps=20,
    layout="multiples",
    claims=[
        Holds(
            "waves are proportional to the start and cross the floor at the same steps",
            lambda race: np.allclose(race.xy[..., 1] / race.xy[:, :1, 1], race.xy[0, :, 1] / race.xy[0, 0, 1]),
        ),
        Holds(
            "the waves cross the floor, the higher the start, the higher",
            lambda race: (race.xy[..., 1].min(axis=1) < 0).all() and (np.diff(race.xy[..., 1].min(axis=1)) < 0).all(),
        ),
        Holds(
            "the height does not change how far along the racer gets",
            lambda race: np.allclose(race.xy[..., 0], race.xy[0, :, 0]),
        ),
    ],
)
