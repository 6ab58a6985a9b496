"""Classification losses, as scene files import them."""

from animopt.engine.classification import logistic as logistic
