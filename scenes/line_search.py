"""How far to go along the ray: an exact line search, Armijo's condition and the Wolfe conditions, on one function.

All three go against the gradient, and choose the step length α on that ray. The first ray from (−1.2, 1) crosses two
valleys. The exact search ends at the first minimum, at α = 0.0081. Armijo's search halves α = 1 until the loss is below
the dashed line, φ(0) + c1 α φ′(0) with c1 = 0.02, which is at 1/64 = 0.0156. The Wolfe search also wants a slope of at
most c2 = 0.4 times that at the start, in the dark parts, and takes α = 0.1010, in the second valley.

The minimum of a ray is not the best step. After 12 steps, the exact search has a loss of 0.112 and needed 159
gradients, and the Wolfe search has 0.128 with 79. Armijo's step 3, with α = 0.5, crosses to the other valley near the
minimum, and its loss is the lowest, 0.00039, with 91.

Source: Nocedal and Wright 2006, Numerical Optimization, section 3.1 and figures 3.3 to 3.5. The function is that of
exercise 4.1.
"""

from animopt import Function, Question, Racer, Scene, SlowMotion
from animopt.claims import Holds, Wins
from animopt.second_order import LineSearch

valley = Function(
    lambda p: 10 * (p[1] - p[0] ** 2) ** 2 + (1 - p[0]) ** 2,
    x=(-2, 2),
    y=(-1, 2.2),
    minima=[(1, 1)],
    formula=r"10\left(y - x^2\right)^2 + (1 - x)^2",
    name="valley",
    source="Nocedal and Wright 2006, Numerical Optimization, section 3.1, figures 3.3 to 3.5, and exercise 4.1",
)

search = Racer(LineSearch, c1=0.02, c2=0.4)

WOLFE, ARMIJO, EXACT = range(3)


def lengths(race, racer):
    """Return the accepted step lengths (steps,)."""
    return race.states[racer]["step_length"][1:]


scene = Scene(
    title={"en": "How far along the ray?", "ko": "얼마나 멀리 갈까? 직선 탐색"},
    caption={
        "en": "On the first ray, exact takes α = 0.0081, Armijo 0.0156 and Wolfe 0.1010",
        "ko": "첫 반직선에서 정확한 탐색은 α = 0.0081, 아르미호는 0.0156, 울프는 0.1010을 택한다",
    },
    notes={
        "ko": "반직선 위에서 얼마나 멀리 가야 할까요? 한 함수에서 정확한 직선 탐색, 아르미호 조건, 울프 조건을 "
        "비교합니다. 셋 모두 기울기의 반대 방향으로 가고, 그 반직선 위에서 걸음의 길이 α를 정합니다. (−1.2, "
        "1)에서 나온 첫 반직선은 골짜기 두 개를 지납니다. 정확한 탐색은 첫 최소점 α = 0.0081에서 끝납니다. "
        "아르미호 탐색은 α = 1에서 시작해 손실이 점선 φ(0) + c1 α φ′(0)보다 낮아질 때까지 반으로 줄입니다. "
        "c1 = 0.02일 때 1/64 = 0.0156입니다. 울프 탐색은 기울기도 출발할 때의 c2 = 0.4배 이하이기를 "
        "바랍니다. 진한 부분입니다. 그래서 두 번째 골짜기에 있는 α = 0.1010을 택합니다. 반직선의 최소점이 "
        "가장 좋은 걸음은 아닙니다. 12걸음 뒤에 정확한 탐색은 기울기 159개를 쓰고 손실이 0.112이고, 울프 "
        "탐색은 79개로 0.128입니다. 아르미호의 3번째 걸음은 α = 0.5로 최소점 가까이에 있는 건너편 골짜기로 "
        "가고, 손실이 0.00039로 가장 낮습니다. 기울기는 91개를 썼습니다."
    },
    function=valley,
    racers=[
        search.replace(search="wolfe", name={"en": "Wolfe", "ko": "울프"}),
        search.replace(search="armijo", name={"en": "Armijo", "ko": "아르미호"}),
        search.replace(search="exact", name={"en": "Exact", "ko": "정확한 탐색"}),
    ],
    start=(-1.2, 1),
    steps=12,
    seconds=16,
    panels=["ray", "contour", "standings"],
    focus="Wolfe",
    question=Question(
        {
            "en": "Where on this ray would you stop?",
            "ko": "이 반직선의 어디에서 멈추겠습니까?",
        },
        step=0,
        seconds=3,
    ),
    slow=[SlowMotion(0, 3, times=2)],
    claims=[
        Holds(
            "on the first ray, exact takes α = 0.0081, Armijo 0.0156, which is 1/64, and Wolfe 0.1010",
            lambda race: (
                [round(lengths(race, racer)[0], 4) for racer in (EXACT, ARMIJO, WOLFE)] == [0.0081, 0.0156, 0.1010]
                and lengths(race, ARMIJO)[0] == 1 / 64
            ),
        ),
        Holds(
            "the first ray crosses two valleys, and the exact search takes the first minimum",
            lambda race: (
                [
                    round(float(part * lengths(race, WOLFE)[0]), 3)
                    for part, before, after in zip(
                        race.quantities["ray"][WOLFE, 0, :-1, 0],
                        race.quantities["ray"][WOLFE, 0, :-1, 2],
                        race.quantities["ray"][WOLFE, 0, 1:, 2],
                        strict=True,
                    )
                    if before < 0 <= after
                ]
                == [0.008, 0.1]
            ),
        ),
        Holds(
            "c1 is 0.02 and c2 is 0.4",
            lambda race: all((each["c1"], each["c2"]) == (0.02, 0.4) for each in race.hyperparameters),
        ),
        Holds(
            "after 12 steps the losses are 0.112 of exact, 0.128 of Wolfe and 0.00039 of Armijo",
            lambda race: (
                [float(f"{race.z[racer, 12]:.3g}") for racer in (EXACT, WOLFE)] == [0.112, 0.128]
                and round(race.z[ARMIJO, 12], 5) == 0.00039
            ),
        ),
        Holds(
            "they needed 159, 79 and 91 gradients",
            lambda race: [race.evaluations[racer, -1] for racer in (EXACT, WOLFE, ARMIJO)] == [159, 79, 91],
        ),
        Holds(
            "Armijo's step 3 has α = 0.5 and crosses to the other valley",
            lambda race: lengths(race, ARMIJO)[2] == 0.5 and race.xy[ARMIJO, 2, 0] < 0 < race.xy[ARMIJO, 3, 0],
        ),
        Wins("Armijo"),
    ],
)
