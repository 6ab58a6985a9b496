"""Who leaves a saddle first?

All start very close to the ridge. Along the ridge the slope leads to the saddle. Across it there is almost no slope, so
that gradient descent nearly stops, while optimizers that divide by the size of the gradient leave at once. A start on
the ridge itself would never leave it: the slope across is exactly zero there.
"""

from animopt import Racer, Scene
from animopt.functions import bounded_saddle

scene = Scene(
    title={"en": "Leaving a saddle", "ko": "안장점을 떠나기"},
    caption={
        "en": "Dividing by the gradient's size leaves first, plain descent last",
        "ko": "기울기 크기로 나누면 먼저, 그냥 내려가면 맨 나중",
    },
    function=bounded_saddle,
    racers=[
        Racer("SGD", lr=0.1),
        Racer("SGD", lr=0.1, momentum=0.9, name="Momentum"),
        Racer("Adagrad", lr=0.1),
        Racer("RMSprop", lr=0.1),
        Racer("Adam", lr=0.1),
    ],
    start=(-1.5, 0.001),
    steps=80,
)
