"""RMSprop from two starts: ten steps bring one to a minimum, and leave the other on a shelf.

From (5, -5) the racer descends a wall. Its average still remembers the steep wall when the ground becomes flat, so
the steps on the shelf are short.
"""

from animopt import Racer, Scene
from animopt.functions import quartic

scene = Scene(
    title={"en": "RMSprop on a quartic", "ko": "사차함수의 RMSprop"},
    caption={"en": "One to a minimum, one left on a shelf", "ko": "하나는 최솟값에, 하나는 턱에 머문다"},
    function=quartic,
    racers=[
        Racer("RMSprop", lr=0.9, alpha=0.9, start=(0.1, 2.3)),
        Racer("RMSprop", lr=0.9, alpha=0.9, start=(5, -5)),
    ],
    steps=10,
)
