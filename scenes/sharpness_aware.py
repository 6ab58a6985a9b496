"""Sharpness-aware minimization first goes up, and takes the gradient there: it passes the sharp minimum.

The function is 0.4 ((x − 1)² + y²) − 1.7 exp(−((x + 1)² + (y − 0.2)²)/0.32), a wide bowl with a narrow well in it. In
the well is a minimum with the loss −0.20, whose sharpness, the largest eigenvalue of the Hessian, is 10.7. The minimum
of the bowl is at (1, 0), with the loss 0 and a sharpness of 0.8.

Both racers start at (−2.2, 1.4), with a learning rate of 0.13 and noise with a standard deviation of 0.6 in each
component of each gradient. SGD falls into the well. SAM goes from its point by a length of 1 in the direction of the
gradient, the ascent arrow. It takes the gradient at the end of that arrow, and makes the step that this gradient asks
for from its own point. Where the ascent ends outside the well, the well does not hold it. Where the whole neighborhood
is low, it stays.

Of 200 runs with the seeds 0 to 199, SGD is in the basin of the sharp minimum after 40 steps in 199, and SAM in that of
the flat one in 200, though the sharp minimum is lower. The race shows what SAM does, not that flat minima generalize.

Source: Foret et al. 2021, Sharpness-aware minimization for efficiently improving generalization, algorithm 1 and
figure 2.
"""

import numpy as np
import torch

from animopt import Function, Question, Racer, Scene, SlowMotion
from animopt.claims import Holds

LR, RADIUS, NOISE, STEPS, START = 0.13, 1.0, 0.6, 40, (-2.2, 1.4)
SHARP, FLAT = (-0.850483, 0.185048), (0.999913, 0.000009)


class SAM(torch.optim.Optimizer):
    """Sharpness-aware minimization with steps of gradient descent (Foret et al. 2021, algorithm 1).

    Its state has the ascent and the gradient after it, for the overlay "anatomy".
    """

    def __init__(self, params, lr=0.1, rho=0.05):
        super().__init__(params, {"lr": lr, "rho": rho})

    def step(self, closure):
        """Go up by the length rho, compute the gradient there, and make the step from the point before the ascent."""
        loss = closure()
        for group in self.param_groups:
            (point,) = group["params"]
            before = point.detach().clone()
            ascent = group["rho"] * point.grad / point.grad.norm()
            with torch.no_grad():
                point.add_(ascent)
            closure()
            with torch.no_grad():
                point.copy_(before - group["lr"] * point.grad)
            self.state[point].update(perturbation=ascent, perturbed_gradient=point.grad.clone())
        return loss


def bowl_and_well(p):
    """Return the loss."""
    x, y = p[0], p[1]
    return 0.4 * ((x - 1) ** 2 + y**2) - 1.7 * torch.exp(-((x + 1) ** 2 + (y - 0.2) ** 2) / 0.32)


def gradient(points):
    """Return the gradient at points (..., 2)."""
    away = points - [-1, 0.2]
    well = np.exp(-(away**2).sum(axis=-1, keepdims=True) / 0.32)
    return 0.8 * (points - [1, 0]) + 1.7 / 0.16 * away * well


def runs_in_the_flat_basin(radius):
    """Return how many of 200 runs end in the flat basin with an ascent by a radius, or without one by 0."""
    calls = 2 if radius else 1
    noise = NOISE * np.array(
        [np.random.default_rng([seed, 0]).standard_normal((STEPS * calls, 2)) for seed in range(200)]
    )
    points = np.tile(START, (200, 1))
    for step in range(STEPS):
        first = gradient(points) + noise[:, calls * step]
        above = points + radius * first / np.linalg.norm(first, axis=1, keepdims=True)
        points = points - LR * (gradient(above) + noise[:, calls * step + calls - 1])
    # Short steps without noise lead to the minimum of the basin.
    for _ in range(500):
        points = points - 0.05 * gradient(points)
    return (points[:, 0] > 0).sum()


def sharpness(point):
    """Return the largest eigenvalue of the Hessian, from differences of gradients."""
    shifts = 1e-5 * np.eye(2)
    return np.linalg.eigvalsh((gradient(point + shifts) - gradient(point - shifts)) / 2e-5).max()


