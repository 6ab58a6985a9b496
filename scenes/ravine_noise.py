"""Gradient descent goes down a ravine with noise in every gradient.

Noise of standard deviation 1 is added to each component of each gradient, the same for both racers. With a fixed
learning rate gradient descent never settles; with a rate that is halved every ten steps, the noise matters less and
less.
"""

from functools import partial

from torch.optim.lr_scheduler import StepLR

from animopt import Racer, Scene
from animopt.functions import ravine

scene = Scene(
    title={"en": "A ravine with noise", "ko": "잡음이 있는 골짜기"},
    caption={"en": "Only the rate that shrinks comes to rest", "ko": "학습률이 줄어야 멈춘다"},
    function=ravine,
    racers=[
        Racer("SGD", lr=0.9, name="Fixed rate"),
        Racer("SGD", lr=0.9, scheduler=partial(StepLR, step_size=10, gamma=0.5), name="Halved every 10 steps"),
    ],
    start=(-7, 2),
    steps=60,
    noise=1.0,
    # Of sixty seeds, the one after which both end about as far away as they usually do.
    seed=7,
)
