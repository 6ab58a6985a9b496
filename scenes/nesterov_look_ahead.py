"""The anatomy of a step: momentum takes the gradient where it is, and Nesterov's momentum where its velocity leads.

Both start at (−3.5, 2) on x²/4 + y², with a learning rate of 0.2 and a momentum of 0.8. Look at the arrows. A step of
momentum is the gradient at the point, scaled and pointing downhill, and 0.8 times the last step, the velocity. When the
gradient turns, the velocity does not know it yet, so the race swings past the valley to y = −1.25.

Nesterov's momentum goes with its velocity first, to the look-ahead point in the ring. Only there it computes the
gradient, which corrects the velocity one step earlier. It swings to y = −0.65, about half as far. Across the valley,
where the curvature is 2, it acts as a momentum of 0.8 · (1 − 0.2 · 2) = 0.48.

torch uses the step as Bengio, Boulanger-Lewandowski and Pascanu 2013 reformulate it: v ← βv + g, and
p ← p − lr(g + βv). Its points p are the look-ahead points, so a step starts with the gradient in the ring, and ends
with the next velocity.

Sources: Sutskever et al. 2013, On the importance of initialization and momentum in deep learning, section 2. Bengio,
Boulanger-Lewandowski and Pascanu 2013, Advances in optimizing recurrent networks, section 3.5.
"""

import numpy as np

from animopt import Function, Question, Racer, Scene, SlowMotion
from animopt.claims import Holds

LR, MOMENTUM = 0.2, 0.8

valley = Function(
    lambda x: x[0] ** 2 / 4 + x[1] ** 2,
    x=(-4.2, 3.4),
    y=(-2, 2.6),
    minima=[(0, 0)],
    formula="x^2/4 + y^2",
    name="valley",
    source="Sutskever et al. 2013, On the importance of initialization and momentum in deep learning, section 2",
)


def parts(race, racer):
    """Return the gradient part of each step of a racer, the last velocity and the new one, each (steps, 2)."""
    buffer = race.states[racer]["momentum_buffer"]
    velocity = -LR * MOMENTUM * np.vstack([np.zeros(2), buffer[1:]])
    return -LR * race.gradients[racer, :-1], velocity[:-1], velocity[1:]


def adds_up(race, racer, step):
    """Return whether the parts of each step of a racer, (steps, 2), are the recorded step."""
    return np.allclose(np.diff(race.xy[racer], axis=0), step, rtol=0, atol=1e-14)


scene = Scene(
    title={"en": "Momentum and Nesterov, step by step", "ko": "모멘텀과 네스테로프, 한 걸음씩"},
    caption={
        "en": "Momentum swings to y = −1.25, Nesterov's to −0.65: it measures ahead",
        "ko": "모멘텀은 y = −1.25까지, 네스테로프는 내다보고 재므로 −0.65까지만 지나친다",
    },
    notes={
        "ko": "한 걸음을 뜯어봅니다. 모멘텀은 지금 있는 곳에서, 네스테로프 모멘텀은 속도가 이끄는 곳에서 기울기를 "
        "잽니다. 둘 다 x²/4 + y² 위의 (−3.5, 2)에서 학습률 0.2, 모멘텀 계수 0.8로 출발합니다. 화살표를 보세요. "
        "모멘텀의 한 걸음은 내리막을 향하는 그 점의 기울기에 지난 걸음의 0.8배인 속도를 더한 것입니다. 기울기가 "
        "방향을 바꾸어도 속도는 아직 모르므로, 골짜기를 지나쳐 y = −1.25까지 갑니다. 네스테로프 모멘텀은 먼저 속도를 "
        "따라 고리로 표시한 내다본 점까지 갑니다. 거기서야 기울기를 재므로 속도를 한 걸음 먼저 바로잡습니다. y = "
        "−0.65까지만 가니 절반쯤입니다. 곡률이 2인 골짜기의 가로 방향에서는 0.8 · (1 − 0.2 · 2) = 0.48인 모멘텀처럼 "
        "움직입니다. torch는 벤지오 등이 2013년에 고쳐 쓴 식 v ← βv + g, p ← p − lr(g + βv)를 씁니다. 점 p가 곧 "
        "내다본 점이어서, 한 걸음은 고리에서 잰 기울기로 시작해 다음 속도로 끝납니다."
    },
    function=valley,
    racers=[
        Racer("SGD", lr=LR, momentum=MOMENTUM, name={"en": "Momentum", "ko": "모멘텀"}),
        Racer("SGD", lr=LR, momentum=MOMENTUM, nesterov=True, name={"en": "Nesterov", "ko": "네스테로프"}),
    ],
    start=(-3.5, 2),
    steps=14,
    seconds=18,
    layout="multiples",
    overlays=["anatomy"],
    slow=[SlowMotion(0, 6, times=4)],
    question=Question(
        {"en": "Which one swings farther past the valley?", "ko": "골짜기를 더 멀리 지나치는 쪽은 어느 쪽일까요?"},
        step=1,
        seconds=2,
    ),
    claims=[
        Holds(
            "a step of momentum is the gradient and 0.8 times the last step",
            lambda race: (
                adds_up(race, 0, sum(parts(race, 0)[:2]))
                and np.allclose(parts(race, 0)[1][1:], 0.8 * np.diff(race.xy[0], axis=0)[:-1])
            ),
        ),
        Holds(
            "a step of Nesterov's momentum is the gradient and the next velocity",
            lambda race: adds_up(race, 1, parts(race, 1)[0] + parts(race, 1)[2]),
        ),
        Holds(
            "they swing past the valley, to y = −1.25 and −0.65",
            lambda race: race.xy[:, :, 1].min(axis=1).round(2).tolist() == [-1.25, -0.65],
        ),
        Holds(
            "where the curvature is 2, Nesterov's momentum acts as one of 0.8 · (1 − 0.2 · 2) = 0.48",
            lambda race: (
                np.isclose(MOMENTUM * (1 - LR * race.gradients[1, 0, 1] / race.xy[1, 0, 1]), 0.48)
                # Across the valley, the points y of Nesterov's steps follow this recurrence.
                and np.allclose(
                    race.xy[1, 2:, 1],
                    (1 - LR * 2) * (1 + MOMENTUM) * race.xy[1, 1:-1, 1] - 0.48 * race.xy[1, :-2, 1],
                )
            ),
        ),
    ],
)
