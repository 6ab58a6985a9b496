"""The frames of a clip in order, drawn in this process or by an executor."""

from abc import ABC, abstractmethod
from collections.abc import Generator, Sequence
from concurrent.futures import Executor

import numpy as np

from animopt.core.arrays import Pixels
from animopt.recording.timeline import Timeline, frame_count
from animopt.video.frame_stream import stream_frames


class FrameSequence(ABC):
    """Frames (height, width, channels) of uint8. Each depends only on its second of the clip.

    A sequence can be pickled. Another process then draws the same frames.

    Args:
        timeline: Assigns a moment to each second.
        size: Width and height in pixels.
        fps: Frames per second.
    """

    def __init__(self, timeline: Timeline, size: tuple[int, int], fps: float) -> None:
        self.timeline = timeline
        self.size = size
        self.fps = fps

    @property
    @abstractmethod
    def channels(self) -> int:
        """Number of values of a pixel: 3, or 4 with the opacity of a transparent clip."""

    @abstractmethod
    def at(self, second: float, out: Pixels | None = None) -> Pixels:
        """Return the frame at a second of the clip, in the array `out` or a new one."""

    def __len__(self) -> int:
        return frame_count(self.timeline.seconds, self.fps)

    def frame(self, index: int, out: Pixels | None = None) -> Pixels:
        """Return one frame, in the array `out` or a new one. The first frame has the index 0."""
        return self.at(index / self.fps, out)

    def result_frame(self) -> Pixels:
        """Return the frame at which the race is over, which is a clip's poster."""
        return self.at(self.timeline.result_second)

    def frames(self, executor: Executor | None = None) -> Generator[Pixels, None, None]:
        """Yield all frames in order, drawn in this process or by an executor with the same bits.

        An executor draws a few frames ahead for each worker. A frame is valid until the next one is asked for. Raises
        any exception of drawing, and Error if a worker dies.
        """
        return self.sample(range(len(self)), executor)

    def sample(self, indices: Sequence[int], executor: Executor | None = None) -> Generator[Pixels, None, None]:
        """Yield the frames with these indices in order, drawn as by `frames`."""
        if executor:
            yield from stream_frames(self, indices, executor)
            return
        # One array for all frames, because a new one of this size takes longer than copying it.
        out = np.empty((self.size[1], self.size[0], self.channels), dtype=np.uint8)
        for index in indices:
            yield self.frame(index, out)
