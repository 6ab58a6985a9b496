"""Claims about a race, as scene files import them."""

from animopt.recording.claims import (
    Arrives,
    Claim,
    Diverges,
    EndsNearest,
    Holds,
    Leaves,
    LeavesPicture,
    Not,
    Overtakes,
    Settles,
    Wins,
    Zigzags,
)

__all__ = [
    "Arrives",
    "Claim",
    "Diverges",
    "EndsNearest",
    "Holds",
    "Leaves",
    "LeavesPicture",
    "Not",
    "Overtakes",
    "Settles",
    "Wins",
    "Zigzags",
]
