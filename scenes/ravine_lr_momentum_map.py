"""Which learning rate goes with which momentum, in the ravine?

Every cell is a race of SGD, with the learning rate along the map and the momentum upwards. Watch the valley of good
pairs: it leans to the left as momentum grows, and beyond lr = 1 + momentum every race diverges.
"""

from animopt import Racer, Scene, SettingsMap, logspace
from animopt.functions import ravine

scene = Scene(
    title={"en": "Rate and momentum in a ravine", "ko": "골짜기에서의 학습률과 모멘텀"},
    caption={"en": "Beyond lr = 1 + momentum every race diverges", "ko": "lr = 1 + 모멘텀을 넘으면 모두 발산한다"},
    function=ravine,
    racers=[Racer("SGD", lr=0.1, momentum=0.9, name="Momentum")],
    map=SettingsMap(lr=logspace(0.01, 3, 64), momentum=[round(0.99 * row / 63, 4) for row in range(64)]),
    start=(-7, 2),
    steps=60,
)
