"""Momentum as a heavy ball with friction: too little swings, too much creeps, and critical friction is fastest.

The function is a ravine, x²/20 + y², whose Hessian has the eigenvalues 0.1 along the valley and 2 across it. All three
start at (−7, 2) with the learning rate 0.4, and differ in the momentum β alone: 1 − β is the friction of a ball that
rolls on the surface. Along an eigenvector with the eigenvalue λ it is critical for β = (1 − √(lr λ))². Along the valley
this is 0.64. Then, in the long run, each step leaves √β = 0.80 of the distance, in both directions. With β = 0.9 the
ball swings through the minimum, and each step leaves √0.9 = 0.95. With β = 0.2 it creeps along the valley, and each
step leaves 0.95, too. The dashed curves are the same ball in continuous time, the limit of small steps. Across the
valley the steps are large, and run ahead of it. Source: Goh 2017, Why momentum really works, the section The critical
damping coefficient.
"""

import numpy as np

from animopt import Question, Racer, Scene
from animopt.claims import Holds
from animopt.functions import ravine

LR, LITTLE, CRITICAL, MUCH = 0.4, 0.9, 0.64, 0.2


def rate(race, racer, axis):
    """Return the part of the distance along an axis that each step leaves in the long run.

    The recurrence x[k + 1] = a x[k] − b x[k − 1] is read from the first steps of the race.
    """
    x = np.array(race.xy[racer, :4, axis])
    a, b = np.linalg.solve([[x[1], -x[0]], [x[2], -x[1]]], x[2:4])
    return np.abs(np.roots([1, -a, b])).max()


def crossings(race, racer):
    """Return how often a racer crosses the minimum along the valley."""
    return (np.diff(np.sign(race.xy[racer, :, 0])) != 0).sum()


scene = Scene(
    title={"en": "Critical damping", "ko": "임계 감쇠"},
    caption={
        "en": "In the long run each step leaves √β = 0.80 of the distance at critical friction, else 0.95",
        "ko": "길게 보면 걸음마다 임계 마찰에서는 거리의 √β = 0.80이, 마찰이 더 작거나 크면 0.95가 남는다",
    },
    notes={
        "ko": "모멘텀은 마찰을 받으며 구르는 무거운 공과 같습니다. 함수는 x²/20 + y²인 골짜기이고, 고윳값은 골짜기를 "
        "따라 0.1, 가로질러 2입니다. 셋 다 (−7, 2)에서 학습률 0.4로 출발하고, 모멘텀 β만 다릅니다. 1 − β가 공의 "
        "마찰입니다. 고윳값이 λ인 방향에서는 β = (1 − √(lr λ))²일 때 마찰이 임계값이고, 골짜기를 따라서는 "
        "0.64입니다. 그러면 길게 보아 두 방향 모두 걸음마다 거리의 √β = 0.80이 남습니다. β = 0.9이면 공이 최소점을 "
        "지나 흔들리고, 걸음마다 √0.9 = 0.95가 남습니다. β = 0.2이면 골짜기를 따라 느릿느릿 기어가고, 역시 0.95가 "
        "남습니다. 점선은 같은 공을 연속 시간에서 굴린 것으로, 걸음을 작게 한 극한입니다. 골짜기를 가로지르는 걸음은 "
        "커서 점선보다 앞서갑니다."
    },
    function=ravine.replace(source="Goh 2017, Why momentum really works, the section The critical damping coefficient"),
    racers=[
        Racer("SGD", lr=LR, momentum=LITTLE, name={"en": "Too little friction", "ko": "마찰 부족"}),
        Racer("SGD", lr=LR, momentum=CRITICAL, name={"en": "Critical friction", "ko": "임계 마찰"}),
        Racer("SGD", lr=LR, momentum=MUCH, name={"en": "Too much friction", "ko": "마찰 과다"}),
    ],
    start=(-7, 2),
    steps=60,
    seconds=14,
    panels=["wireframe", "contour", "modes", "scoreboard"],
    question=Question(
        {"en": "Which friction ends nearest to the minimum?", "ko": "마찰이 어떨 때 최소점에 가장 가까이 갈까요?"},
        step=6,
        seconds=2,
    ),
    claims=[
        Holds(
            "the eigenvalues are 0.1 along the valley and 2 across it",
            lambda race: np.allclose(race.quantities["modes"][:, 0, :, 1], [2, 0.1]),
        ),
        Holds(
            "friction is critical along the valley for β = 0.64, (1 − √(lr λ))²",
            lambda race: np.isclose((1 - np.sqrt(LR * race.quantities["modes"][1, 0, 1, 1])) ** 2, CRITICAL),
        ),
        Holds(
            "at critical friction each step leaves √β = 0.80 in both directions in the long run",
            lambda race: np.allclose([rate(race, 1, 0), rate(race, 1, 1)], 0.8, atol=1e-4),
        ),
        Holds(
            "with β = 0.9 each step leaves √0.9 = 0.95 in both directions",
            lambda race: np.allclose([rate(race, 0, 0), rate(race, 0, 1)], np.sqrt(0.9)),
        ),
        Holds("with β = 0.2 each step leaves 0.95 along the valley", lambda race: round(rate(race, 2, 0), 2) == 0.95),
        Holds(
            "only too little friction swings along the valley",
            lambda race: crossings(race, 0) > 1 and crossings(race, 1) == crossings(race, 2) == 0,
        ),
        Holds("critical friction is nearest at the end, the first of 3", lambda race: race.winner == 1),
    ],
)
