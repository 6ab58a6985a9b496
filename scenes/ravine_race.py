"""Five optimizers race down a ravine.

Each has the settings of its own scene. The learning rates differ, because the same number means a different first step
for each optimizer. Watch RMSprop, which arrives first and cannot stop there, and gradient descent, which zigzags, is
overtaken by all, and is the nearest in the end.
"""

from animopt import Racer, Scene
from animopt.functions import ravine

scene = Scene(
    title={"en": "Five optimizers in a ravine", "ko": "골짜기의 다섯 최적화 기법"},
    caption={"en": "Each with the settings of its own scene", "ko": "저마다 제 실험의 설정으로 달린다"},
    function=ravine,
    racers=[
        Racer("SGD", lr=0.95),
        Racer("SGD", lr=0.1, momentum=0.9, name="Momentum"),
        Racer("Adagrad", lr=0.9),
        Racer("RMSprop", lr=0.9, alpha=0.9),
        Racer("Adam", lr=0.9, betas=(0.9, 0.9)),
    ],
    start=(-7, 2),
    steps=40,
)
