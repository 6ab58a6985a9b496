"""Claims about a race, as scene files import them."""

from animopt.recording.claims import *  # noqa: F403
