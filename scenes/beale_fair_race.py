"""A fair race on Beale's function: each racer with the best settings of the same search.

Learning rates that happen to suit one racer decide most races. Here every racer gets the same number of trials, on the
same objective, from the same starts, and none diverges. The notes list the settings that were found, and their scores.
"""

from animopt import Racer, Scene, tuned
from animopt.claims import Diverges, Not
from animopt.functions import beale

scene = Scene(
    title={"en": "A fair race on Beale's function", "ko": "빌 함수 위의 공정한 경주"},
    notes={
        "ko": "빌 함수에서 벌이는 공정한 경주입니다. 모두 같은 탐색으로 찾은 가장 좋은 설정을 씁니다. 대개의 경주는 "
        "우연히 어느 한 기법에 맞는 학습률 때문에 승부가 갈립니다. 여기서는 모두가 같은 횟수만큼, 같은 목적 함수로, "
        "같은 출발점에서 시도합니다. 발산하는 것은 없습니다."
    },
    function=beale,
    racers=tuned(
        [
            Racer("SGD"),
            Racer("SGD", momentum=0.9, name={"en": "Momentum", "ko": "모멘텀"}),
            Racer("RMSprop"),
            Racer("Adam"),
        ],
        trials=20,
        starts=[(-2, 2), (1, -3)],
    ),
    start=(-2, 2),
    steps=100,
    claims=[Not(Diverges())],
)
