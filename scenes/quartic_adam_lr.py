"""Adam on a quartic at six learning rates: the rate is the longest step.

However steep the wall, no step here is longer than the learning rate in either coordinate. At 0.1, twenty steps do not
even reach the shelf; at 0.9 they lead through the minimum and up the wall behind it.
"""

from animopt import Racer, Scene, Sweep
from animopt.functions import quartic

scene = Scene(
    title={"en": "Adam's learning rate", "ko": "Adam의 학습률"},
    caption={
        "en": "No step is longer than the rate each way, however steep the wall",
        "ko": "벽이 아무리 가팔라도 한 걸음은 좌표마다 학습률을 넘지 않는다",
    },
    function=quartic,
    racers=Sweep(Racer("Adam", betas=(0.9, 0.9)), lr=[0.1, 0.3, 0.5, 0.7, 0.9, 1.5]),
    start=(5.1, -2.3),
    steps=20,
)
