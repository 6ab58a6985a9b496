"""Gradient descent on a quartic from six starts, two of which leap over a ridge.

The function is the sum of a function of x and a function of y, so all six move equally in x. In y there are two valleys
and a ridge between them at 1.06: starts at 1 and below lead towards the deeper minimum, starts at 1.2 and above towards
the other. From 7.5 and −7.5 the wall is so steep that the first step, at this rate, ends on the other side. None of
them settles: 0.01 is too large for the curvature.
"""

import numpy as np

from animopt import Racer, Scene, Sweep
from animopt.claims import Holds, Not, Settles
from animopt.functions import quartic

scene = Scene(
    title={"en": "Gradient descent's start on a quartic", "ko": "사차함수에서 경사하강법의 출발점"},
    caption={
        "en": "From y = ±7.5 one step leaps the ridge; the others do not",
        "ko": "y = ±7.5에서는 한 걸음에 능선을 넘고, 나머지는 자기 쪽에 남는다",
    },
    notes={
        "ko": "사차함수의 여섯 출발점에서 경사하강법이 달립니다. 그 가운데 둘은 능선을 뛰어넘습니다. 이 함수는 x만의 "
        "함수와 y만의 함수를 더한 것이므로 여섯 모두 x로는 똑같이 움직입니다. y로는 골짜기가 둘이고, 그 사이 y = "
        "1.06에 능선이 있습니다. y가 1 이하이면 깊은 쪽 극소점으로, 1.2 이상이면 다른 극소점으로 갑니다. y = 7.5와 y "
        "= −7.5에서는 벽이 몹시 가팔라, 이 학습률로는 첫걸음이 능선 건너편에서 끝납니다. 자리 잡는 것은 없습니다. "
        "학습률 0.01이 이 곡률에 너무 크기 때문입니다."
    },
    function=quartic,
    racers=Sweep(Racer("SGD", lr=0.01), start=[(0.5, -7.5), (0.5, -1), (0.5, 1), (0.5, 1.2), (0.5, 3), (0.5, 7.5)]),
    steps=20,
    layout="multiples",
    claims=[
        Holds("all move equally in x", lambda race: np.allclose(race.xy[..., 0], race.xy[0, :, 0])),
        Holds(
            "only the first and the last leap the ridge at y = 1.06: one step leaps it",
            lambda race: (
                ((race.xy[:, 1:, 1] > 1.06) == (race.xy[:, :1, 1] < 1.06)).all(axis=1).tolist()
                == [True, False, False, False, False, True]
            ),
        ),
        Holds(
            "the others keep their side of the ridge",
            lambda race: ((race.xy[1:5, :, 1] > 1.06) == (race.xy[1:5, :1, 1] > 1.06)).all(),
        ),
        Not(Settles()),
    ],
)
