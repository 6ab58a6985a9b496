"""Newton's method, a trust region, Newton's direction with a line search, and gradient descent in one valley.

At each point the gradient and the Hessian give a quadratic model of the function. Its level lines are ellipses, and the
cross is its minimum. Newton's method goes to the cross, wherever that is. From the start (−1.2, 1) it is within 10⁻⁸ of
the minimum (1, 1) after 8 steps, but its steps 2 and 4 raise the loss, from 3.9 to 10.4 and from 0.9 to 6.6.

The trust region goes to the cross only if it is inside the dashed circle, and otherwise to the point in there with the
smallest value of the model. The radius is 0.5 at the start. After a step to the edge where the loss fell as the model
promised, the radius is doubled to 1. In step 5 the cross is inside the circle, but the loss would rise: the racer
stays, and the radius becomes a quarter, 0.25. It never goes up, and is within 10⁻⁸ after 13 steps. The line search
halves Newton's step until the loss falls enough, which it does in steps 2 and 4, and is there after 12. Gradient
descent with a learning rate of 0.01 is still at x = −0.88 after 14 steps.

The function is Rosenbrock's with a smaller factor, 10. Source: Nocedal and Wright 2006, Numerical
Optimization, exercise 4.1, with algorithms 3.1 and 4.1.
"""

import numpy as np

from animopt import Function, Question, Racer, Scene, SlowMotion
from animopt.claims import Holds
from animopt.second_order import LineSearch, Newton, TrustRegion

valley = Function(
    lambda p: 10 * (p[1] - p[0] ** 2) ** 2 + (1 - p[0]) ** 2,
    x=(-2, 2),
    y=(-1.5, 2),
    minima=[(1, 1)],
    formula=r"10\left(y - x^2\right)^2 + (1 - x)^2",
    name="valley",
    source="Nocedal and Wright 2006, Numerical Optimization, exercise 4.1",
)

TRUST, NEWTON, SEARCH, GRADIENT = range(4)


def arrival(race, racer):
    """Return the first step after which a racer is within 1e-8 of the minimum."""
    return int((np.linalg.norm(race.xy[racer] - 1, axis=1) < 1e-8).argmax())


def rising(race, racer):
    """Return the steps that raise the loss, from 1e-8 on."""
    return (np.flatnonzero(np.diff(race.z[racer]) > 1e-8) + 1).tolist()


