"""Momentum on a quartic at five learning rates: slow, swinging, diverging.

Gradients on the plateau are small, and the racer at 0.0003 is still there when the steps end. From 0.0011 to 0.003 the
velocity carries the racer past the minimum and up the wall behind it, and none arrives. At 0.01 the wall throws the
racer out of the picture, and it diverges.
"""

from animopt import Racer, Scene, Sweep
from animopt.claims import Arrives, Diverges, Holds, LeavesPicture, Not
from animopt.functions import quartic

scene = Scene(
    title={"en": "Momentum's learning rate on a quartic", "ko": "사차함수에서 모멘텀의 학습률"},
    caption={
        "en": "0.0003 stays on the plateau, 0.01 diverges, all between overshoot",
        "ko": "0.0003은 고원에 남고, 0.01은 발산하고, 그 사이는 극소점을 지나친다",
    },
    notes={
        "ko": "사차함수에서 모멘텀의 학습률을 다섯 가지로 바꾸어 봅니다. 느린 것, 출렁이는 것, 발산하는 것이 "
        "있습니다. 고원에서는 기울기가 작아, 0.0003은 마지막 걸음까지 고원에 남아 있습니다. 0.0011부터 0.003까지는 "
        "속도 때문에 극소점을 지나 건너편 벽을 오르며, 극소점에 닿는 것은 없습니다. 0.01은 벽에서 튕겨 화면을 "
        "벗어나고 발산합니다."
    },
    function=quartic,
    racers=Sweep(Racer("SGD", momentum=0.9), lr=[0.0003, 0.0011, 0.002, 0.003, 0.01]),
    start=(1.1, 1.2),
    steps=20,
    layout="multiples",
    claims=[
        Holds("0.0003 stays on the plateau", lambda race: race.xy[0, :, 0].min() > 0),
        Holds(
            "all between overshoot the minimum",
            lambda race: (race.xy[1:4, :, 0].min(axis=1) < race.minima[1, 0] - 1).all(),
        ),
        Not(Arrives()),
        LeavesPicture("lr 0.01"),
        Diverges("lr 0.01"),
        Not(Diverges("lr 0.0003", "lr 0.0011", "lr 0.002", "lr 0.003")),
    ],
)
