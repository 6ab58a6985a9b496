"""A lecture of eight parts with voices, for the row of lectures."""

import wave
from pathlib import Path

import numpy as np

SCENES = (
    "ravine-sgd",
    "ravine-momentum",
    "ravine-adagrad",
    "ravine-rmsprop",
    "ravine-adam",
    "ravine-race",
    "quartic-race",
    "saddle",
)

VOICE_SECONDS = 37.5

RATE = 48_000


def write_lecture(folder: Path) -> Path:
    """Write a lecture file and a voice for each of its parts to a folder, and return the path of the file."""
    parts = []
    for number, scene in enumerate(SCENES, 1):
        write_voice(folder / f"{number}.wav", 100 + 20 * number)
        parts.append(f'    Part("{scene}", say="It runs. Then it ends.", audio="{number}.wav"),')
    path = folder / "talk.py"
    text = ["from animopt import Lecture, Part", "", "lecture = Lecture(parts=[", *parts, "])", ""]
    path.write_text("\n".join(text), encoding="utf-8")
    return path


def write_voice(path: Path, pitch: float, length: float = VOICE_SECONDS) -> None:
    """Write a tone that becomes louder and quieter like words."""
    time = np.arange(round(length * RATE)) / RATE
    sound = 0.3 * np.sin(2 * np.pi * pitch * time) * np.abs(np.sin(2 * np.pi * 2 * time))
    with wave.open(str(path), "wb") as file:
        file.setparams((1, 2, RATE, 0, "NONE", ""))
        file.writeframes((32767 * sound).astype("<i2").tobytes())
