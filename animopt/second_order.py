"""Optimizers that use second derivatives, as scene files import them."""

from animopt.engine.second_order import LineSearch as LineSearch
from animopt.engine.second_order import Newton as Newton
from animopt.engine.second_order import TrustRegion as TrustRegion
