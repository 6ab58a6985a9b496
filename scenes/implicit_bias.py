"""Gradient descent on separable data: the loss goes to 0, and the direction turns to the largest margin, slowly.

A line through the origin separates ten points in two classes, whose distance from the line with the largest margin is
at least 0.75. The logistic loss is above 0 for all weights, so that it has no minimum: the weights of gradient descent
grow as the logarithm of the step, and the loss shrinks as 1 divided by the step. Only the direction of the weights says
which line separates the points. It turns to the direction with the largest margin, (3, 4)/5, with an angle that shrinks
as 1 divided by the logarithm of the step. Gradient descent with a learning rate of 1 is 28° away from it after 10
steps, 21° after 100, 13° after 1,000, and still 10.7° after 3,000, when the loss is 0.0006. Momentum of 0.9 with a
learning rate of 0.05 turns no faster and is 12.9° away then. The clip shows each tenfold number of steps in about the
same time.
Source: Soudry et al. 2018, The implicit bias of gradient descent on separable data, theorems 3 and 5 and figure 1.
"""

from math import sqrt

import numpy as np

from animopt import Question, Racer, Scene, SlowMotion
from animopt.claims import Holds
from animopt.classification import logistic

STEPS = 3_000
SOURCE = "Soudry et al. 2018, The implicit bias of gradient descent on separable data, theorems 3 and 5 and figure 1"
POINTS = [
    (0.33, 0.69),
    (2.4, 0.6),
    (2.0, 1.2),
    (1.2, 2.0),
    (2.2, 0.2),
    (-1.65, 0.3),
    (-2.8, 0.2),
    (-3.0, -0.9),
    (-1.6, -1.4),
    (-2.6, -1.8),
]
LABELS = [1] * 5 + [-1] * 5


def angle(race, step, racer=0):
    """Return the angle in degrees between a racer's weights and the direction with the largest margin."""
    return race.angles[racer, step]


def growth(race):
    """Return by how much gradient descent's weights grow, in units of the logarithm of the step, in the last decade."""
    lengths = np.linalg.norm(race.xy[0, [STEPS // 10, STEPS]], axis=-1)
    return np.diff(lengths)[0] / np.log(10)


scene = Scene(
    title={"en": "Implicit bias", "ko": "암묵적 편향"},
    caption={
        "en": "Loss 0.0006 after 3,000 steps, but 10.7° from the largest margin: 1/log t is slow",
        "ko": "3,000걸음 뒤 손실은 0.0006인데 최대 마진까지 아직 10.7°: 로그의 역수는 느리게 준다",
    },
    notes={
        "ko": "분리 가능한 데이터에서 경사하강법이 어떤 직선을 고르는지 봅니다. 원점을 지나는 직선이 점 열 개를 두 "
        "무리로 나누고, 마진이 가장 큰 직선에서 점까지의 거리는 0.75 이상입니다. 로지스틱 손실은 어떤 가중치에서도 "
        "0보다 커서 최솟값이 없습니다. 가중치는 걸음 수의 로그만큼 자라고, 손실은 걸음 수에 반비례해 "
        "줄어듭니다. 점을 나누는 직선은 가중치의 방향만으로 정해집니다. 이 방향은 마진이 가장 큰 방향 (3, 4)/5로 "
        "돌아가지만, 각은 걸음 수의 로그에 반비례해 줄어듭니다. 학습률이 1인 경사하강법의 각은 10걸음 뒤 28°, 100걸음 "
        "뒤 21°, 1,000걸음 뒤 13°이고, 3,000걸음 뒤에는 손실이 0.0006인데도 아직 10.7°입니다. 모멘텀 0.9에 학습률 "
        "0.05도 더 빨리 돌지 않아서 그때 12.9°입니다. 이 영상은 걸음 수가 열 배가 될 때마다 거의 같은 시간을 씁니다."
    },
    function=logistic(POINTS, LABELS, x=(-1, 7), y=(-1, 7)).replace(source=SOURCE),
    racers=[
        Racer("SGD", lr=1, name={"en": "Gradient descent", "ko": "경사하강법"}),
        Racer("SGD", lr=0.05, momentum=0.9, name={"en": "Momentum", "ko": "모멘텀"}),
    ],
    start=(0, 0),
    steps=STEPS,
    seconds=16,
    panels=["contour", "separator", "angle", "scoreboard"],
    overlays=["direction"],
    # Together, a clock that shows each tenfold number of steps in about the same time.
    slow=[SlowMotion(0, 10 ** (half / 2), times=sqrt(10)) for half in range(1, 7)],
    question=Question(
        {
            "en": "The loss is almost 0. Does the line still turn?",
            "ko": "손실이 거의 0입니다. 직선은 아직도 돌까요?",
        },
        step=300,
        seconds=2,
    ),
    claims=[
        Holds(
            "the direction with the largest margin is (3, 4)/5, and the margin 0.75",
            lambda race: (
                np.allclose(race.direction, [3 / 5, 4 / 5]) and np.isclose(race.classes.margin(race.direction), 0.75)
            ),
        ),
        Holds(
            "gradient descent is 28° away after 10 steps, 21° after 100, 13° after 1,000 and 10.7° after 3,000",
            lambda race: (
                [round(angle(race, step)) for step in (10, 100, 1_000)] == [28, 21, 13]
                and round(angle(race, STEPS), 1) == 10.7
            ),
        ),
        Holds("the loss is 0.0006 then", lambda race: round(race.z[0, -1], 4) == 0.0006),
        Holds("momentum is 12.9° away then", lambda race: round(angle(race, STEPS, 1), 1) == 12.9),
        Holds(
            "the weights grow as the logarithm of the step, divided by the margin",
            lambda race: np.isclose(growth(race), 1 / 0.75, rtol=0.1),
        ),
        Holds(
            "the loss shrinks as 1 divided by the step",
            lambda race: 0.8 < race.z[0, STEPS // 10] / race.z[0, STEPS] / 10 < 1.2,
        ),
        Holds("neither turns away from the direction", lambda race: (np.diff(race.angles[:, 1:]) < 1e-9).all()),
    ],
)
