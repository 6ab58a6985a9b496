"""Adam runs through the bottom of a ravine and out on the other side.

Adam has momentum's velocity and RMSprop's step sizes. With both averages at 0.9 the velocity lasts longer than the
slope that caused it: after ten steps the racer is past the minimum and climbing.
"""

from animopt import Racer, Scene
from animopt.functions import ravine

scene = Scene(
    title={"en": "Adam in a ravine", "ko": "골짜기의 Adam"},
    caption={"en": "Through the minimum and out on the other side", "ko": "최솟값을 지나 반대편으로 오른다"},
    function=ravine,
    racers=[Racer("Adam", lr=0.9, betas=(0.9, 0.9))],
    start=(-7, 2),
    steps=10,
)
