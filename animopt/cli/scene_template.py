"""A first scene of my own: momentum against Adam in a valley.

The first line of this text is what `animopt` lists, and all of it is what `animopt` tells with --help. Render a quick
look with --draft; with --watch it is rendered again each time this file is saved.
"""

from animopt import Function, Racer, Scene


def valley(x):
    """The height at a point: x[0] goes to the right, x[1] up. Any torch arithmetic will do, as torch.sin(x[0])."""
    return x[0] ** 2 / 10 + x[1] ** 2


scene = Scene(
    # A text, or one for each language: {"en": "Two optimizers in a valley", "ko": "골짜기의 두 최적화 기법"}.
    title="Two optimizers in a valley",
    caption="Which one is there first?",
    # The part of the plane that is shown, and the lowest points, where they are known. Functions with names, such as
    # Rosenbrock's, are in animopt.functions; `animopt functions` lists them.
    function=Function(valley, x=(-10, 10), y=(-5, 5), minima=[(0, 0)]),
    # Optimizers of torch, with torch's settings; `animopt optimizers` lists them. A name of your own may stand in for
    # the one that is made of the settings.
    racers=[
        Racer("SGD", lr=0.1, momentum=0.9, name="Momentum"),
        Racer("Adam", lr=0.5),
    ],
    # Where they set out, and how many steps they take.
    start=(-8, 3),
    steps=40,
    # The length of the clip.
    seconds=10,
    # Colours: "light", "dark" or "print".
    theme="light",
    # More that can be asked for: take the # away. The README tells what else there is.
    # layout="square",
    # panels=["wireframe", "contour", "loss", "standings", "formula"],
    # loop="seamless",
    # card=2,
)
