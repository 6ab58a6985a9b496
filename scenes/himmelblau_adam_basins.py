"""At which of Himmelblau's four minima does Adam settle, from each of 256 × 256 starts?

Every cell of the map is a start. It takes the color of a minimum from the step after which the race stays there. Every
start within 1.5 of a minimum settles at that minimum. Watch the borders farther out: Adam's velocity carries it over
ridges, and 7% of all starts settle at a minimum that is not the nearest.
"""

import numpy as np

from animopt import Racer, Scene, StartsMap
from animopt.claims import Holds, Settles
from animopt.functions import himmelblau


def distances(race):
    """Return the distance of each start of the map from each minimum, (rows, columns, minima)."""
    starts = np.stack(np.meshgrid(race.map.x, race.map.y), axis=-1)
    return np.linalg.norm(starts[:, :, None] - race.map.minima[:, :2], axis=-1)


def settles_at_nearest(race):
    """Return whether each start of the map settles at the nearest minimum, (rows, columns)."""
    return race.map.minimum == distances(race).argmin(axis=-1)


scene = Scene(
    title={"en": "Where Adam settles on Himmelblau", "ko": "힘멜블라우 함수에서 Adam이 자리 잡는 곳"},
    caption={
        "en": "Every start settles at a minimum, not always the nearest",
        "ko": "어디서나 극소점에 자리 잡지만, 늘 가장 가까운 극소점은 아니다",
    },
    notes={
        "ko": "256 × 256개의 출발점에서 Adam은 힘멜블라우 함수의 네 극소점 가운데 어디에 자리 잡을까요? 지도의 한 "
        "칸이 출발점 하나입니다. 경주가 한 극소점에 머물기 시작하는 걸음부터 그 극소점의 색으로 칠합니다. 극소점에서 "
        "1.5 안에 있는 출발점은 모두 그 극소점에 자리 잡습니다. 더 먼 곳의 경계를 보세요. Adam은 속도 때문에 능선을 "
        "넘어가기도 해서, 출발점의 7%는 가장 가깝지 않은 극소점에 자리 잡습니다."
    },
    function=himmelblau,
    racers=[Racer("Adam", lr=0.3)],
    map=StartsMap(),
    steps=200,
    claims=[
        Settles("Adam"),
        Holds("every start settles", lambda race: (race.map.minimum >= 0).all() and race.map.step.max() <= 180),
        Holds(
            "starts within 1.5 settle at that minimum",
            lambda race: settles_at_nearest(race)[distances(race).min(axis=-1) < 1.5].all(),
        ),
        Holds(
            "7% settle at a minimum that is not the nearest",
            lambda race: round(100 * (1 - settles_at_nearest(race).mean())) == 7,
        ),
    ],
)
