"""The race of five optimizers with torch, FuncAnimation and mplot3d.

    python animation.py OUT.mp4|OUT.gif|OUT.rgb WIDTHxHEIGHT FRAMES FPS

The suffix .rgb writes raw pixels, the frames before they are encoded as a GIF.
"""

import sys
from pathlib import Path

import imageio_ffmpeg
import matplotlib

matplotlib.use("Agg")
import matplotlib.pyplot as plt
import numpy as np
import torch
from h264 import settings
from matplotlib.animation import AbstractMovieWriter, FFMpegWriter, FuncAnimation, PillowWriter

STEPS = 40
START = (-7.0, 2.0)
RACERS = {
    "SGD": lambda points: torch.optim.SGD(points, lr=0.95),
    "Momentum": lambda points: torch.optim.SGD(points, lr=0.1, momentum=0.9),
    "Adagrad": lambda points: torch.optim.Adagrad(points, lr=0.9),
    "RMSprop": lambda points: torch.optim.RMSprop(points, lr=0.9, alpha=0.9),
    "Adam": lambda points: torch.optim.Adam(points, lr=0.9, betas=(0.9, 0.9)),
}


def ravine(x):
    """The function of a tensor or an array of shape (2, ...)."""
    return x[0] ** 2 / 20 + x[1] ** 2


def run(make):
    """The points of an optimizer's race, shape (STEPS + 1, 2)."""
    x = torch.tensor(START, dtype=torch.float64, requires_grad=True)
    optimizer = make([x])
    points = [x.detach().clone()]
    for _ in range(STEPS):
        optimizer.zero_grad()
        ravine(x).backward()
        optimizer.step()
        points.append(x.detach().clone())
    return torch.stack(points).numpy()


path, size = sys.argv[1:3]
frames, fps = map(int, sys.argv[3:])
width, height = map(int, size.split("x"))
races = {name: run(make) for name, make in RACERS.items()}

figure = plt.figure(figsize=(width / 100, height / 100), dpi=100)
figure.suptitle("Five optimizers in a ravine")
surface = figure.add_axes((0.03, 0.05, 0.38, 0.85), projection="3d")
contour = figure.add_axes((0.44, 0.1, 0.3, 0.8))
loss = figure.add_axes((0.8, 0.55, 0.18, 0.35))
standings = figure.add_axes((0.78, 0.1, 0.2, 0.35))

x, y = np.meshgrid(np.linspace(-10, 10, 100), np.linspace(-10, 10, 100))
z = ravine(np.stack([x, y]))
surface.plot_wireframe(x, y, z, rstride=3, cstride=3, linewidth=0.6, color="grey")
contour.contour(x, y, z, 30)
loss.set(xlim=(0, STEPS), ylim=(1e-6, 1e2), yscale="log", xlabel="step", ylabel="loss")
standings.axis("off")

trails, climbs, losses, texts = [], [], [], []
for index, name in enumerate(races):
    color = f"C{index}"
    trails += contour.plot([], [], color=color, label=name, marker="o", markevery=[-1])
    climbs += surface.plot([], [], [], color=color)
    losses += loss.plot([], [], color=color)
    texts.append(standings.text(0, 1 - index / 5, "", color=color, family="monospace"))
contour.legend(loc="upper right")


def update(frame):
    """Move every artist to the time of a frame, which can be between two steps."""
    now = STEPS * frame / (frames - 1)
    steps = np.append(np.arange(np.ceil(now)), now)
    surface.view_init(30, 200 + 9 * frame / fps)
    moved = zip(races.items(), trails, climbs, losses, texts, strict=True)
    for (name, race), trail, climb, line, text in moved:
        points = np.stack([np.interp(steps, np.arange(STEPS + 1), race[:, axis]) for axis in (0, 1)])
        heights = ravine(points)
        trail.set_data(*points)
        climb.set_data_3d(*points, heights)
        line.set_data(steps, heights)
        text.set_text(f"{name:9}{heights[-1]:10.5f}")


writers: dict[str, AbstractMovieWriter] = {
    ".mp4": FFMpegWriter(fps=fps, codec="libx264", extra_args=settings()),
    ".gif": PillowWriter(fps=fps),
    ".rgb": FFMpegWriter(fps=fps, codec="rawvideo", extra_args=["-pix_fmt", "rgb24", "-f", "rawvideo"]),
}
plt.rcParams["animation.ffmpeg_path"] = imageio_ffmpeg.get_ffmpeg_exe()
FuncAnimation(figure, update, frames=frames).save(path, writer=writers[Path(path).suffix])
