"""Who escapes from a saddle first?

All start at (−1.5, 0.001), very close to the ridge. Along the ridge the slope leads to the saddle. Across it there is
almost no slope, so that gradient descent nearly stops: it needs 35 steps to get 0.5 away from the ridge, momentum 17.
Optimizers that divide by the size of the gradient need at most 6. RMSprop arrives at a minimum first. Adagrad, whose
steps become shorter, does not arrive. A start on the ridge itself would never escape: the slope across is exactly zero
there.
"""

import numpy as np

from animopt import Racer, Scene
from animopt.claims import Arrives, Holds, Not
from animopt.functions import bounded_saddle


def steps_to_escape(race):
    """Return the first step after which each racer is more than 0.5 away from the ridge."""
    return (np.abs(race.xy[..., 1]) > 0.5).argmax(axis=1).tolist()


scene = Scene(
    title={"en": "Escaping from a saddle", "ko": "안장점에서 벗어나기"},
    caption={
        "en": "Dividing by the gradient's size escapes first, plain descent last",
        "ko": "기울기의 크기로 나누면 먼저 벗어나고, 경사하강법이 맨 나중이다",
    },
    notes={
        "ko": "누가 안장점에서 먼저 벗어날까요? 모두 능선에 아주 가까운 (−1.5, 0.001)에서 출발합니다. 능선을 "
        "따라서는 안장점 쪽으로 내리막입니다. 능선을 가로지르는 방향으로는 기울기가 거의 없어, 경사하강법은 거의 "
        "멈춥니다. 능선에서 0.5만큼 벗어나는 데 경사하강법은 35걸음, 모멘텀은 17걸음이 걸립니다. 기울기의 크기로 "
        "나누는 기법들은 많아야 6걸음이면 됩니다. RMSprop이 극소점에 가장 먼저 닿고, 보폭이 짧아지는 Adagrad는 "
        "닿지 못합니다. 능선 바로 위에서 출발했다면 결코 벗어나지 못했을 것입니다. 거기서는 가로지르는 방향의 "
        "기울기가 정확히 0이기 때문입니다."
    },
    function=bounded_saddle,
    racers=[
        Racer("SGD", lr=0.1),
        Racer("SGD", lr=0.1, momentum=0.9, name={"en": "Momentum", "ko": "모멘텀"}),
        Racer("Adagrad", lr=0.1),
        Racer("RMSprop", lr=0.1),
        Racer("Adam", lr=0.1),
    ],
    start=(-1.5, 0.001),
    steps=80,
    claims=[
        Holds(
            "gradient descent escapes last: it is 0.5 away after 35 steps, momentum after 17",
            lambda race: steps_to_escape(race)[:2] == [35, 17],
        ),
        Holds(
            "the others need at most 6 steps", lambda race: all(1 <= step <= 6 for step in steps_to_escape(race)[2:])
        ),
        Holds(
            "gradient descent nearly stops",
            lambda race: np.linalg.norm(np.diff(race.xy[0, :35], axis=0), axis=1).min() < 0.01,
        ),
        Arrives("RMSprop", first=True),
        Not(Arrives("Adagrad")),
    ],
)
