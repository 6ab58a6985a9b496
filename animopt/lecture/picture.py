"""The frames of a lecture: its parts one after another, with cross-fades."""

import pickle
from collections import OrderedDict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, NamedTuple, Protocol

import numpy as np

from animopt.core.arrays import Pixels
from animopt.core.fingerprint import fingerprint
from animopt.lecture.schedule import Warp
from animopt.video.encoder import encode_segment
from animopt.video.save import encode_png

FIRST_RUN, MAX_RUN = 24, 240
"""Number of frames of a part that are encoded together first, and maximum number later. Only the first ones depend on
the length of the cross-fade. Fewer need more encoders and key frames; of more, more is drawn again."""

MAX_OPEN_FILMS = 2
"""Maximum number of films that are kept ready. The picture of each takes many megabytes."""


class Shown(Protocol):
    """The picture of a part at each second of its own clip.

    It can be pickled, as its class and arguments that have a fingerprint.
    """

    def __reduce__(self) -> tuple[Any, ...]: ...

    def at(self, second: float, out: Pixels | None = None) -> Pixels:
        """Return the frame at a second, in the array `out` or a new one."""
        ...


@dataclass(frozen=True)
class Shot:
    """A part as it is shown: `frames` frames, for which `warp` has the second of the film."""

    film: bytes
    key: str
    frames: int
    warp: Warp


class Layer(NamedTuple):
    """A second of the film of a shot, and its opacity over the layer below, from 1 to 256."""

    shot: int
    second: float
    opacity: int


@dataclass(frozen=True)
class Run:
    """Successive frames that are encoded together, from `first` to before `end`, and a hash of all that they show."""

    first: int
    end: int
    key: str


def shot_of(film: Shown, frames: int, warp: Warp) -> Shot:
    """Return a film as a shot."""
    arguments = film.__reduce__()[1]
    packed = pickle.dumps(film, protocol=pickle.HIGHEST_PROTOCOL)
    return Shot(packed, fingerprint(type(film).__name__, *arguments), frames, warp)


class LecturePicture:
    """The frames of a lecture (height, width, 3). Each depends only on its number. It can be pickled.

    Args:
        shots: The parts in their order.
        size: Width and height in pixels.
        fps: Frames per second.
        fade: Seconds of a cross-fade. A fade takes at most half of each of its parts.
    """

    channels = 3

    def __init__(self, shots: Sequence[Shot], size: tuple[int, int], fps: float, fade: float) -> None:
        self.size, self.fps, self._shots, self._fade = size, fps, tuple(shots), fade
        ends = np.cumsum([shot.frames for shot in shots]).tolist()
        self.firsts = [0, *ends[:-1]]
        # Half of the frames of the fade at the beginning of each shot.
        half = round(fade * fps / 2)
        lengths = [shot.frames for shot in shots]
        self._halves = [0, *(min(half, a // 2, b // 2) for a, b in pairwise(lengths)), 0]
        self._films: OrderedDict[int, Shown] = OrderedDict()

    def __reduce__(self) -> tuple[Any, ...]:
        return LecturePicture, (self._shots, self.size, self.fps, self._fade)

    def __len__(self) -> int:
        return sum(shot.frames for shot in self._shots)

    def layers(self, index: int) -> tuple[Layer, ...]:
        """Return the layers of a frame: one, or two during a cross-fade.

        In a fade, the earlier part does not move after its last frame, nor the later one before its first frame.
        """
        shot = int(np.searchsorted(self.firsts, index, side="right")) - 1
        own = Layer(shot, self._second(shot, index - self.firsts[shot]), 256)
        since, until = index - self.firsts[shot], self.firsts[shot] + self._shots[shot].frames - index
        if since < (half := self._halves[shot]):
            before = Layer(shot - 1, self._second(shot - 1, self._shots[shot - 1].frames), 256)
            return before, own._replace(opacity=_opacity(half + since, half))
        if until <= (half := self._halves[shot + 1]):
            after = Layer(shot + 1, self._second(shot + 1, 0), _opacity(half - until, half))
            return own, after
        return (own,)

    def frame(self, index: int, out: Pixels | None = None) -> Pixels:
        """Return one frame, in the array `out` or a new one."""
        below, *above = self.layers(index)
        picture = self._film(below.shot).at(below.second, out)
        for layer in above:
            over = self._film(layer.shot).at(layer.second)
            mixed = picture * np.uint16(256 - layer.opacity) + over * np.uint16(layer.opacity)
            np.right_shift(mixed + np.uint16(128), 8, out=picture, casting="unsafe")
        return picture

    def frames(self, first: int, end: int) -> Iterator[Pixels]:
        """Yield the frames from `first` to before `end`. One that equals the frame before it is not drawn again.

        A frame is valid until the next one is asked for.
        """
        out = np.empty((self.size[1], self.size[0], self.channels), dtype=np.uint8)
        shown = None
        for index in range(first, end):
            if (layers := self.layers(index)) != shown:
                self.frame(index, out)
                shown = layers
            yield out

    def clear_end(self, shot: int) -> int:
        """Return the last frame of a shot before its cross-fade."""
        return int(self.firsts[shot]) + self._shots[shot].frames - self._halves[shot + 1] - 1

    def runs(self) -> list[Run]:
        """Return all frames as runs. A cross-fade has one of its own, so that it alone depends on two parts."""
        made = []
        for shot, (first, taken) in enumerate(zip(self.firsts, self._shots, strict=True)):
            begin, end = first + self._halves[shot], first + taken.frames - self._halves[shot + 1]
            # The same frames of a part are in one run, however long the cross-fade before it is.
            edges = [begin, *(edge for edge in range(first + FIRST_RUN, end, MAX_RUN) if edge > begin), end]
            made += [self.run(*each) for each in pairwise(edges) if each[0] < each[1]]
            if half := self._halves[shot + 1]:
                made.append(self.run(end, end + 2 * half))
        return made

    def run(self, first: int, end: int) -> Run:
        """Return the frames from `first` to before `end` as a run."""
        shown = [
            [(self._shots[layer.shot].key, layer.second, layer.opacity) for layer in self.layers(index)]
            for index in range(first, end)
        ]
        return Run(first, end, fingerprint(self.size, self.fps, shown))

    def _second(self, shot: int, frame: int) -> float:
        return self._shots[shot].warp.at(frame / self.fps)

    def _film(self, shot: int) -> Shown:
        if shot not in self._films:
            while len(self._films) >= MAX_OPEN_FILMS:
                self._films.popitem(last=False)
            self._films[shot] = pickle.loads(self._shots[shot].film)
        self._films.move_to_end(shot)
        return self._films[shot]


def encode_run(picture: LecturePicture, span: tuple[int, int]) -> bytes:
    """Draw frames, from the first one to before the second one, and return them as a segment of a video."""
    return encode_segment(picture, picture.frames(*span)).content


def encode_still(picture: LecturePicture, span: tuple[int, int]) -> bytes:
    """Draw the first frame of a span, and return it as a PNG."""
    return encode_png(picture.frame(span[0]))


def _opacity(passed: int, half: int) -> int:
    """Return the opacity of the later part after some of the frames of a cross-fade of two times `half` frames."""
    part = (passed + 0.5) / (2 * half)
    return min(255, max(1, round(256 * part * part * (3 - 2 * part))))
