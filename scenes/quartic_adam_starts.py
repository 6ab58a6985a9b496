"""Adam on a quartic from six starts, one of which coasts over a ridge.

The function is the sum of a function of x and a function of y, so all six move equally in x. In y there are two valleys
and a ridge between them at 1.06: starts at 1 and below lead towards the deeper minimum, starts at 1.2 and above towards
the other. From 7.5 Adam's velocity carries it slowly over the ridge, as momentum's does, although no step is longer
than 0.9 in either coordinate.
"""

import numpy as np

from animopt import Racer, Scene, Sweep
from animopt.claims import Holds
from animopt.functions import quartic

scene = Scene(
    title={"en": "Adam's start on a quartic", "ko": "사차함수에서 Adam의 출발점"},
    caption={
        "en": "From y = 7.5 it coasts over the ridge; the others keep their side",
        "ko": "y = 7.5에서는 관성으로 능선을 넘고, 나머지는 자기 쪽에 남는다",
    },
    notes={
        "ko": "사차함수의 여섯 출발점에서 Adam이 달립니다. 그 가운데 하나는 관성으로 능선을 넘어갑니다. 이 함수는 "
        "x만의 함수와 y만의 함수를 더한 것이므로 여섯 모두 x로는 똑같이 움직입니다. y로는 골짜기가 둘이고, 그 사이 y "
        "= 1.06에 능선이 있습니다. y가 1 이하이면 깊은 쪽 극소점으로, 1.2 이상이면 다른 극소점으로 갑니다. 그런데 y = "
        "7.5에서 출발하면, Adam도 모멘텀처럼 속도에 실려 천천히 능선을 넘어갑니다. 보폭이 어느 좌표로도 0.9를 넘지 "
        "않는데도 그렇습니다."
    },
    function=quartic,
    racers=Sweep(
        Racer("Adam", lr=0.9, betas=(0.9, 0.9)), start=[(0, -7.5), (0, -5), (0, 1), (0, 1.2), (0, 5), (0, 7.5)]
    ),
    steps=20,
    claims=[
        Holds("all move equally in x", lambda race: np.allclose(race.xy[..., 0], race.xy[0, :, 0])),
        Holds("7.5 ends on the other side of the ridge at y = 1.06", lambda race: race.xy[5, -1, 1] < 1.06),
        Holds(
            "the others keep their side of the ridge",
            lambda race: ((race.xy[:5, :, 1] > 1.06) == (race.xy[:5, :1, 1] > 1.06)).all(),
        ),
        Holds("no step is longer than 0.9", lambda race: np.abs(np.diff(race.xy, axis=1)).max() < 0.9 + 1e-9),
    ],
)
