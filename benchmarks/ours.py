"""Measurements that need animopt's Python interface. Each command prints one number.

This file runs as a script in a process of its own, so that it measures the installed animopt.
"""

import time
from pathlib import Path

import click
import torch

from animopt import Output, Racer, Scene, load_scene
from animopt.recording.recording import Basins
from animopt.recording.timeline import HOLD_SECONDS
from animopt.scene.render import film_of, save_outputs

SCENES = Path(__file__).resolve().parent.parent / "scenes"

FPS = 50.0


def scene(name: str) -> Scene:
    """A scene of this repository, by its name."""
    return load_scene(SCENES / f"{name}.py")


class Size(click.ParamType[tuple[int, int]]):
    """A width and a height in pixels, as 1280x720."""

    name = "size"

    def convert(self, value: str, *_: object) -> tuple[int, int]:
        """Parse the two numbers."""
        width, height = value.split("x")
        return int(width), int(height)


@click.group()
def ours() -> None:
    """Measurements that need animopt's Python interface."""


@ours.command()
@click.argument("path", type=Path)
@click.argument("size", type=Size())
@click.argument("fps", type=float)
@click.argument("seconds", type=float)
@click.option("--name", default="ravine_race", help="Name of the scene's module.")
def draw(path: Path, size: tuple[int, int], fps: float, seconds: float, name: str) -> None:
    """Write the frames of a clip as raw pixels; print their number."""
    drawn = film_of(scene(name).replace(seconds=seconds), Output("clip.gif", size, fps))
    with path.open("wb") as file:
        for index in range(len(drawn)):
            file.write(drawn.frame(index).tobytes())
    print(len(drawn))


@ours.command()
@click.argument("path", type=Path)
@click.argument("size", type=Size())
@click.argument("seconds", type=float)
def save(path: Path, size: tuple[int, int], seconds: float) -> None:
    """Save a clip; print the seconds from its first frame to the file, extrapolated to include that frame."""
    first: list[tuple[float, int, int]] = []

    def progress(done: int, total: int) -> None:
        if not first:
            first.append((time.perf_counter(), done, total))

    race = scene("ravine_race").replace(seconds=seconds)
    for _ in save_outputs(race, Output(path, size, FPS), progress=progress):
        pass
    began, done, total = first[0]
    print((time.perf_counter() - began) * total / (total - done))


@ours.command()
@click.option("--steps", default=40)
@click.option("--starts", default=1, help="Number of starts; five racers start from each.")
@click.option("--late", is_flag=True, help="Draw only the last second of the race and the pause after it.")
@click.option("--surface", default="shaded")
def frame(steps: int, starts: int, late: bool, surface: str) -> None:
    """Draw a clip at 1280x720; print the milliseconds of processor time per frame."""
    race = scene("ravine_race")
    racers = [
        Racer(racer.optimizer, name=f"{number}", start=(-7 + place / 2, 2 + place), **racer.settings)
        for place in range(starts)
        for number, racer in enumerate(race.racers, 1 + place * len(race.racers))
    ]
    # The claims are about the scene's own racers and steps.
    changes = {"racers": racers if starts > 1 else race.racers, "steps": steps, "claims": []}
    drawn = film_of(race.replace(seconds=6, surface=surface, **changes), Output("clip.mp4", (1280, 720), FPS))
    first = round((6 - HOLD_SECONDS - 1) * FPS) if late else 0
    drawn.frame(first)
    began = time.process_time()
    for index in range(first, len(drawn)):
        drawn.frame(index)
    print(1000 * (time.process_time() - began) / (len(drawn) - first))


@ours.command()
def basins() -> None:
    """Make a map of 256 by 256 starts; print the seconds per start."""
    basin = scene("himmelblau_adam_basins")
    torch.optim.Adam([torch.zeros(2, requires_grad=True)])  # The first optimizer imports a part of torch.
    began = time.perf_counter()
    outcomes = basin.record().map
    assert isinstance(outcomes, Basins)
    print((time.perf_counter() - began) / (len(outcomes.x) * len(outcomes.y)))


if __name__ == "__main__":
    ours()
