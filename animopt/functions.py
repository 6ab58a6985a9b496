"""The library of test functions, as scene files import it."""

from animopt.engine.library import *  # noqa: F403
