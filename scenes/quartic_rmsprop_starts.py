"""RMSprop on a quartic from six starts, each in the valley on its own side, none settled.

The function is the sum of a function of x and a function of y, so all six move equally in x. In y there are two valleys
and a ridge between them at 1.06: starts at 1 and below lead towards (−7.01, −4.91), starts at 1.2 and above towards
(−7.01, 3.85). But steps stay about as long as the learning rate: none arrives, and after ten steps each racer still
moves more than 0.7 a step.
"""

import numpy as np

from animopt import Racer, Scene, Sweep
from animopt.claims import Arrives, Holds, Not, Settles
from animopt.functions import quartic


def valleys(race):
    """Return the minimum that each racer is nearest to at the end, as an index."""
    return np.linalg.norm(race.xy[:, -1, None] - race.minima[:, :2], axis=-1).argmin(axis=1).tolist()


scene = Scene(
    title={"en": "RMSprop's start on a quartic", "ko": "사차함수에서 RMSprop의 출발점"},
    caption={
        "en": "Each start keeps to its side of the ridge, and none settles",
        "ko": "모두 능선을 넘지 않고 자기 쪽에 남지만, 아무도 자리 잡지 못한다",
    },
    notes={
        "ko": "사차함수의 여섯 출발점에서 RMSprop이 저마다 자기 쪽 골짜기로 가지만, 자리 잡는 것은 없습니다. 이 "
        "함수는 x만의 함수와 y만의 함수를 더한 것이므로 여섯 모두 x로는 똑같이 움직입니다. y로는 골짜기가 둘이고, 그 "
        "사이 y = 1.06에 능선이 있습니다. y가 1 이하인 출발점에서는 (−7.01, −4.91) 쪽으로, 1.2 이상인 출발점에서는 "
        "(−7.01, 3.85) 쪽으로 갑니다. 하지만 보폭이 줄지 않고 거의 학습률만 해서, 극소점에 닿는 것은 없고 열 걸음 "
        "뒤에도 한 걸음에 0.7 넘게 움직입니다."
    },
    function=quartic,
    racers=Sweep(
        Racer("RMSprop", lr=0.9, alpha=0.9),
        start=[(0.1, -7.5), (0.1, -1), (0.1, 1), (0.1, 1.2), (0.1, 2.3), (0.1, 7.5)],
    ),
    steps=10,
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
            "each keeps its side of the ridge at y = 1.06",
            lambda race: ((race.xy[..., 1] > 1.06) == (race.xy[:, :1, 1] > 1.06)).all(),
        ),
        Holds(
            "the last steps are longer than 0.7",
            lambda race: (np.linalg.norm(race.xy[:, -1] - race.xy[:, -2], axis=1) > 0.7).all(),
        ),
        Not(Arrives()),
        Not(Settles()),
    ],
)
