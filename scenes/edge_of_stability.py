"""Gradient descent at the edge of stability: the sharpness swings around 2/lr, and the loss still goes down.

On a quadratic, gradient descent with a learning rate of 0.2 is stable only where the sharpness, the largest eigenvalue
of the Hessian, is at most 2/lr = 10. Here it starts where the sharpness is 10.8, in a valley that is not a quadratic,
and does not diverge. It jumps across the valley at every step, and the sharpness is above 10 and below 10 in turn:
11.42 and 8.69 around step 40, 9.86 and 10.01 near step 300. The mean of the last fifty is 9.94, just below 10. In 116
of the 300 steps the loss goes up, at first to more than five times its first value, and it ends at a sixtieth of it.

Source: Cohen et al. 2021, Gradient descent on neural networks typically occurs at the edge of stability, figure 1. The
function is that of Zhu et al. 2023, Understanding edge-of-stability training dynamics with a minimalist example.
"""

import numpy as np

from animopt import Function, Question, Racer, Scene, SlowMotion
from animopt.claims import Diverges, Holds, Not, Zigzags

LR = 0.2
LIMIT = 2 / LR

valley = Function(
    lambda x: (1 - x[0] ** 2 * x[1] ** 2) ** 2 / 4,
    x=(1.9, 2.4),
    y=(0.35, 0.6),
    formula=r"(1 - x^2 y^2)^2/4",
    name="product",
    source="Zhu et al. 2023, Understanding edge-of-stability training dynamics with a minimalist example; Cohen et al. "
    "2021, Gradient descent on neural networks typically occurs at the edge of stability, figure 1",
)


def sharpness(race):
    """Return the sharpness at the racer after each step, (steps + 1,)."""
    return race.quantities["sharpness"][0]


scene = Scene(
    title={"en": "At the edge of stability", "ko": "안정성의 경계에서"},
    caption={
        "en": "The sharpness swings around 2/lr: 116 of 300 steps raise the loss, which still falls",
        "ko": "첨예도가 2/lr 둘레에서 흔들려 300걸음 중 116걸음에서 손실이 오르지만, 결국 줄어든다",
    },
    notes={
        "ko": "안정성의 경계에 있는 경사하강법입니다. 이차함수에서 학습률이 0.2인 경사하강법은 첨예도, 곧 헤세 행렬의 "
        "가장 큰 고윳값이 2/lr = 10 이하인 곳에서만 안정합니다. 여기서는 첨예도가 10.8인 곳에서 출발하지만, 골짜기가 "
        "이차함수가 아니어서 발산하지 않습니다. 걸음마다 골짜기를 건너뛰고, 첨예도는 번갈아 10보다 커졌다 작아집니다. "
        "40걸음 무렵에는 11.42와 8.69, 300걸음 가까이에서는 9.86과 10.01입니다. 마지막 쉰 값의 평균은 9.94로 10보다 "
        "조금 작습니다. 300걸음 중 116걸음에서 손실이 오릅니다. 처음에는 출발할 때의 다섯 배를 넘지만, 끝에는 "
        "60분의 1로 줄어듭니다."
    },
    function=valley,
    racers=[Racer("SGD", lr=LR, name={"en": "Gradient descent", "ko": "경사하강법"})],
    start=(2.21, 0.461),
    steps=300,
    seconds=14,
    panels=["wireframe", "contour", "sharpness", "scoreboard"],
    slow=[SlowMotion(0, 12, times=8)],
    question=Question(
        {
            "en": "A quadratic with a sharpness of 10.8 would throw it out. Does this valley?",
            "ko": "첨예도가 10.8인 이차함수에서는 발산합니다. 이 골짜기에서는 어떨까요?",
        },
        step=4,
        seconds=2,
    ),
    claims=[
        Not(Diverges()),
        Zigzags("Gradient descent"),
        Holds("the sharpness is 10.8 at the start", lambda race: round(sharpness(race)[0], 1) == 10.8),
        Holds(
            "the sharpness is above 2/lr = 10 and below it in turn",
            lambda race: (np.diff(np.sign(sharpness(race) - LIMIT)) != 0).all(),
        ),
        Holds(
            "it is 11.42 and 8.69 around step 40",
            lambda race: sharpness(race)[[40, 41]].round(2).tolist() == [11.42, 8.69],
        ),
        Holds(
            "it is 9.86 and 10.01 near step 300",
            lambda race: sharpness(race)[[299, 300]].round(2).tolist() == [9.86, 10.01],
        ),
        Holds("the mean of the last fifty is 9.94", lambda race: round(sharpness(race)[-50:].mean(), 2) == 9.94),
        Holds("116 of 300 steps raise the loss", lambda race: (np.diff(race.z[0]) > 0).sum() == 116),
        Holds(
            "the loss rises to more than five times its first value",
            lambda race: 5 < race.z[0].max() / race.z[0, 0] < 6,
        ),
        Holds("it ends at a sixtieth, 1/60, of it", lambda race: 55 < race.z[0, 0] / race.z[0, -1] < 65),
    ],
)
