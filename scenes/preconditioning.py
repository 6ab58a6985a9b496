"""A preconditioner is a change of coordinates.

Both pictures show the same race. On the left is the ravine x²/20 + y², whose Hessian has the eigenvalues 0.1 and 2: its
condition number is 20. Gradient descent with a learning rate of 0.9 zigzags across it, because the same step is too
long in one direction and too short in the other. On the right, each point p is at √P p, with the Hessian as
preconditioner P. There the contour lines are circles, and the condition number is 1.

Preconditioned gradient descent multiplies each gradient by P⁻¹. On the right it is plain gradient descent, and on
circles the gradient points to the minimum: with a learning rate of 0.3 its path is a straight line, and each step
leaves 70 % of the way. After 20 steps 0.08 % of the way is left. Source: Nocedal and Wright 2006, Numerical
Optimization, section 5.1, Preconditioning.
"""

import numpy as np
import torch

from animopt import Question, Racer, Scene
from animopt.claims import Arrives, Holds, Zigzags
from animopt.functions import ravine

HESSIAN = ((0.1, 0.0), (0.0, 2.0))


class Preconditioned(torch.optim.Optimizer):
    """Gradient descent whose gradients are multiplied by the inverse of the Hessian of the ravine."""

    def __init__(self, params, lr):
        super().__init__(params, {"lr": lr})
        self._inverse = torch.linalg.inv(torch.tensor(HESSIAN, dtype=torch.float64))

    def step(self, closure=None):
        """Move each parameter by one step."""
        for group in self.param_groups:
            for parameter in group["params"]:
                parameter.data -= group["lr"] * self._inverse @ parameter.grad


def on_the_right(race):
    """Return the path of the preconditioned racer at √P (x, y), (steps + 1, 2)."""
    return race.preconditioned.race.xy[1]


scene = Scene(
    title={"en": "A preconditioner is a change of coordinates", "ko": "전처리는 좌표를 바꾸는 것이다"},
    caption={
        "en": "At √P (x, y), the condition number 20 becomes 1, and the path straight",
        "ko": "같은 경주를 √P (x, y)에 그리면 조건수 20이 1이 되고, 경로는 곧아진다",
    },
    notes={
        "ko": "전처리는 좌표를 바꾸는 것입니다. 두 그림은 같은 경주입니다. 왼쪽은 골짜기 x²/20 + y²입니다. 헤세 "
        "행렬의 고윳값이 0.1과 2이므로 조건수는 20입니다. 학습률이 0.9인 경사하강법은 지그재그로 움직입니다. 같은 "
        "걸음이 한 방향으로는 너무 길고 다른 방향으로는 너무 짧기 때문입니다. 오른쪽에서는 점 p를 √P p에 그립니다. "
        "P는 전처리 행렬이고, 여기서는 헤세 행렬입니다. 그러면 등고선은 원이 되고 조건수는 1입니다. 전처리한 "
        "경사하강법은 기울기마다 P의 역행렬을 곱합니다. 오른쪽에서 보면 평범한 경사하강법이고, 원에서는 기울기가 "
        "최소점을 가리킵니다. 그래서 학습률이 0.3일 때 경로는 직선이고, 한 걸음마다 남은 길의 70 %가 남습니다. "
        "20걸음 뒤에는 0.08 %가 남습니다."
    },
    function=ravine.replace(source="Nocedal and Wright 2006, Numerical Optimization, section 5.1, Preconditioning"),
    racers=[
        Racer("SGD", lr=0.9, name={"en": "Gradient descent", "ko": "경사하강법"}),
        Racer(Preconditioned, lr=0.3, name={"en": "Preconditioned", "ko": "전처리한 경사하강법"}),
    ],
    start=(-7, 2),
    steps=20,
    preconditioner=HESSIAN,
    panels=["coordinates", "scoreboard"],
    question=Question(
        {"en": "In which coordinates is the ravine round?", "ko": "어떤 좌표에서 이 골짜기가 둥글어질까?"},
        step=0,
        seconds=2,
    ),
    claims=[
        Zigzags("Gradient descent"),
        Arrives("Preconditioned", first=True),
        Holds(
            "the eigenvalues are 0.1 and 2, and their ratio is the condition number 20, which on the right is 1",
            lambda race: np.allclose(race.preconditioned.conditions, (2 / 0.1, 1)),
        ),
        Holds(
            "on the right its path is a straight line",
            lambda race: np.allclose(
                on_the_right(race)[:, 0] * on_the_right(race)[0, 1], on_the_right(race)[:, 1] * on_the_right(race)[0, 0]
            ),
        ),
        Holds(
            "each step leaves 70 % of the way",
            lambda race: np.allclose(race.xy[1, 1:], 0.7 * race.xy[1, :-1]),
        ),
        Holds(
            "after 20 steps 0.08 % of the way is left",
            lambda race: np.allclose((race.xy[1, 20] / race.xy[1, 0] * 100).round(2), 0.08),
        ),
    ],
)
