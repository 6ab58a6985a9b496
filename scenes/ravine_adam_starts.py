"""Adam in a ravine from five starts: the near ones run past the minimum.

No step is longer than 0.9 in either coordinate, so that ten steps cover at most a distance of 9. Nearer starts run past
the minimum before the ten steps are over, because the velocity lasts longer than the slope that caused it; the racer
from −1 has even come back through it.
"""

import numpy as np

from animopt import Racer, Scene, Sweep
from animopt.claims import Holds
from animopt.functions import ravine

scene = Scene(
    title={"en": "Adam's start", "ko": "Adam의 출발점"},
    caption={
        "en": "Only from −9 do ten steps fall short; all nearer starts run past",
        "ko": "x = −9에서만 열 걸음으로 못 미치고, 더 가까우면 모두 지나친다",
    },
    notes={
        "ko": "다섯 출발점에서 골짜기를 내려가는 Adam입니다. 가까이에서 출발하면 최소점을 지나칩니다. 한 걸음은 어느 "
        "좌표에서도 0.9보다 길지 않으므로 열 걸음으로 갈 수 있는 거리는 9를 넘지 않습니다. 더 가까운 출발점에서는 "
        "속도가 그 속도를 만든 경사보다 오래 남아, 열 걸음이 끝나기 전에 최소점을 지나칩니다. −1에서 출발하면 "
        "지나쳤다가 되돌아오기까지 합니다."
    },
    function=ravine,
    racers=Sweep(Racer("Adam", lr=0.9, betas=(0.9, 0.9)), start=[(-9, 2), (-7, 2), (-5, 2), (-3, 2), (-1, 2)]),
    steps=10,
    claims=[
        Holds(
            "only from -9 do ten steps fall short, and all nearer starts run past the minimum",
            lambda race: (race.xy[..., 0] > 0).any(axis=1).tolist() == [False, True, True, True, True],
        ),
        Holds(
            "no step is longer than 0.9 in either coordinate, and ten are no longer than 9",
            lambda race: np.abs(np.diff(race.xy, axis=1)).max() <= 0.9 * (1 + 1e-9),
        ),
        Holds("the racer from -1 has come back", lambda race: race.xy[-1, :, 0].max() > 0 > race.xy[-1, -1, 0]),
    ],
)
