"""The momentum step that the lecture notebook prints, beside the one that it means.

The notebook's code says `v = v*mom + lr*g; x = x + v`: it adds the gradient, and climbs at every step. Its text says
`v*mom - lr*g`, which is the step of torch's SGD, and ends lower. Watch the printed step leave the picture: its distance
across the ravine soon grows by half at every step.
"""

import numpy as np
import torch

from animopt import Racer, Scene, SlowMotion
from animopt.claims import Holds, LeavesPicture, Not, Wins
from animopt.functions import ravine


class Printed(torch.optim.Optimizer):
    """v ← momentum · v + lr · g, x ← x + v: the step as it is printed."""

    def __init__(self, params, lr, momentum):
        super().__init__(params, {"lr": lr, "momentum": momentum})

    @torch.no_grad()
    def step(self, closure):
        """Add the velocity, to which the gradient was added."""
        loss = closure()
        for group in self.param_groups:
            for x in group["params"]:
                v = self.state[x].get("velocity", torch.zeros_like(x))
                v = group["momentum"] * v + group["lr"] * x.grad
                self.state[x]["velocity"] = v
                x += v
        return loss


scene = Scene(
    title={"en": "Momentum, printed and meant", "ko": "인쇄된 모멘텀 식과 본래의 식"},
    caption={
        "en": "One sign: the printed step adds the gradient, and climbs out of the ravine",
        "ko": "부호 하나 차이로, 인쇄된 식은 기울기를 더해 골짜기 밖으로 올라간다",
    },
    notes={
        "ko": "강의 노트북에 인쇄된 모멘텀 식과 본래의 식을 나란히 놓았습니다. 노트북의 코드는 `v = v*mom + lr*g; x = "
        "x + v`입니다. 기울기를 더하므로 걸음마다 오르막을 오릅니다. 노트북의 본문은 `v*mom - lr*g`라고 적었습니다. "
        "이것이 torch의 SGD가 쓰는 식이고, 더 낮은 곳에서 끝납니다. 인쇄된 식이 화면을 벗어나는 것을 보세요. 골짜기 "
        "바닥에서 떨어진 거리가 얼마 안 가 걸음마다 1.5배로 늘어납니다."
    },
    function=ravine,
    racers=[
        Racer(Printed, lr=0.1, momentum=0.9, name={"en": "As printed", "ko": "인쇄된 식"}),
        Racer("SGD", lr=0.1, momentum=0.9, name={"en": "As meant", "ko": "본래의 식"}),
    ],
    start=(-3, 0.2),
    steps=20,
    slow=[SlowMotion(0, 8, times=3)],
    claims=[
        Holds("the printed step climbs at every step", lambda race: (np.diff(race.z[0]) > 0).all()),
        Holds(
            "from step 6 on the distance is 1.5 times as large after each step",
            lambda race: np.allclose(race.xy[0, 6:, 1] / race.xy[0, 5:-1, 1], 1.5, rtol=0.01),
        ),
        LeavesPicture("As printed"),
        Not(LeavesPicture("As meant")),
        Wins("As meant"),
    ],
)
