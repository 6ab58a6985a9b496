"""Five optimizers race down a ravine.

Each has the settings of its own scene. The learning rates differ, because the same number means a different first step
for each optimizer. Watch RMSprop, which arrives first and leaves again, and gradient descent, which zigzags, overtakes
all others, and is the only one that settles at the minimum.
"""

from animopt import Racer, Scene
from animopt.claims import Arrives, Leaves, Not, Overtakes, Settles, Wins, Zigzags
from animopt.functions import ravine

scene = Scene(
    title={"en": "Five optimizers in a ravine", "ko": "골짜기의 다섯 최적화 기법"},
    caption={"en": "Each with the settings of its own scene", "ko": "저마다 자기 장면에서 쓴 설정으로 달린다"},
    notes={
        "ko": "다섯 최적화 기법이 골짜기를 달려 내려갑니다. 저마다 자기 장면의 설정을 씁니다. 같은 수라도 기법마다 "
        "첫걸음이 다르므로 학습률도 서로 다릅니다. 가장 먼저 닿았다가 다시 떠나는 RMSprop과, 지그재그로 움직이면서도 "
        "나머지를 모두 앞지르고 홀로 최소점에 자리 잡는 경사하강법을 보세요."
    },
    function=ravine,
    racers=[
        Racer("SGD", lr=0.95),
        Racer("SGD", lr=0.1, momentum=0.9, name={"en": "Momentum", "ko": "모멘텀"}),
        Racer("Adagrad", lr=0.9),
        Racer("RMSprop", lr=0.9, alpha=0.9),
        Racer("Adam", lr=0.9, betas=(0.9, 0.9)),
    ],
    start=(-7, 2),
    steps=40,
    claims=[
        Arrives("RMSprop", first=True),
        Leaves("RMSprop"),
        Zigzags("SGD"),
        Overtakes("SGD"),
        Settles("SGD"),
        Not(Settles("Momentum", "Adagrad", "RMSprop", "Adam")),
        Wins("SGD"),
    ],
)
