"""My first scene: momentum and Adam in a valley.

`animopt` lists the first line of this text, and `animopt my-scene --help` shows all of it. Render a draft with --draft.
With --watch the draft is rendered again whenever this file is saved.
"""

from animopt import Function, Racer, Scene


def valley(x):
    """Return the height at a point: x[0] is the horizontal coordinate, x[1] the vertical one.

    Any arithmetic of torch is allowed, as torch.sin(x[0]).
    """
    return x[0] ** 2 / 10 + x[1] ** 2


scene = Scene(
    # A text, or one for each language: {"en": "Two optimizers in a valley", "ko": "골짜기의 두 최적화 기법"}.
    title="Two optimizers in a valley",
    caption="Which one arrives first?",
    # The visible part of the plane, and the minima, if they are known. animopt.functions has functions with names,
    # such as rosenbrock; `animopt functions` lists them.
    function=Function(valley, x=(-10, 10), y=(-5, 5), minima=[(0, 0)]),
    # Optimizers of torch with their settings; `animopt optimizers` lists them. A name replaces the one that is made
    # from the optimizer and its settings.
    racers=[
        Racer("SGD", lr=0.1, momentum=0.9, name="Momentum"),
        Racer("Adam", lr=0.5),
    ],
    # Start and number of steps of every racer.
    start=(-8, 3),
    steps=40,
    # Length of the clip.
    seconds=10,
    # Colors: "light", "dark" or "print".
    theme="light",
    # More fields: remove the # to use one. The README describes them all.
    # layout="square",
    # panels=["wireframe", "contour", "scoreboard", "formula"],
    # loop="seamless",
    # card=2,
)
