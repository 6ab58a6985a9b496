"""Adagrad on a quartic from six starts, each towards the minimum on its own side.

The function is the sum of a function of x and a function of y, so all six move equally in x. In y there are two valleys
and a ridge between them at 1.06: starts at 1 and below lead towards the minimum (−7.01, −4.91), starts at 1.2 and above
towards (−7.01, 3.85). No step is longer than 0.8 in either coordinate, and none leaps over the ridge. Twenty steps are
too few to arrive.
"""

import numpy as np

from animopt import Racer, Scene, Sweep
from animopt.claims import Arrives, Holds, Not
from animopt.functions import quartic


def valleys(race):
    """Return the minimum that each racer is nearest to at the end, as an index."""
    return np.linalg.norm(race.xy[:, -1, None] - race.minima[:, :2], axis=-1).argmin(axis=1).tolist()


scene = Scene(
    title={"en": "Adagrad's start on a quartic", "ko": "사차함수에서 Adagrad의 출발점"},
    caption={
        "en": "Each start leads towards the minimum on its own side of the ridge",
        "ko": "모두 능선을 넘지 않고 자기 쪽의 극소점으로 다가간다",
    },
    notes={
        "ko": "사차함수의 여섯 출발점에서 Adagrad가 저마다 자기 쪽의 극소점으로 다가갑니다. 이 함수는 x만의 함수와 "
        "y만의 함수를 더한 것이므로 여섯 모두 x로는 똑같이 움직입니다. y로는 골짜기가 둘이고, 그 사이 y = 1.06에 "
        "능선이 있습니다. y가 1 이하인 출발점에서는 극소점 (−7.01, −4.91) 쪽으로, 1.2 이상인 출발점에서는 (−7.01, "
        "3.85) 쪽으로 갑니다. 보폭은 어느 좌표로도 0.8을 넘지 않으며, 능선을 뛰어넘는 걸음은 없습니다. 극소점에 "
        "닿기에는 스무 걸음으로 모자랍니다."
    },
    function=quartic,
    racers=Sweep(Racer("Adagrad", lr=0.8), start=[(0.5, -7.5), (0.5, -1), (0.5, 1), (0.5, 1.2), (0.5, 2), (0.5, 7.5)]),
    steps=20,
    claims=[
        Holds(
            "starts at 1 and below lead towards (−7.01, −4.91), the others towards (−7.01, 3.85)",
            lambda race: (
                valleys(race) == [0, 0, 0, 1, 1, 1]
                and race.minima[:, :2].round(2).tolist() == [[-7.01, -4.91], [-7.01, 3.85]]
            ),
        ),
        Holds("all move equally in x", lambda race: np.allclose(race.xy[..., 0], race.xy[0, :, 0])),
        Holds(
            "none leaps over the ridge at y = 1.06",
            lambda race: ((race.xy[..., 1] > 1.06) == (race.xy[:, :1, 1] > 1.06)).all(),
        ),
        Holds("no step is longer than 0.8", lambda race: np.abs(np.diff(race.xy, axis=1)).max() < 0.8 + 1e-9),
        Not(Arrives()),
    ],
)
