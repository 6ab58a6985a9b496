"""Gradient descent from three starts: which of two minima, and does it settle?

The starts lie in the basins of two different minima. Around both, the curvature of the surface is up to 299, so that a
learning rate above 2 / 299 = 0.0067 cannot settle: at 0.01 all three bounce across the valley to the end. One arrives
on the way, and leaves again.
"""

from animopt import Racer, Scene
from animopt.claims import Arrives, Holds, Leaves, Not, Settles, Zigzags
from animopt.functions import quartic


def largest_curvature(race):
    """Return the largest curvature of the surface at the minima."""
    points = race.minima[:, :2]
    return (12 * points**2 + [30, 0] * points - 80).max()


scene = Scene(
    title={"en": "Gradient descent on a quartic", "ko": "사차함수 위의 경사하강법"},
    caption={"en": "Three starts, two minima, no rest", "ko": "세 출발점, 두 극소점, 끝없는 진동"},
    notes={
        "ko": "경사하강법이 세 출발점에서 달립니다. 두 극소점 가운데 어느 쪽으로 가고, 자리를 잡을까요? 출발점들은 "
        "서로 다른 두 극소점의 골짜기에 놓여 있습니다. 두 극소점 모두 곡률이 최대 299여서, 학습률이 2/299 = "
        "0.0067보다 크면 자리 잡지 못합니다. 학습률이 0.01이므로 셋 다 끝까지 골짜기 양쪽을 오가며 진동합니다. 하나는 "
        "도중에 극소점에 닿았다가 다시 떠납니다."
    },
    function=quartic,
    racers=[
        Racer("SGD", lr=0.01, start=(1, 1.2)),
        Racer("SGD", lr=0.01, start=(5, -2.5)),
        Racer("SGD", lr=0.01, start=(0.5, 3)),
    ],
    steps=20,
    claims=[
        Not(Settles()),
        Zigzags(),
        Arrives("SGD from (1, 1.2)"),
        Leaves("SGD from (1, 1.2)"),
        Not(Arrives("SGD from (5, −2.5)", "SGD from (0.5, 3)")),
        Holds("they end in two valleys", lambda race: (race.xy[:, -1, 1] > 1.06).tolist() == [True, False, True]),
        Holds(
            "the curvature is 299, so that no rate above 0.0067 settles",
            lambda race: round(largest_curvature(race)) == 299 and round(2 / largest_curvature(race), 4) == 0.0067,
        ),
    ],
)
