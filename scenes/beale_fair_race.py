"""A fair race on Beale's function: each racer with the best settings of the same search.

Learning rates that happen to suit one racer decide most races. Here every racer gets the same number of trials, on the
same objective, from the same starts. The caption shows the settings that were found, and their scores.
"""

from animopt import Racer, Scene, tuned
from animopt.functions import beale

scene = Scene(
    title={"en": "A fair race on Beale's function", "ko": "빌 함수에서의 공정한 경주"},
    function=beale,
    racers=tuned(
        [Racer("SGD"), Racer("SGD", momentum=0.9, name="Momentum"), Racer("RMSprop"), Racer("Adam")],
        trials=20,
        starts=[(-2, 2), (1, -3)],
    ),
    start=(-2, 2),
    steps=100,
)
