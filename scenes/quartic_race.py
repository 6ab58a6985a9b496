"""Five optimizers race down a quartic from one start.

Each has the settings of its own scene. Adagrad is still on the shelf at the end, because the wall has used up its step
size. The others get into the deeper valley. Momentum arrives at the minimum first, Adam later, and both leave it again.
RMSprop and gradient descent never arrive: they zigzag across the valley, gradient descent because 0.01 is too large for
the curvature. Adam wins.
"""

from animopt import Racer, Scene
from animopt.claims import Arrives, Holds, Leaves, Not, Wins, Zigzags
from animopt.functions import quartic

scene = Scene(
    title={"en": "Five optimizers on a quartic", "ko": "사차함수 위의 다섯 최적화 기법"},
    caption={"en": "Who gets past the shelf?", "ko": "누가 턱을 넘어가는가?"},
    notes={
        "ko": "다섯 최적화 기법이 한 출발점에서 사차함수를 달려 내려갑니다. 설정은 각 기법의 장면에서 쓴 "
        "그대로입니다. Adagrad는 벽에서 보폭을 다 써 버려 끝까지 턱에 남습니다. 나머지는 깊은 골짜기로 들어갑니다. "
        "모멘텀이 극소점에 먼저 닿고 Adam이 뒤에 닿지만, 둘 다 다시 떠납니다. RMSprop과 경사하강법은 골짜기를 "
        "지그재그로 오갈 뿐 극소점에 닿지 못합니다. 경사하강법은 학습률 0.01이 이 곡률에 너무 크기 때문입니다. "
        "마지막에는 Adam의 손실이 가장 낮습니다."
    },
    function=quartic,
    racers=[
        Racer("SGD", lr=0.01),
        Racer("SGD", lr=0.0011, momentum=0.9, name={"en": "Momentum", "ko": "모멘텀"}),
        Racer("Adagrad", lr=0.8),
        Racer("RMSprop", lr=0.9, alpha=0.9),
        Racer("Adam", lr=0.9, betas=(0.9, 0.9)),
    ],
    start=(5, -2.5),
    steps=40,
    claims=[
        Holds(
            "all but Adagrad get past the shelf, into the deeper valley",
            lambda race: (race.xy[:, -1] < (-5, 1.06)).all(axis=1).tolist() == [True, True, False, True, True],
        ),
        Arrives("Momentum", first=True),
        Arrives("Adam"),
        Leaves("Momentum", "Adam"),
        Not(Arrives("SGD", "Adagrad", "RMSprop")),
        Zigzags("SGD", "RMSprop"),
        Wins("Adam"),
    ],
)
