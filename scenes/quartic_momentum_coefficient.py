"""Gradient descent on a quartic with six momenta: how much does it take to get past a shelf?

At x = 1.6 the ground is nearly flat, and steps without a velocity are short there. A momentum of 0.5 is too small for
twenty steps; with 0.7 and more, the speed gained on the wall carries the racer across. With 0.99 the racer leaves the
picture, and comes back to the shelf.
"""

from animopt import Racer, Scene, Sweep
from animopt.claims import Holds, LeavesPicture, Not
from animopt.functions import quartic

scene = Scene(
    title={"en": "How much momentum on a quartic", "ko": "사차함수에서 모멘텀의 계수"},
    caption={
        "en": "The shelf holds a momentum of up to 0.5; 0.7 and more get past it",
        "ko": "0.5 이하는 턱에 머물고, 0.7 이상은 넘어간다",
    },
    notes={
        "ko": "사차함수에서 경사하강법의 모멘텀 계수를 여섯 가지로 바꾸어 봅니다. 턱을 넘으려면 얼마나 커야 할까요? x "
        "= 1.6의 턱은 거의 평평해서, 속도가 없으면 거기서 보폭이 짧습니다. 스무 걸음에 넘기에는 0.5로도 모자랍니다. "
        "0.7 이상이면 벽에서 얻은 속도로 턱을 넘어갑니다. 0.99이면 화면을 벗어났다가 턱으로 되돌아옵니다."
    },
    function=quartic,
    racers=Sweep(Racer("SGD", lr=0.0011), momentum=[0.0, 0.5, 0.7, 0.8, 0.9, 0.99]),
    start=(4.8, -2.8),
    steps=20,
    layout="multiples",
    claims=[
        Holds("0 and 0.5 do not get past the shelf at x = 1.6", lambda race: race.xy[:2, :, 0].min() > 1.6),
        Holds("0.7 and more get past it", lambda race: (race.xy[2:, :, 0].min(axis=1) < 0).all()),
        LeavesPicture("momentum 0.99"),
        Not(LeavesPicture("momentum 0", "momentum 0.5", "momentum 0.7", "momentum 0.8", "momentum 0.9")),
        Holds("0.99 comes back", lambda race: race.xy[5, -1, 0] > 0),
    ],
)
