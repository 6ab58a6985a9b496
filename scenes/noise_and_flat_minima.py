"""Noise leaves the sharp minimum, though it is the lower one, and stays in the flat one.

Two hundred runs of SGD start at the sharp minimum on the left. Its loss is 0.05, less than the 0.09 of the flat minimum
on the right, and its sharpness, the largest eigenvalue of the Hessian, is 12.9 instead of 1.4. Each gradient has
Gaussian noise with a standard deviation of 2.2 in each component, and the learning rate is 0.1. Without noise, none
would move. With it, the narrow basin is left sooner or later, and hardly found again: after 50 steps 45 % of the runs
are in the flat basin, and after 200 steps 87 %, with a standard error of 2 %. A run outside the domain is in no basin:
these are 3 runs after 50 steps, and 1 after 200.

Keskar et al. 2017 connect the sharp minima to which large batches lead with worse generalization. That a minimum is
flat does not imply that it generalizes: Dinh et al. 2017 make the same network as sharp as they like by other
parameters. This race shows only where the noise leads.

The function is 1 − 1.15 exp(−((x + 1.5)² + y²)/0.18) − exp(−((x − 1)² + y²)/1.62) + (x² + y²)/10. The runs have the
seeds 0 to 199.
"""

import numpy as np
import torch

from animopt import Function, Question, Racer, Scene
from animopt.claims import Holds

RUNS = 200
SHARP, FLAT = (-1.471336, 0.0), (0.859109, 0.0)


def wells(p):
    """Return the loss of a narrow and a wide well in a bowl."""
    x, y = p[0], p[1]
    narrow = 1.15 * torch.exp(-((x + 1.5) ** 2 + y**2) / 0.18)
    wide = torch.exp(-((x - 1) ** 2 + y**2) / 1.62)
    return 1 - narrow - wide + (x**2 + y**2) / 10


def sharpness(minimum):
    """Return the largest eigenvalue of the Hessian at a minimum (x, y)."""
    hessian = torch.autograd.functional.hessian(wells, torch.tensor(minimum, dtype=torch.float64))
    return torch.linalg.eigvalsh(hessian)[-1].item()


def outside(race, step):
    """Return the number of runs outside the domain after a step."""
    return int((np.abs(race.swarm.xy[:, step]) > [3, 2.25]).any(axis=1).sum())


def share(race, step):
    """Return the share of the runs in the flat basin after a step, in percent."""
    return 100 * race.swarm.shares(2)[1, step]


scene = Scene(
    title={"en": "Noise leaves the sharp minimum", "ko": "잡음은 뾰족한 극소점을 떠난다"},
    caption={
        "en": "After 200 steps, 87 % ± 2 % of 200 runs are in the flat basin B, though A is lower",
        "ko": "A가 더 낮은데도, 200걸음 뒤에는 200번 가운데 87 % ± 2 %가 평평한 B의 골짜기에 있다",
    },
    notes={
        "ko": "잡음은 더 낮더라도 뾰족한 극소점을 떠나, 평평한 극소점에 머무릅니다. SGD를 200번, 왼쪽의 뾰족한 "
        "극소점에서 출발시킵니다. 그곳의 손실은 0.05로, 오른쪽 평평한 극소점의 0.09보다 작습니다. 첨예도, 곧 헤세 "
        "행렬의 가장 큰 고윳값은 1.4가 아니라 12.9입니다. 기울기의 각 성분에는 표준편차가 2.2인 정규분포 잡음이 "
        "있고, 학습률은 0.1입니다. 잡음이 없으면 아무도 움직이지 않습니다. 잡음이 있으면 좁은 골짜기를 언젠가는 "
        "떠나고, 다시 찾아오는 일은 드뭅니다. 50걸음 뒤에는 45 %가, 200걸음 뒤에는 87 %가 평평한 쪽에 있습니다. "
        "표준오차는 2 %입니다. 정의역 밖에 있는 실행은 어느 쪽에도 넣지 않습니다. 50걸음 뒤에는 3번, 200걸음 뒤에는 "
        "1번입니다. 2017년의 한 연구는 큰 배치가 이르는 뾰족한 극소점을 나쁜 일반화와 연결 짓습니다. 그러나 "
        "평평하다고 일반화가 잘되는 것은 아닙니다. 같은 해의 다른 연구는 매개변수를 바꾸어 같은 신경망을 얼마든지 "
        "뾰족하게 만듭니다. 이 경주는 잡음이 어디로 이끄는지만 보여 줍니다. 함수는 그릇에 판 두 우물이고, 시드는 "
        "0부터 199까지입니다."
    },
    function=Function(
        wells,
        x=(-3, 3),
        y=(-2.25, 2.25),
        formula=r"1 - 1.15\,e^{-((x+1.5)^2+y^2)/0.18} - e^{-((x-1)^2+y^2)/1.62} + (x^2+y^2)/10",
        minima=[SHARP, FLAT],
        source="Keskar et al. 2017, On large-batch training for deep learning, section 2.2",
    ),
    racers=[Racer("SGD", lr=0.1)],
    start=SHARP,
    steps=200,
    noise=2.2,
    swarm=RUNS,
    seconds=12,
    view="domain",
    panels=["wireframe", "contour", "swarm"],
    overlays=["swarm"],
    question=Question(
        {
            "en": "All 200 runs start in the narrow, lower minimum A. Where will they be?",
            "ko": "200번 모두 좁고 더 낮은 극소점 A에서 출발한다. 어디로 갈까?",
        },
        step=0,
        seconds=2.5,
    ),
    claims=[
        Holds("200 runs, with the seeds 0 to 199, start at the sharp minimum", lambda race: len(race.swarm.xy) == RUNS),
        Holds(
            "its loss is 0.05, and that of the flat minimum 0.09, though A is lower",
            lambda race: race.minima[:, 2].round(2).tolist() == [0.05, 0.09],
        ),
        Holds(
            "the sharpness is 12.9 instead of 1.4",
            lambda race: [round(sharpness(minimum), 1) for minimum in (SHARP, FLAT)] == [12.9, 1.4],
        ),
        Holds("the noise leaves the sharp minimum", lambda race: np.diff(share(race, [0, 50, 100, 200])).min() > 10),
        Holds("after 50 steps 45 % of the runs are in the flat basin", lambda race: round(share(race, 50)) == 45),
        Holds("after 200 steps 87 % of 200 runs are in the flat basin", lambda race: round(share(race, 200)) == 87),
        Holds(
            "outside the domain are 3 runs after 50 steps, and 1 after 200, which are in no basin",
            lambda race: (
                [outside(race, step) for step in (50, 200)] == [3, 1]
                and np.allclose(RUNS * (1 - race.swarm.shares(2)[:, [50, 200]].sum(axis=0)), [3, 1])
            ),
        ),
        Holds(
            "with a standard error of 2 %",
            lambda race: round(100 * race.swarm.error(share(race, 200) / 100)) == 2,
        ),
    ],
)
