"""Adam runs past the minimum of a ravine and up the other side.

Adam has momentum's velocity and RMSprop's step sizes. With both averages at 0.9 the velocity lasts longer than the
slope that caused it: after ten steps the racer is past the minimum and climbing.
"""

from animopt import Racer, Scene
from animopt.claims import Arrives, Holds, Not
from animopt.functions import ravine

scene = Scene(
    title={"en": "Adam in a ravine", "ko": "골짜기의 Adam"},
    caption={"en": "Past the minimum and up the other side", "ko": "최소점을 지나 반대편으로 올라간다"},
    notes={
        "ko": "Adam은 골짜기의 최소점을 지나 반대편으로 올라갑니다. Adam은 모멘텀의 속도와 RMSprop의 보폭을 함께 "
        "씁니다. 두 평균의 계수가 모두 0.9이면 속도가 그 속도를 만든 경사보다 오래 남습니다. 그래서 열 걸음 뒤에는 "
        "최소점을 지나 오르고 있습니다."
    },
    function=ravine,
    racers=[Racer("Adam", lr=0.9, betas=(0.9, 0.9))],
    start=(-7, 2),
    steps=10,
    claims=[
        Not(Arrives("Adam")),
        Holds(
            "after ten steps it has run past the minimum and is climbing",
            lambda race: race.xy[0, -1, 0] > 0 and race.z[0, -1] > race.z[0, -2],
        ),
    ],
)
