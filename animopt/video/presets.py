"""Where clips go, and what each place wants."""

import os
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from animopt.video.output import Output

MB = 10**6


@dataclass(frozen=True)
class Preset:
    """What a clip for a place is, and why; `max_bytes` bytes, None for any number, the theme None for the scene's."""

    suffix: str
    size: tuple[int, int]
    fps: float
    why: str
    max_bytes: int | None = None
    theme: str | None = None

    def __str__(self) -> str:
        what = "a folder of PNG files" if self.suffix == "/" else self.suffix.removeprefix(".").upper()
        width, height = self.size
        most = f", at most {self.max_bytes / MB:g} MB" if self.max_bytes else ""
        theme = f", theme {self.theme}" if self.theme else ""
        return f"{what}, {width}x{height}, {self.fps:g} fps{theme}{most}: {self.why}"

    def output(self, path: str | os.PathLike[str], **given: Any) -> "Output":
        """The output at a path, but for the arguments of Output that are given; raises UsageError as that does."""
        from animopt.video.output import Output

        own: dict[str, Any] = {"size": self.size, "fps": self.fps, "theme": self.theme, "max_bytes": self.max_bytes}
        return Output(path, **own | given)


PRESETS = {
    "github": Preset(
        ".gif", (800, 450), 20, "shows GIFs of up to 10 MB in a README, about 830 pixels wide, and no video", 10 * MB
    ),
    "slides": Preset(".mp4", (1920, 1080), 50, "a projector's pixels; H.264 is what all programs for slides play"),
    "powerpoint": Preset(".mp4", (1920, 1080), 30, "plays H.264; 30 frames a second run evenly on old machines, too"),
    "keynote": Preset(".mp4", (1920, 1080), 50, "plays H.264 in 4:2:0, and none in 4:4:4"),
    "google-slides": Preset(".gif", (800, 450), 20, "plays a GIF by itself and for ever; one may have 50 MB", 50 * MB),
    "notebook": Preset(".gif", (640, 360), 10, "GitHub's viewer blocks video; the notebook stays small", 5 * MB),
    "reveal": Preset(".mp4", (1280, 720), 50, "for <video data-autoplay loop muted>; all browsers play H.264"),
    "beamer": Preset(
        "/", (960, 540), 10, "takes PNG files, with the package animate; all of them are in the PDF", 40 * MB, "print"
    ),
    "lecture": Preset(".mp4", (1920, 1080), 50, "full HD, at the rate at which lecture videos are cut"),
    "phone": Preset(".mp4", (720, 1280), 30, "upright, within the 16 MB that messengers take", 16 * MB),
}
"""Every place by its word."""
