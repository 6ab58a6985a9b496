"""Adam in a ravine with five values of its second beta, the memory of the squared gradient.

The slope along the ravine decreases towards the minimum. A short memory forgets that it was steep and lengthens the
steps again, so that the racer runs far past the minimum; a long memory keeps dividing by it.
"""

import numpy as np

from animopt import Racer, Scene, Sweep
from animopt.claims import Holds
from animopt.functions import ravine

scene = Scene(
    title={"en": "Adam's betas", "ko": "Adam의 베타"},
    caption={
        "en": "The sooner it forgets steepness, the farther it runs past",
        "ko": "가파른 기울기를 빨리 잊을수록 최소점을 더 멀리 지나친다",
    },
    notes={
        "ko": "기울기 제곱을 기억하는 둘째 베타를 다섯 가지로 바꾼 Adam입니다. 골짜기를 따라가는 방향의 경사는 "
        "최소점에 다가갈수록 완만해집니다. 기억이 짧으면 가팔랐던 것을 잊고 보폭을 다시 늘려서 최소점을 멀리 "
        "지나칩니다. 기억이 길면 그 가파른 기울기로 계속 나눕니다."
    },
    function=ravine,
    racers=Sweep(Racer("Adam", lr=0.9), betas=[(0.9, 0.5), (0.9, 0.7), (0.9, 0.9), (0.9, 0.99), (0.9, 0.999)]),
    start=(-7, 2),
    steps=10,
    layout="multiples",
    claims=[
        Holds(
            "the shorter the memory, the farther it runs past the minimum",
            lambda race: (np.diff(race.xy[:, -1, 0]) < 0).all() and race.xy[-1, -1, 0] > 0,
        ),
        Holds(
            "only betas of 0.5 and 0.7 lengthen the steps along the ravine again",
            lambda race: (
                (np.diff(race.xy[..., 0], n=2) > 1e-9).any(axis=1).tolist() == [True, True, False, False, False]
            ),
        ),
    ],
)
