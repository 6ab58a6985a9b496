"""Which of Himmelblau's four minima does Adam reach, from each of 256 × 256 starts?

Every cell of the map is a start. It takes the color of a minimum from the step after which the race stays there.
Watch the borders: Adam's velocity carries it over ridges, so that far from the minima the borders are torn into bands.
"""

from animopt import Racer, Scene, StartsMap
from animopt.functions import himmelblau

scene = Scene(
    title={"en": "Where Adam ends on Himmelblau", "ko": "힘멜블라우 함수에서 Adam이 닿는 곳"},
    caption={
        "en": "Every start reaches a minimum, not always the nearest",
        "ko": "모든 출발점이 극소에 닿지만 늘 가까운 곳은 아니다",
    },
    function=himmelblau,
    racers=[Racer("Adam", lr=0.3)],
    map=StartsMap(),
    steps=200,
)
