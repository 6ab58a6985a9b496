"""Adam from three starts, for 10, 20 and 30 steps: the farther start needs the longer run.

All three come down into a valley, run past its minimum without arriving there, and stop on the wall behind it, because
they have no more steps. The start at (7.5, 2.5) ends in the shallower of the two valleys.
"""

from animopt import Racer, Scene
from animopt.claims import Arrives, Holds, Not
from animopt.functions import quartic


def steps_past_minimum(race):
    """Return the first step after which each racer is on the wall behind the minima."""
    return (race.xy[..., 0] < race.minima[0, 0]).argmax(axis=1).tolist()


scene = Scene(
    title={"en": "Adam on a quartic", "ko": "사차함수 위의 Adam"},
    caption={"en": "The farther start needs the longer run", "ko": "멀리서 출발할수록 더 오래 달려야 한다"},
    notes={
        "ko": "Adam이 세 출발점에서 각각 10, 20, 30걸음을 갑니다. 멀리서 출발할수록 더 오래 달려야 합니다. 셋 다 "
        "골짜기로 내려가 극소점에 닿지 않은 채 지나치고, 걸음을 다 써서 건너편 벽에서 멈춥니다. (7.5, 2.5)에서 "
        "출발하면 두 골짜기 가운데 얕은 쪽에서 끝납니다."
    },
    function=quartic,
    racers=[
        Racer("Adam", lr=0.9, betas=(0.9, 0.9), start=(0, -5), steps=10),
        Racer("Adam", lr=0.9, betas=(0.9, 0.9), start=(5.1, -2.3), steps=20),
        Racer("Adam", lr=0.9, betas=(0.9, 0.9), start=(7.5, 2.5), steps=30),
    ],
    claims=[
        Not(Arrives()),
        Holds("all stop past the minimum", lambda race: (race.xy[:, -1, 0] < race.minima[0, 0]).all()),
        Holds("20 steps are needed by the second", lambda race: 10 < steps_past_minimum(race)[1] <= 20),
        Holds("30 steps are needed by the third", lambda race: 20 < steps_past_minimum(race)[2] <= 30),
        Holds(
            "the third ends in the shallower valley",
            lambda race: race.xy[2, -1, 1] > 1.06 and race.minima[1, 2] > race.minima[0, 2],
        ),
    ],
)
