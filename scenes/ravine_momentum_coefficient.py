"""Gradient descent in a ravine with six momenta, from none to nearly all.

The velocity adds up the gradients along the ravine: with a momentum of 0.9, up to ten times a single gradient. With a
smaller momentum the racer gets less far, and nothing more; with a larger one it runs past the minimum, and its wave
across the ravine takes longer to die away.
"""

import numpy as np

from animopt import Racer, Scene, Sweep
from animopt.claims import Diverges, Holds, Not
from animopt.functions import ravine

scene = Scene(
    title={"en": "How much momentum", "ko": "모멘텀 계수"},
    caption={
        "en": "More momentum goes farther along; above 0.9 it runs past the minimum",
        "ko": "모멘텀 계수가 클수록 멀리 가고, 0.9를 넘으면 최소점을 지나친다",
    },
    notes={
        "ko": "모멘텀 계수를 0부터 0.99까지 여섯 가지로 바꾼 경사하강법입니다. 속도는 골짜기를 따라가는 방향의 "
        "기울기를 쌓습니다. 모멘텀 계수가 0.9이면 기울기 하나의 열 배까지 쌓입니다. 계수가 더 작으면 덜 나아갈 "
        "뿐입니다. 계수가 더 크면 최소점을 지나치고, 골짜기를 가로지르는 물결이 더 오래 갑니다."
    },
    function=ravine,
    racers=Sweep(Racer("SGD", lr=0.1), momentum=[0.0, 0.5, 0.8, 0.9, 0.95, 0.99]),
    start=(-7, 2),
    steps=20,
    layout="multiples",
    claims=[
        Not(Diverges()),
        Holds("more momentum gets farther along", lambda race: (np.diff(race.xy[:, -1, 0]) > 0).all()),
        Holds(
            "only above 0.9 it runs past the minimum",
            lambda race: (race.xy[..., 0] > 0).any(axis=1).tolist() == [False, False, False, False, True, True],
        ),
        Holds(
            "with more momentum the wave takes longer to die away",
            lambda race: (np.diff(np.abs(race.xy[1:, -5:, 1]).max(axis=1)) > 0).all(),
        ),
        Holds(
            "a momentum of 0.9 adds up to ten times a gradient",
            lambda race: np.isclose(1 / (1 - race.hyperparameters[3]["momentum"]), 10),
        ),
    ],
)
