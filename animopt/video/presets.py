"""Presets: destinations of clips, with the format, size and rate that each of them needs."""

import os
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from animopt.video.output import Output

MB = 10**6


@dataclass(frozen=True)
class Preset:
    """The values of an output for a destination, and the reason for them.

    `max_bytes` is None for no maximum, `theme` is None for the theme of the scene.
    """

    suffix: str
    size: tuple[int, int]
    fps: float
    why: str
    max_bytes: int | None = None
    theme: str | None = None

    def __str__(self) -> str:
        kind = "a folder of PNG files" if self.suffix == "/" else self.suffix.removeprefix(".").upper()
        width, height = self.size
        theme = f", theme {self.theme}" if self.theme else ""
        limit = f", at most {self.max_bytes / MB:g} MB" if self.max_bytes else ""
        rate = "" if self.suffix == ".html" else f", {self.fps:g} fps"
        return f"{kind}, {width}x{height}{rate}{theme}{limit}: {self.why}"

    def output(self, path: str | os.PathLike[str], **given: Any) -> "Output":
        """Return the output at a path. Arguments of Output that are given replace those of the preset."""
        from animopt.video.output import Output

        own: dict[str, Any] = {"size": self.size, "fps": self.fps, "theme": self.theme, "max_bytes": self.max_bytes}
        return Output(path, **own | given)


PRESETS = {
    "github": Preset(
        ".gif", (800, 450), 20, "a README shows GIFs of up to 10 MB, about 830 pixels wide, but no videos", 10 * MB
    ),
    "slides": Preset(".mp4", (1920, 1080), 50, "the pixels of a projector; all slide programs play H.264"),
    "powerpoint": Preset(".mp4", (1920, 1080), 30, "plays H.264; 30 frames a second run smoothly on old computers"),
    "keynote": Preset(".mp4", (1920, 1080), 50, "plays H.264 in 4:2:0, but not in 4:4:4"),
    "google-slides": Preset(
        ".gif", (800, 450), 20, "plays a GIF automatically in an endless loop; the limit is 50 MB", 50 * MB
    ),
    "notebook": Preset(".gif", (640, 360), 10, "GitHub's viewer blocks videos; the notebook stays small", 5 * MB),
    "reveal": Preset(".mp4", (1280, 720), 50, "for <video data-autoplay loop muted>; all browsers play H.264"),
    "beamer": Preset(
        "/", (960, 540), 10, "the package animate shows PNG files; the PDF contains all of them", 40 * MB, "print"
    ),
    "lecture": Preset(".mp4", (1920, 1080), 50, "full HD, at the rate at which lecture videos are edited"),
    "web": Preset(".html", (1280, 720), 25, "a page to turn, to scrub and to drop starts on; opens without a network"),
    "phone": Preset(".mp4", (720, 1280), 30, "upright; messengers accept 16 MB", 16 * MB),
}
"""The presets by name."""

VIDEO_PRESETS = [name for name, preset in PRESETS.items() if preset.suffix == ".mp4"]
"""Presets whose clips are videos, as a deck needs them."""
