"""Which learning rate goes with which momentum, in the ravine?

Every cell is a race of SGD, with the learning rate along the map and the momentum upwards. Across the ravine the
curvature is 2, and the largest rate that descends is 2 (1 + momentum) / 2 = 1 + momentum. Every race beyond it climbs;
some close to the limit need more than sixty steps to diverge. Watch the dark cells: up to a momentum of 0.8, the more
momentum, the smaller the rate that is enough.
"""

import numpy as np

from animopt import Racer, Scene, SettingsMap, logspace
from animopt.claims import Holds
from animopt.functions import ravine


def beyond_limit(race):
    """Return the rates of the map's cells as shares of the limit, and their losses, beyond the limit."""
    rate, momentum = np.meshgrid(*race.map.values)
    share = rate / (1 + momentum)
    return share[share > 1], race.map.loss[-1][share > 1]


def smallest_rates(race):
    """Return the smallest rate with a loss of at most 0.001 for each momentum up to 0.8."""
    rates, momenta = map(np.array, race.map.values)
    return rates[(race.map.loss[-1][momenta <= 0.8] <= 0.001).argmax(axis=1)]


scene = Scene(
    title={"en": "Rate and momentum in a ravine", "ko": "골짜기의 학습률과 모멘텀"},
    caption={
        "en": "Beyond lr = 1 + momentum every race climbs",
        "ko": "학습률이 1 + 모멘텀 계수를 넘으면 모두 위로 올라간다",
    },
    notes={
        "ko": "골짜기에서는 어떤 학습률이 어떤 모멘텀 계수와 어울릴까요? 칸 하나하나가 SGD의 경주이며, 가로축은 "
        "학습률, 세로축은 모멘텀 계수입니다. 골짜기를 가로지르는 방향의 곡률이 2이므로, 내려갈 수 있는 가장 큰 "
        "학습률은 2(1 + 모멘텀 계수)/2, 곧 1 + 모멘텀 계수입니다. 이 한계를 넘은 경주는 모두 위로 올라가지만, 한계 "
        "가까이에는 예순 걸음 안에 발산하지 않는 경주도 있습니다. 짙은 칸을 보세요. 모멘텀 계수가 0.8에 "
        "이르기까지는, 계수가 클수록 더 작은 학습률로도 충분합니다."
    },
    function=ravine,
    racers=[Racer("SGD", lr=0.1, momentum=0.9, name={"en": "Momentum", "ko": "모멘텀"})],
    map=SettingsMap(lr=logspace(0.01, 3, 64), momentum=[round(0.99 * row / 63, 4) for row in range(64)]),
    start=(-7, 2),
    steps=60,
    claims=[
        Holds(
            "every race beyond lr = 1 + momentum climbs",
            lambda race: all(np.isnan(loss) or loss > race.z[0, 0] for loss in beyond_limit(race)[1]),
        ),
        Holds(
            "only races up to 1.1 times the limit need more than sixty steps to diverge",
            lambda race: 1 < max(share for share, loss in zip(*beyond_limit(race), strict=True) if loss > 0) < 1.1,
        ),
        Holds(
            "up to a momentum of 0.8, the more momentum, the smaller the rate that is enough",
            lambda race: (np.diff(smallest_rates(race)) <= 0).all() and len(set(smallest_rates(race))) > 10,
        ),
    ],
)