scene = Scene(
    title={"en": "Sharpness-aware minimization", "ko": "뾰족함을 피하는 SAM"},
    caption={
        "en": "SAM takes its gradient uphill and passes the sharp minimum in 200 of 200 runs, SGD in 1",
        "ko": "SAM은 올라가서 기울기를 재고 뾰족한 극소점을 지나친다. 200번 중 200번, SGD는 1번",
    },
    notes={
        "ko": "SAM은 먼저 올라가고, 거기서 기울기를 잽니다. 그래서 뾰족한 극소점을 지나칩니다. 함수는 넓은 그릇에 난 "
        "좁은 우물입니다. 우물 속 극소점의 손실은 −0.20이고, 첨예도, 곧 헤세 행렬의 가장 큰 고윳값은 10.7입니다. "
        "그릇의 극소점은 (1, 0)이고, 손실은 0, 첨예도는 0.8입니다. 둘 다 (−2.2, 1.4)에서 학습률 0.13으로 출발하며, "
        "기울기의 성분마다 표준편차가 0.6인 잡음이 있습니다. SGD는 우물에 빠집니다. SAM은 지금 있는 점에서 기울기 "
        "방향으로 길이 1만큼 올라갑니다. 오르막 화살표입니다. 그 끝에서 기울기를 재고, 그 기울기에 따른 걸음을 원래 "
        "점에서 내딛습니다. 올라간 곳이 좁은 우물 밖이면 우물이 붙잡지 못합니다. 둘레가 모두 낮은 곳에는 머뭅니다. "
        "시드 0부터 199까지 200번을 달리면 40걸음 뒤에 SGD는 199번 뾰족한 쪽에, SAM은 200번 모두 평평한 쪽에 있습니다. "
        "뾰족한 극소점이 더 낮은데도 그렇습니다. 이 경주는 SAM이 무엇을 하는지 보일 뿐, 평평하면 일반화가 잘된다는 "
        "뜻은 아닙니다."
    },
    function=Function(
        bowl_and_well,
        x=(-3.3, 2.4),
        y=(-1, 3),
        minima=[SHARP, FLAT],
        formula=r"0.4\left((x-1)^2 + y^2\right) - 1.7\,e^{-((x+1)^2 + (y-0.2)^2)/0.32}",
        source="Foret et al. 2021, Sharpness-aware minimization for efficiently improving generalization, algorithm 1",
    ),
    racers=[Racer("SGD", lr=LR), Racer(SAM, lr=LR, rho=RADIUS)],
    start=START,
    steps=STEPS,
    noise=NOISE,
    seconds=20,
    layout="multiples",
    overlays=["anatomy"],
    # It contains the ends of the arrows, too, and the minima are below the question.
    view=((-3.2, 2.2), (-0.85, 2.85)),
    slow=[SlowMotion(0, 9, times=6)],
    question=Question({"en": "Which minimum does each find?", "ko": "각각 어느 극소점을 찾을까요?"}, step=0, seconds=2),
    claims=[
        Holds(
            "the ascent has a length of 1 in the direction of the gradient",
            lambda race: np.allclose(
                race.states[1]["perturbation"][1:],
                race.gradients[1, :-1] / np.linalg.norm(race.gradients[1, :-1], axis=1, keepdims=True),
            ),
        ),
        Holds(
            "the step is that of the gradient at its end",
            lambda race: np.allclose(np.diff(race.xy[1], axis=0), -LR * race.states[1]["perturbed_gradient"][1:]),
        ),
        Holds(
            "SGD ends near the sharp minimum, and SAM near (1, 0)",
            lambda race: (np.linalg.norm(race.xy[:, -1] - np.array([SHARP, FLAT]), axis=1) < 0.7).all(),
        ),
        Holds(
            "the minima have the losses −0.20 and 0",
            lambda race: race.minima[:, 2].round(2).tolist() == [-0.2, 0],
        ),
        Holds(
            "their sharpness is 10.7 and 0.8",
            lambda race: [round(sharpness(np.array(each)), 1) for each in (SHARP, FLAT)] == [10.7, 0.8],
        ),
        Holds("SAM is in the flat basin in 200 of 200 runs", lambda race: runs_in_the_flat_basin(RADIUS) == 200),
        Holds(
            "SGD is in the sharp basin in 199, and in the flat one in 1", lambda race: runs_in_the_flat_basin(0) == 1
        ),
    ],
)
