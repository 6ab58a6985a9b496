"""The momentum step that the lecture notebook prints, beside the one that it means.

The notebook's code says `v = v*mom + lr*g; x = x + v`: it adds the gradient, and climbs. Its text says `v*mom - lr*g`,
which is the step of torch's SGD. Watch the printed step leave: its distance across the ravine grows by half at
every step.
"""

import torch

from animopt import Racer, Scene, SlowMotion
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
    title={"en": "Momentum, printed and meant", "ko": "인쇄된 모멘텀과 뜻한 모멘텀"},
    caption={
        "en": "One sign: the printed step adds the gradient, and climbs out of the ravine",
        "ko": "부호 하나: 인쇄된 식은 기울기를 더해 골짜기를 기어오른다",
    },
    function=ravine,
    racers=[
        Racer(Printed, lr=0.1, momentum=0.9, name="As printed"),
        Racer("SGD", lr=0.1, momentum=0.9, name="As meant"),
    ],
    start=(-3, 0.2),
    steps=20,
    slow=[SlowMotion(0, 8, times=3)],
)
