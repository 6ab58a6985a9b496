"""Adam runs to the worst point of a convex problem, and AMSGrad to the best side.

The gradient along x is 3 at step 1, 4, 7 and so on, and −1 at all others, so that the mean slope is 1/3 and the best
points are at x = −1. No racer may leave the box. The betas are 0 and 0.1, so that Adam has forgotten the large gradient
one step later. It divides each gradient by nearly its own size, and the two steps up outweigh the one down: after 45
steps it is at x = 1, the worst side. AMSGrad divides by the largest average so far. Its step down is three times as
long as a step up, and it is at x = −0.963 after 90 steps. After 3,000 steps they are at 1.000 and −0.994.

The learning rate at step t is 0.5/√t. Source: Reddi, Kale and Kumar 2018, On the convergence of Adam and beyond,
theorem 1 in section 3, with C = 3.
"""

from functools import partial

import numpy as np
from torch.optim.lr_scheduler import LambdaLR

from animopt import Function, Question, Racer, Scene, SlowMotion
from animopt.claims import Holds, Wins

C = 3

slope = Function(
    lambda p, slopes: p[0] * slopes.mean(),
    x=(-1.2, 1.2),
    y=(-1.2, 1.2),
    box=((-1, 1), (-1, 1)),
    # One row for each step, again and again.
    data=[(C, -1, -1)],
    formula="x/3",
    source="Reddi, Kale and Kumar 2018, On the convergence of Adam and beyond, theorem 1",
)

adam = Racer(
    "Adam",
    lr=0.5,
    betas=(0.0, 1 / (1 + C**2)),
    scheduler=partial(LambdaLR, lr_lambda=lambda step: 1 / np.sqrt(step + 1)),
)

scene = Scene(
    title={"en": "Adam fails, AMSGrad does not", "ko": "Adam은 실패하고 AMSGrad는 성공한다"},
    caption={
        "en": "Slopes 3, −1, −1, again and again: Adam forgets the 3, and climbs to x = 1",
        "ko": "기울기 3, −1, −1이 되풀이된다. Adam은 3을 잊고 x = 1까지 올라간다",
    },
    notes={
        "ko": "볼록한 문제에서 Adam은 가장 나쁜 점으로, AMSGrad는 가장 좋은 쪽으로 갑니다. x 방향의 기울기는 1, 4, "
        "7번째 걸음처럼 세 걸음에 한 번은 3이고, 나머지는 −1입니다. 평균 기울기가 1/3이므로 가장 좋은 점은 x = −1에 "
        "있습니다. 아무도 상자를 벗어날 수 없습니다. 베타는 0과 0.1이어서, Adam은 큰 기울기를 한 걸음 만에 잊습니다. "
        "기울기마다 거의 그 자신의 크기로 나누므로, 올라가는 두 걸음이 내려가는 한 걸음보다 큽니다. 그래서 45걸음 "
        "뒤에는 가장 나쁜 쪽인 x = 1에 있습니다. AMSGrad는 지금까지 가장 큰 평균으로 나눕니다. 내려가는 걸음이 "
        "올라가는 걸음의 세 배여서, 90걸음 뒤에는 x = −0.963에 있습니다. 3,000걸음 뒤에는 각각 1.000과 −0.994에 "
        "있습니다. t번째 걸음의 학습률은 0.5/√t입니다."
    },
    function=slope,
    racers=[adam.replace(name="Adam"), adam.replace(name="AMSGrad", amsgrad=True)],
    start=(0, 0),
    steps=90,
    batch=1,
    batch_order="cyclic",
    view="domain",
    panels=["wireframe", "contour", "loss", "standings"],
    question=Question(
        {
            "en": "Two small steps up, one large step down: which racer goes down?",
            "ko": "작게 두 번 오르고 크게 한 번 내린다. 누가 내려갈까?",
        },
        step=0,
        seconds=2.5,
    ),
    slow=[SlowMotion(0, 9, times=4)],
    claims=[
        Holds(
            "the gradients are 3 at step 1, 4, 7 and so on, and −1 at all others, and the mean slope is 1/3",
            lambda race: (race.gradients[:, :-1, 0].reshape(2, 30, 3) == [3, -1, -1]).all(),
        ),
        Holds(
            "Adam is climbing in every three steps, until it is at x = 1, the worst side, after 45 steps",
            lambda race: (np.diff(race.xy[0, :46:3, 0]) > 0).all() and race.xy[0, 45, 0] == 1,
        ),
        Holds("no racer may leave the box", lambda race: (np.abs(race.xy) <= 1).all()),
        Holds(
            "AMSGrad's step down is three times as long as a step up, apart from the learning rate",
            lambda race: np.allclose(
                np.diff(race.xy[1, 1:10, 0]) / race.hyperparameters[1]["lr"][2:10],
                np.tile([1, 1, -C], 3)[:8] / 3,
                rtol=0.06,
            ),
        ),
        Holds("AMSGrad is at x = −0.963 after 90 steps", lambda race: round(race.xy[1, 90, 0], 3) == -0.963),
        Holds(
            "the betas are 0 and 0.1; after 3,000 steps they are at 1.000 and −0.994, which a test computes",
            lambda race: race.hyperparameters[0]["betas"] == (0, 0.1),
        ),
        Wins("AMSGrad"),
    ],
)
