"""RMSprop forgets old gradients, and keeps its pace to the bottom of a ravine.

Adagrad sums all squared gradients; RMSprop averages the recent ones, so that its steps do not fade. Its first step is
lr / √(1 - alpha), here 2.8 in each coordinate, on any slope.
"""

from animopt import Racer, Scene
from animopt.functions import ravine

scene = Scene(
    title={"en": "RMSprop in a ravine", "ko": "골짜기의 RMSprop"},
    caption={"en": "Old gradients are forgotten, the pace is kept", "ko": "오래된 기울기를 잊고 속도를 지킨다"},
    function=ravine,
    racers=[Racer("RMSprop", lr=0.9, alpha=0.9)],
    start=(-7, 2),
    steps=10,
)
