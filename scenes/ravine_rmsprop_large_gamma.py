"""RMSprop in a ravine with a gamma of 1 and more: the lecture's gamma, torch's alpha.

The notebook says that gamma must be less than 1. torch accepts more, without a word. With alpha = 1 the average of
squared gradients never changes from 0, so that a step divides by 10⁻⁸, the number that torch adds: the first one is 360
million long, and each is longer than the one before. With alpha = 1.2 the squared gradient counts −0.2 times, and its
root is not a number: there is no first step. With 0.99 the first step is 9 in each coordinate, and the race comes back.
"""

import warnings

import numpy as np

from animopt import Question, Racer, Scene, Sweep
from animopt.claims import Arrives, Diverges, Holds, LeavesPicture, Not
from animopt.functions import ravine

# The scene shows what the warning says.
warnings.filterwarnings("ignore", "racer alpha 1: with alpha=1 it never forgets")

scene = Scene(
    title={"en": "RMSprop's gamma of 1 and more", "ko": "1 이상인 RMSprop의 감마"},
    caption={
        "en": "1 divides by almost 0 and is gone in one step, 1.2 has no first step",
        "ko": "1은 0에 가까운 수로 나누어 한 걸음에 사라지고, 1.2는 첫걸음부터 수가 아니다",
    },
    notes={
        "ko": "RMSprop의 감마를 1 이상으로 해 봅니다. 강의의 감마가 torch에서는 alpha입니다. 노트북에는 감마가 1보다 "
        "작아야 한다고 적혀 있지만, torch는 아무 말 없이 더 큰 값도 받습니다. alpha가 1이면 기울기 제곱의 평균이 "
        "0에서 전혀 바뀌지 않습니다. 그래서 torch가 더하는 수 10⁻⁸로 나누게 되어, 첫걸음의 길이가 3억 6천만이고 "
        "걸음마다 더 길어집니다. alpha가 1.2이면 기울기의 제곱에 −0.2를 곱하므로 그 제곱근이 수가 아니어서, 첫걸음도 "
        "없습니다. 0.99에서는 첫걸음이 좌표마다 9이고, 경주가 되돌아옵니다."
    },
    function=ravine,
    racers=Sweep(Racer("RMSprop", lr=0.9), alpha=[0.9, 0.99, 1.0, 1.2]),
    start=(-7, 2),
    steps=10,
    question=Question(
        {"en": "Which of the four gammas work?", "ko": "네 감마 가운데 어느 것이 통할까?"},
        step=0,
        seconds=2.5,
    ),
    claims=[
        Holds(
            "the first step of 1 is 360 million long, because it divides by 10⁻⁸, and 3억 6천만 is the same number",
            lambda race: round(abs(race.xy[2, 1, 1] - race.xy[2, 0, 1]) / 1e6) == 360,
        ),
        Holds(
            "each step of 1 is longer than the one before",
            lambda race: (np.diff(np.linalg.norm(np.diff(race.xy[2, :8], axis=0), axis=1)) > 0).all(),
        ),
        Holds(
            "with 1.2 the average begins at -0.2 times the square, and there is no first step",
            lambda race: (
                np.allclose(race.states[3]["square_avg"][1], -0.2 * race.gradients[3, 0] ** 2)
                and np.isnan(race.xy[3, 1:]).all()
            ),
        ),
        Holds(
            "the first step of 0.99 is 9 in each coordinate",
            lambda race: np.allclose(np.abs(race.xy[1, 1] - race.xy[1, 0]), 9),
        ),
        LeavesPicture("alpha 1"),
        Diverges("alpha 1.2"),
        Not(Diverges("alpha 0.9", "alpha 0.99")),
        Arrives("alpha 0.9", "alpha 0.99"),
    ],
)
