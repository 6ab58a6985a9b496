"""The ravine turns from 0° to 45°: gradient descent's path turns with it, Adam's does not.

The race is run again at each degree, from a start that turns too. A rotation does not change gradient descent, which
ends at the same loss at each angle. Adam scales each coordinate by itself: the larger the angle between the ravine and
the axis, the higher the loss at which Adam ends. Gradient descent wins at each angle.
"""

import numpy as np

from animopt import Racer, Scene
from animopt.claims import Holds, Wins
from animopt.functions import ravine, rotated

square = ravine.replace(y=(-10, 10), start=(-7, 2))


def final_losses(races):
    """Return the losses at the end of the races, (racers, races)."""
    return np.stack([race.z[:, -1] for race in races], axis=1)


def turn_with_the_ravine(races):
    """Return whether the paths of the racers turn with the ravine, (racers,)."""
    angle = np.radians(len(races) - 1)
    turned = races[0].xy @ [[np.cos(angle), np.sin(angle)], [-np.sin(angle), np.cos(angle)]]
    return np.isclose(races[-1].xy, turned).all(axis=(1, 2))


scene = Scene(
    title={"en": "A ravine that turns", "ko": "회전하는 골짜기"},
    caption={
        "en": "SGD ends at the same loss at every angle, Adam ever higher",
        "ko": "SGD의 손실은 각도와 상관없고, Adam의 손실은 갈수록 커진다",
    },
    notes={
        "ko": "골짜기를 0°에서 45°까지 돌립니다. 경사하강법의 경로는 골짜기와 함께 돌지만, Adam의 경로는 그렇지 "
        "않습니다. 출발점도 함께 돌리면서 1°마다 경주를 다시 합니다. 경사하강법은 회전해도 달라지지 않아 어느 "
        "각도에서나 같은 손실로 끝납니다. Adam은 좌표마다 따로 크기를 맞추므로, 골짜기와 축 사이의 각이 커질수록 더 "
        "높은 손실로 끝납니다. 어느 각도에서나 경사하강법의 손실이 더 낮습니다."
    },
    function=[rotated(square, degrees) for degrees in range(46)],
    racers=[Racer("SGD", lr=0.95), Racer("Adam", lr=0.3)],
    steps=20,
    claims=[
        Wins("SGD"),
        Holds(
            "SGD wins at each angle from 0° to 45°",
            lambda races: (final_losses(races)[0] < final_losses(races)[1]).all(),
        ),
        Holds("SGD ends at the same loss", lambda races: np.allclose(final_losses(races)[0], races[0].z[0, -1])),
        Holds("Adam's loss rises with the angle", lambda races: (np.diff(final_losses(races)[1]) > 0).all()),
        Holds("only SGD's path turns", lambda races: turn_with_the_ravine(races).tolist() == [True, False]),
    ],
)
