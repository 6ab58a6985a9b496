"""Which of Himmelblau's four minima does momentum reach, from each of 256 × 256 starts?

Every cell of the map is a start. It takes the color of a minimum from the step after which the race stays there.
Watch the corners: the walls are so steep there that the first steps leap across the domain, and neighbors separate.
"""

from animopt import Racer, Scene, StartsMap
from animopt.functions import himmelblau

scene = Scene(
    title={"en": "Where momentum ends on Himmelblau", "ko": "힘멜블라우 함수에서 모멘텀이 닿는 곳"},
    caption={
        "en": "Near the minima in whole basins, farther out in shreds",
        "ko": "극소 가까이에서는 한 덩어리, 멀리서는 조각조각",
    },
    function=himmelblau,
    racers=[Racer("SGD", lr=0.005, momentum=0.9, name="Momentum")],
    map=StartsMap(),
    steps=200,
)
