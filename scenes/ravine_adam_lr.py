"""Adam in a ravine at six learning rates: ten steps fall short of the minimum, or run past it.

No step is longer than the rate in either coordinate, so the rate decides how far Adam gets in ten steps: up to 0.7 it
falls short of the minimum, from 0.9 on its velocity carries it past. 0.7 ends nearest, but 0.9 has the lowest loss,
because it is closer to the floor of the ravine. None of them diverges.
"""

import numpy as np

from animopt import Racer, Scene, Sweep
from animopt.claims import Diverges, EndsNearest, Holds, Not, Wins
from animopt.functions import ravine

scene = Scene(
    title={"en": "Adam's learning rate", "ko": "Adam의 학습률"},
    caption={
        "en": "Up to 0.7 ten steps fall short, from 0.9 on they run past",
        "ko": "열 걸음으로 0.7까지는 못 미치고 0.9부터는 지나친다",
    },
    notes={
        "ko": "여섯 가지 학습률로 골짜기를 내려가는 Adam입니다. 열 걸음으로는 최소점에 못 미치거나 최소점을 "
        "지나칩니다. 한 걸음은 어느 좌표에서도 학습률보다 길지 않으므로, 열 걸음에 어디까지 가는지는 학습률이 "
        "정합니다. 0.7까지는 최소점에 못 미치고, 0.9부터는 속도 때문에 지나칩니다. 최소점에 가장 가까운 곳에서 끝나는 "
        "것은 0.7이지만, 손실은 골짜기 바닥에 더 가까운 0.9가 가장 낮습니다. 발산하는 것은 없습니다."
    },
    function=ravine,
    racers=Sweep(Racer("Adam", betas=(0.9, 0.9)), lr=[0.1, 0.3, 0.5, 0.7, 0.9, 1.5]),
    start=(-7, 2),
    steps=10,
    layout="multiples",
    claims=[
        EndsNearest("lr 0.7"),
        Wins("lr 0.9"),
        Not(Diverges()),
        Holds(
            "up to 0.7 ten steps fall short of the minimum, from 0.9 on they run past it",
            lambda race: (race.xy[:, -1, 0] > 0).tolist() == [False, False, False, False, True, True],
        ),
        Holds(
            "0.9 is closer to the floor than 0.7",
            lambda race: abs(race.xy[4, -1, 1]) < abs(race.xy[3, -1, 1]),
        ),
        Holds(
            "no step is longer than the rate in either coordinate",
            lambda race: all(
                np.abs(np.diff(path, axis=0)).max() <= settings["lr"] * (1 + 1e-9)
                for path, settings in zip(race.xy, race.hyperparameters, strict=True)
            ),
        ),
    ],
)