scene = Scene(
    title={"en": "Trust the model, but not too far", "ko": "모형을 믿되, 너무 멀리는 말고"},
    caption={
        "en": "Newton's steps 2 and 4 go up; the trust radius of 1 shrinks to 0.25 in step 5",
        "ko": "뉴턴 방법은 2, 4번째 걸음에서 오르고, 신뢰 반지름은 5번째에 1에서 0.25로 준다",
    },
    notes={
        "ko": "한 골짜기에 뉴턴 방법, 신뢰 영역, 직선 탐색을 쓰는 뉴턴 방향, 경사하강법이 있습니다. 점마다 "
        "기울기와 헤세 행렬이 함수의 이차 모형을 줍니다. 모형의 등고선은 타원이고, ×표는 모형의 "
        "최소점입니다. 뉴턴 방법은 ×표가 어디에 있든 그리로 갑니다. 출발점 (−1.2, 1)에서 8걸음 뒤에는 최소점 "
        "(1, 1)에서 10⁻⁸ 안에 있지만, 2번째와 4번째 걸음에서 손실이 3.9에서 10.4로, 0.9에서 6.6으로 "
        "오릅니다. 신뢰 영역은 ×표가 점선으로 그린 원 안에 있을 때만 그리로 가고, 아니면 원 안에서 모형의 "
        "값이 가장 작은 점으로 갑니다. 반지름은 처음에 0.5입니다. 원의 가장자리까지 간 걸음에서 손실이 "
        "모형대로 줄면 반지름이 두 배인 1이 됩니다. 5번째 걸음에서는 ×표가 원 안에 있지만 그리로 가면 손실이 "
        "오릅니다. 그래서 제자리에 머물고 반지름은 4분의 1인 0.25로 줄어듭니다. 한 번도 오르지 않고, 13걸음 "
        "뒤에 10⁻⁸ 안에 있습니다. 직선 탐색은 손실이 충분히 줄 때까지 뉴턴의 걸음을 반으로 줄이는데, 2번째와 "
        "4번째 걸음에서 그렇게 하고 12걸음 뒤에 그곳에 있습니다. 학습률이 0.01인 경사하강법은 14걸음 뒤에도 "
        "x = −0.88에 있습니다. 함수는 로젠브록 함수의 계수를 10으로 줄인 것입니다."
    },
    function=valley,
    racers=[
        Racer(TrustRegion, radius=0.5, name={"en": "Trust region", "ko": "신뢰 영역"}),
        Racer(Newton, name={"en": "Newton", "ko": "뉴턴 방법"}),
        Racer(LineSearch, direction="newton", name={"en": "Newton, line search", "ko": "뉴턴 방향, 직선 탐색"}),
        Racer("SGD", lr=0.01, name={"en": "Gradient descent", "ko": "경사하강법"}),
    ],
    start=(-1.2, 1),
    steps=14,
    seconds=16,
    panels=["wireframe", "contour", "standings"],
    overlays=["model"],
    focus="Trust region",
    slow=[SlowMotion(3, 6, times=2)],
    question=Question(
        {
            "en": "The cross is inside the circle. Does the trust region go there?",
            "ko": "×표가 원 안에 있다. 신뢰 영역은 그리로 갈까?",
        },
        step=4,
        seconds=2.5,
    ),
    claims=[
        Holds(
            "after 8 steps Newton is within 10⁻⁸ of the minimum, and 7 are not enough",
            lambda race: arrival(race, NEWTON) == 8,
        ),
        Holds("Newton's steps 2 and 4 raise the loss, and go up", lambda race: rising(race, NEWTON) == [2, 4]),
        Holds(
            "from 3.9 to 10.4 and from 0.9 to 6.6",
            lambda race: race.z[NEWTON, 1:5].round(1).tolist() == [3.9, 10.4, 0.9, 6.6],
        ),
        Holds(
            "the trust radius is 0.5 at the start, doubled to 1, and shrinks to 0.25, a quarter, in step 5",
            lambda race: race.states[TRUST]["radius"][:6].tolist() == [0.5, 0.5, 1, 1, 1, 0.25],
        ),
        Holds(
            "after the steps to the edge, the loss fell as the model promised",
            lambda race: (
                np.abs(np.linalg.norm(race.xy[TRUST, 2] - race.xy[TRUST, 1]) - 0.5) < 1e-12
                and race.states[TRUST]["ratio"][2] > 0.75
            ),
        ),
        Holds(
            "in step 5 the cross is inside the circle, the loss would rise, and the racer stays",
            lambda race: (
                race.states[TRUST]["ratio"][5] < 0
                and (race.xy[TRUST, 5] == race.xy[TRUST, 4]).all()
                and np.linalg.norm(np.linalg.solve(race.quantities["hessian"][TRUST, 4], race.gradients[TRUST, 4])) < 1
            ),
        ),
        Holds("the trust region never goes up", lambda race: not rising(race, TRUST)),
        Holds("it is within 10⁻⁸ after 13 steps", lambda race: arrival(race, TRUST) == 13),
        Holds(
            "the line search halves its step in steps 2 and 4, 3.1",
            lambda race: race.states[SEARCH]["step_length"][1:13].tolist() == [1, 0.5, 1, 0.5, *[1] * 8],
        ),
        Holds("it is there after 12", lambda race: arrival(race, SEARCH) == 12),
        Holds("the loss falls in each of its steps", lambda race: not rising(race, SEARCH)),
        Holds(
            "gradient descent is still at x = −0.88 after 14 steps",
            lambda race: round(race.xy[GRADIENT, 14, 0], 2) == -0.88,
        ),
    ],
)
