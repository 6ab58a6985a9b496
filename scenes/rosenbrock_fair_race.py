"""A fair race on Rosenbrock's function: each racer with the best settings of the same search.

Every racer gets the same number of trials, on the same objective, from the same starts, and none diverges. The notes
list the settings that were found, and their scores. Watch who turns into the valley, and who gets along it.
"""

from animopt import Racer, Scene, tuned
from animopt.claims import Diverges, Not
from animopt.functions import rosenbrock

scene = Scene(
    title={"en": "A fair race on Rosenbrock's function", "ko": "로젠브록 함수 위의 공정한 경주"},
    notes={
        "ko": "로젠브록 함수에서 벌이는 공정한 경주입니다. 모두 같은 탐색으로 찾은 가장 좋은 설정을 씁니다. 모두가 "
        "같은 횟수만큼, 같은 목적 함수로, 같은 출발점에서 시도합니다. 발산하는 것은 없습니다. 누가 골짜기로 "
        "들어서는지, 누가 골짜기를 따라 나아가는지 보세요."
    },
    function=rosenbrock,
    racers=tuned(
        [
            Racer("SGD"),
            Racer("SGD", momentum=0.9, name={"en": "Momentum", "ko": "모멘텀"}),
            Racer("RMSprop"),
            Racer("Adam"),
        ],
        trials=20,
        starts=[(-1.2, 1), (1.5, 2.5)],
    ),
    start=(-1.2, 1),
    steps=150,
    claims=[Not(Diverges())],
)
