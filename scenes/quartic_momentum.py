"""Momentum from three starts: a ninth of gradient descent's learning rate, and past the minima.

With a velocity, a learning rate of 0.0011 crosses the plateau in twenty steps, and carries the racers past the minima
and up the wall behind them. None arrives. The step printed in the lecture notebook adds the gradient (v = 0.9 v + lr g;
x = x + v) and goes uphill; its text has the right sign (v = 0.9 v − lr g), and so does this race.
"""

from animopt import Racer, Scene
from animopt.claims import Arrives, Holds, Not
from animopt.functions import quartic

scene = Scene(
    title={"en": "Momentum on a quartic", "ko": "사차함수 위의 모멘텀"},
    caption={
        "en": "At a rate of 0.0011, the velocity carries all three past a minimum",
        "ko": "학습률이 0.0011인데도 셋 다 속도에 실려 극소점을 지나친다",
    },
    notes={
        "ko": "모멘텀이 세 출발점에서 달립니다. 학습률은 경사하강법의 9분의 1인데도 극소점을 지나칩니다. 속도가 "
        "있으면 학습률 0.0011로도 스무 걸음에 고원을 건너고, 극소점을 지나 건너편 벽을 오릅니다. 극소점에 닿는 것은 "
        "하나도 없습니다. 강의 노트북에 인쇄된 식은 기울기를 더하므로(v = 0.9 v + lr g, x = x + v) 오르막을 오릅니다. "
        "노트북의 본문에는 부호가 바르게 적혀 있고(v = 0.9 v − lr g), 이 경주도 그 식을 씁니다."
    },
    function=quartic,
    racers=[
        Racer("SGD", lr=0.0011, momentum=0.9, start=(1.1, 1.2)),
        Racer("SGD", lr=0.0011, momentum=0.9, start=(4.8, -2.8)),
        Racer("SGD", lr=0.0011, momentum=0.9, start=(0.3, 3)),
    ],
    steps=20,
    claims=[
        Holds(
            "gradient descent's rate, 0.01, is 9 times as large",
            lambda race: round(0.01 / race.hyperparameters[0]["lr"]) == 9,
        ),
        Holds("all run past the minima", lambda race: (race.xy[..., 0].min(axis=1) < race.minima[0, 0] - 1).all()),
        Not(Arrives()),
    ],
)
