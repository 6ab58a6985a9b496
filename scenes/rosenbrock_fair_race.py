"""A fair race on Rosenbrock's function: each racer with the best settings of the same search.

Every racer gets the same number of trials, on the same objective, from the same starts. The caption shows the settings
that were found, and their scores. Watch who turns into the valley, and who gets along it.
"""

from animopt import Racer, Scene, tuned
from animopt.functions import rosenbrock

scene = Scene(
    title={"en": "A fair race on Rosenbrock's function", "ko": "로젠브록 함수에서의 공정한 경주"},
    function=rosenbrock,
    racers=tuned(
        [Racer("SGD"), Racer("SGD", momentum=0.9, name="Momentum"), Racer("RMSprop"), Racer("Adam")],
        trials=20,
        starts=[(-1.2, 1), (1.5, 2.5)],
    ),
    start=(-1.2, 1),
    steps=150,
)
