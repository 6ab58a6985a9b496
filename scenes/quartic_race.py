"""Five optimizers race down a quartic from one start.

Each has the settings of its own scene. Adagrad stops on the shelf, because the wall has used up its step size. The
others find the deeper minimum, where gradient descent bounces to and fro, because 0.01 is too large for the curvature.
"""

from animopt import Racer, Scene
from animopt.functions import quartic

scene = Scene(
    title={"en": "Five optimizers on a quartic", "ko": "사차함수의 다섯 최적화 기법"},
    caption={"en": "Who gets past the shelf?", "ko": "누가 턱을 넘어가는가?"},
    function=quartic,
    racers=[
        Racer("SGD", lr=0.01),
        Racer("SGD", lr=0.0011, momentum=0.9, name="Momentum"),
        Racer("Adagrad", lr=0.8),
        Racer("RMSprop", lr=0.9, alpha=0.9),
        Racer("Adam", lr=0.9, betas=(0.9, 0.9)),
    ],
    start=(5, -2.5),
    steps=40,
)
