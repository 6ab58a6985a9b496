"""Regression losses, as scene files import them."""

from animopt.engine.regression import line as line
