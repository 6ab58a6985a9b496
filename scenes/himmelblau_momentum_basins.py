"""At which of Himmelblau's four minima does momentum settle, from each of 256 × 256 starts?

Every cell of the map is a start. It takes the color of a minimum from the step after which the race stays there. Every
start settles at a minimum, and those within 1 of a minimum settle there. Watch the corners at the top: the walls are so
steep there that the first steps are long, and neighbors separate.
"""

import numpy as np

from animopt import Racer, Scene, StartsMap
from animopt.claims import Holds, Settles
from animopt.functions import himmelblau


def distances(race):
    """Return the distance of each start of the map from each minimum, (rows, columns, minima)."""
    starts = np.stack(np.meshgrid(race.map.x, race.map.y), axis=-1)
    return np.linalg.norm(starts[:, :, None] - race.map.minima[:, :2], axis=-1)


def borders(race):
    """Return whether each start of the map and the next one in x settle at two minima, (rows, columns - 1)."""
    return np.diff(race.map.minimum, axis=1) != 0


scene = Scene(
    title={"en": "Where momentum settles on Himmelblau", "ko": "힘멜블라우 함수에서 모멘텀이 자리 잡는 곳"},
    caption={
        "en": "Near the minima in whole basins, farther out in shreds",
        "ko": "극소점 가까이는 한 덩어리, 멀리서는 조각조각",
    },
    notes={
        "ko": "256 × 256개의 출발점에서 모멘텀은 힘멜블라우 함수의 네 극소점 가운데 어디에 자리 잡을까요? 지도의 "
        "한 칸이 출발점 하나입니다. 경주가 한 극소점에 머물기 시작하는 걸음부터 그 극소점의 색으로 칠합니다. "
        "어디서 출발하든 극소점에 자리 잡고, 극소점에서 1 안에 있는 출발점은 그 극소점에 자리 잡습니다. 위쪽 두 "
        "구석을 보세요. 벽이 몹시 가팔라 처음 몇 걸음이 길고, 그래서 이웃한 출발점들이 서로 갈라집니다."
    },
    function=himmelblau,
    racers=[Racer("SGD", lr=0.005, momentum=0.9, name={"en": "Momentum", "ko": "모멘텀"})],
    map=StartsMap(),
    steps=200,
    claims=[
        Settles("Momentum"),
        Holds("every start settles", lambda race: (race.map.minimum >= 0).all() and race.map.step.max() <= 180),
        Holds(
            "starts within 1 settle at that minimum",
            lambda race: (race.map.minimum == distances(race).argmin(axis=-1))[distances(race).min(axis=-1) < 1].all(),
        ),
        Holds(
            "neighbors separate more often farther than 2.5 from the minima",
            lambda race: borders(race)[distances(race)[:, :-1].min(axis=-1) > 2.5].mean() > 1.5 * borders(race).mean(),
        ),
        Holds(
            "neighbors separate in the corners at the top",
            lambda race: (
                min(borders(race)[-40:, :40].mean(), borders(race)[-40:, -40:].mean()) > borders(race).mean() * 2
            ),
        ),
    ],
)
