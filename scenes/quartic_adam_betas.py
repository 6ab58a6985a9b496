"""Adam on a quartic with five values of its first beta, the memory of its velocity.

All five descend the wall. On the shelf at x = 1.6 the ground is nearly flat. A velocity with a short memory is lost
there: twenty steps lead no farther than x = 1.4 with 0.1, and x = 0.8 with 0.5. One with a longer memory carries the
racer past the shelf, through the valley and up the wall behind it.
"""

import numpy as np

from animopt import Racer, Scene, Sweep
from animopt.claims import Holds
from animopt.functions import quartic

scene = Scene(
    title={"en": "Adam's betas on a quartic", "ko": "사차함수에서 Adam의 베타"},
    caption={
        "en": "Only a long-lived velocity, first beta 0.9 or more, crosses the valley",
        "ko": "첫째 베타가 0.9 이상이어야 속도가 오래 남아 골짜기를 건넌다",
    },
    notes={
        "ko": "사차함수에서 Adam의 첫째 베타, 곧 속도에 대한 기억을 다섯 가지로 바꾸어 봅니다. 다섯 모두 벽을 "
        "내려갑니다. x = 1.6의 턱은 거의 평평합니다. 기억이 짧으면 거기서 속도를 잃어, 스무 걸음을 가도 0.1은 x = "
        "1.4, 0.5는 x = 0.8에 그칩니다. 기억이 길면 그 속도로 턱을 넘고 골짜기를 지나 건너편 벽을 오릅니다."
    },
    function=quartic,
    racers=Sweep(Racer("Adam", lr=0.9), betas=[(0.1, 0.9), (0.5, 0.9), (0.9, 0.9), (0.95, 0.9), (0.99, 0.9)]),
    start=(5.1, -2.3),
    steps=20,
    claims=[
        Holds(
            "the slope along the path of 0.1 is smallest at x = 1.6",
            lambda race: round(race.xy[0, np.nanargmin(np.abs(race.gradients[0, :, 0])), 0], 1) == 1.6,
        ),
        Holds(
            "only 0.9 and more get past the shelf and cross the valley",
            lambda race: (race.xy[..., 0].min(axis=1) < race.minima[0, 0]).tolist() == [False, False, True, True, True],
        ),
        Holds(
            "0.1 and 0.5 come to x = 1.4 and 0.8",
            lambda race: race.xy[:2, :, 0].min(axis=1).round(1).tolist() == [1.4, 0.8],
        ),
    ],
)
