"""Voices: audio files as samples of the same loudness, and the track in which each has its place."""

import hashlib
import math
import re
import wave
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Self

import attrs
import imageio_ffmpeg
import numpy as np
from numpy.typing import NDArray

from animopt.core.errors import Error, UsageError
from animopt.core.files import disk_errors, temporary_folder
from animopt.core.working_folder import absolute
from animopt.lecture.cache import Cache
from animopt.video.ffmpeg import Ffmpeg, file_url

RATE = 48000
"""Number of samples per second."""

CHANNELS = 2
"""Number of channels."""

LOUDNESS = -16.0
"""Integrated loudness of every voice, in LUFS."""

LOUDNESS_RANGE = 11.0
"""Loudness range of a voice, in LU, above which its quiet and loud parts are brought closer together."""

MAX_PEAK = -1.5
"""Maximum of the true peaks, in dB below full scale. The encoder of the video needs this headroom."""

TOLERANCE = 0.2
"""Difference in LU from the intended loudness that is not corrected."""

MAX_CORRECTIONS = 8
"""Maximum number of times that the gain before the limiter is corrected."""

MAX_GAIN = 24.0
"""Maximum gain before the limiter in dB. More would mainly amplify the noise between the peaks."""

MAX_STEP = 8.0
"""Maximum ratio of the gain that is added to the loudness that is missing."""

MAX_TRACK_DEVIATION = 0.5
"""Difference in LU of a whole track from the intended loudness that is not corrected."""

SILENCE = -70.0
"""Loudness in LUFS below which R128 measures nothing."""

MIN_LENGTH = RATE // 100
"""Minimum number of samples of an audio file."""

MAX_SECONDS = 3600
"""Maximum length of one audio file in seconds. A longer one would need too much memory."""

MAX_TRACK_SECONDS = 6 * 3600
"""Maximum length of a track in seconds. A WAV file has at most 4 GiB."""

BLOCK = RATE // 10
"""Number of samples after which R128 measures again. It measures 4 blocks at a time."""

Samples = NDArray[np.int16]
"""Samples of a voice, (length, channels)."""

_MEASURED = "I", "M", "LRA", r"true_peaks_ch\d"
"""Measurements of ffmpeg's filter ebur128: integrated and momentary loudness, range and true peaks."""

_RAW = ["-f", "f32le", "-ar", str(RATE), "-ac", str(CHANNELS)]
"""ffmpeg's arguments for samples without a header."""

_STREAM_SIZE = 0x7FFF0000
"""Least size in the header of a WAV file by which programs say that they did not know the size. Others write 0."""


@attrs.frozen(eq=False)
class Voice:
    """The sound of an audio file: its samples, and its integrated loudness in LUFS before and after normalizing it."""

    path: Path
    samples: Samples
    measured: float
    loudness: float


@attrs.frozen
class _Measurement:
    """Integrated loudness and the threshold below which it counts nothing, in LUFS, range in LU, true peak in dB."""

    loudness: float
    threshold: float
    range: float
    peak: float

    @classmethod
    def read(cls, text: str) -> Self:
        """Read the measurements that ffmpeg's filter ebur128 prints every 100 ms."""
        values = {name: [float(value) for value in re.findall(rf"r128\.{name}=(\S+)", text)] for name in _MEASURED}
        powers = [10 ** (value / 10) for value in values["M"] if value > SILENCE]
        peak = max(values[r"true_peaks_ch\d"], default=0.0)
        return cls(
            values["I"][-1] if values["I"] else SILENCE,
            10 * math.log10(sum(powers) / len(powers)) - 10 if powers else SILENCE,
            values["LRA"][-1] if values["LRA"] else 0.0,
            20 * math.log10(peak) if peak > 0 else -99.0,
        )


def load_voice(path: Path, cache: Cache, name: str = "") -> Voice:
    """Decode an audio file and bring it to the loudness of all voices, without moving a sample in time.

    Only a file whose peaks leave no room is quieter. Messages begin with `name`, by default the path as it is given.
    Raises UsageError if the file cannot be used.
    """
    file = absolute(path)
    name = name or str(path)
    if not file.exists():
        raise UsageError(f"{name}: there is no such file; record it, or correct the path")
    if not file.is_file():
        raise UsageError(f"{name}: is not a file; name an audio file, such as a WAV")
    try:
        with file.open("rb") as opened:
            digest = hashlib.file_digest(opened, "sha256").digest()
    except OSError as error:
        raise UsageError(f"{name}: cannot be read: {error.strerror}; make it readable") from error
    if not file.stat().st_size:
        raise UsageError(f"{name}: is empty; record it again")
    # This module has all settings, and the way in which they are used.
    parts = ["voice", Path(__file__).read_bytes(), imageio_ffmpeg.get_ffmpeg_version(), digest]
    kept = cache.file(parts, ".npz", lambda target: _Normalizer(file, name).save(target))
    with np.load(kept) as content:
        measured, loudness = content["loudness"]
        return Voice(path, content["samples"], float(measured), float(loudness))


class _Normalizer:
    """Normalizes one audio file, with the results of each step as files in a temporary folder."""

    def __init__(self, path: Path, name: str) -> None:
        self._path = path
        self._name = name

    def save(self, target: Path) -> None:
        """Write the samples and the loudness, before and after, to a file."""
        with temporary_folder() as folder:
            self._folder = folder
            self._decode("decoded")
            self._length = (folder / "decoded").stat().st_size // (4 * CHANNELS)
            if self._length < MIN_LENGTH:
                raise UsageError(f"{self._name}: has {self._length} samples, too few to be heard; record it again")
            if self._length > MAX_SECONDS * RATE:
                raise UsageError(f"{self._name}: is longer than {MAX_SECONDS} seconds; split it into several files")
            before = self._measure("decoded", "true")
            # A comparison with NaN, the loudness of samples that are no numbers, is false.
            if not before.loudness > SILENCE:
                raise UsageError(f"{self._name}: is silent, not above {SILENCE:g} LUFS; record it again")
            self._filter("decoded", _loudnorm(before), "normalized")
            corrected, after = self._correct("normalized")
            self._filter(corrected, "anull", "samples", "s16le")
            samples = np.fromfile(folder / "samples", "<i2").reshape(-1, CHANNELS).astype(np.int16)
            with target.open("wb") as file:
                np.savez(file, samples=samples, loudness=[before.loudness, after])

    def _decode(self, target: str) -> None:
        """Decode the first audio stream. Raise UsageError if it is damaged, as far as the format shows it."""
        strict = [] if _is_streamed(self._path) else ["-xerror"]
        # A playlist could name addresses of a network.
        reading = [
            "-protocol_whitelist",
            "file",
            "-i",
            file_url(self._path),
            "-map",
            "0:a:0",
            "-t",
            str(MAX_SECONDS + 1),
        ]
        with self._ffmpeg([*strict, *reading, *_RAW, file_url(Path(target))], "cannot be decoded") as ffmpeg:
            try:
                ffmpeg.finish()
            except Error as error:
                if "matches no streams" in str(error):
                    raise UsageError(f"{self._name}: holds no audio; name an audio file, such as a WAV") from error
                raise UsageError(f"{error}; export it again as WAV, FLAC, MP3 or OGG") from error
            # ffmpeg leaves out a damaged page of an OGG file without an error.
            if "CRC mismatch" in ffmpeg.messages():
                raise UsageError(f"{self._name}: is damaged; export or copy it again")

    def _correct(self, source: str) -> tuple[str, float]:
        """Correct the loudness by a gain and a limiter, as far as peaks allow. Return the file and its loudness.

        In the dynamic mode of loudnorm it may be far from the intended one, above all in short files.
        """
        gain, step = 0.0, 1.0
        corrected, best = source, self._measure(source, "none").loudness
        reached = best
        for _ in range(MAX_CORRECTIONS):
            missing = LOUDNESS - reached
            if abs(missing) <= TOLERANCE or (missing > 0 and gain >= MAX_GAIN):
                break
            added, before = min(missing * step, MAX_GAIN - gain), reached
            gain += added
            self._filter(source, f"volume={gain:.3f}dB,{_limiter()}", "limited")
            reached = self._measure("limited", "none").loudness
            # More gain distorts peaks, so it must be worth it.
            if abs(LOUDNESS - reached) < abs(LOUDNESS - best) - TOLERANCE / 2:
                corrected, best = "corrected", reached
                (self._folder / "limited").replace(self._folder / corrected)
            # If the peaks are limited, the rest needs more gain than is missing.
            step = min(max(added / (reached - before), 1.0), MAX_STEP) if reached != before else MAX_STEP
        return corrected, best

    def _filter(self, source: str, filters: str, target: str, form: str = "f32le") -> None:
        """Filter samples. The result has the same length."""
        filters += f",aresample={RATE},apad=whole_len={self._length},atrim=end_sample={self._length}"
        arguments = [*_RAW, "-i", file_url(Path(source)), "-af", filters, "-f", form, file_url(Path(target))]
        with self._ffmpeg(arguments, "cannot be normalized") as ffmpeg:
            ffmpeg.finish()

    def _measure(self, source: str, peak: str) -> _Measurement:
        arguments = [*_RAW, "-i", file_url(Path(source)), *_measuring(self._length, peak)]
        with self._ffmpeg(arguments, "cannot be measured") as ffmpeg:
            return _Measurement.read(ffmpeg.finish().decode())

    def _ffmpeg(self, arguments: Sequence[str], problem: str) -> Ffmpeg:
        return Ffmpeg(arguments, f"{self._name}: {problem}", self._folder)


def _is_streamed(path: Path) -> bool:
    """Return whether a file is a WAV whose header does not say how long it is, because a program wrote it to a pipe."""
    with path.open("rb") as file:
        found = re.match(rb"RIFF.{4}WAVE.*?data(.{4})", file.read(4096), re.DOTALL)
    size = int.from_bytes(found[1], "little") if found else 1
    return not 0 < size < _STREAM_SIZE


def _loudnorm(before: _Measurement) -> str:
    """Return the second pass of ffmpeg's filter loudnorm. Its options have limits, and a range of 0 means none."""
    settings = {
        "I": LOUDNESS,
        "TP": MAX_PEAK,
        "LRA": LOUDNESS_RANGE,
        "measured_I": min(before.loudness, 0.0),
        "measured_TP": min(max(before.peak, -99.0), 99.0),
        "measured_LRA": min(max(before.range, 0.1), 99.0),
        "measured_thresh": min(before.threshold, 0.0),
        "linear": "true",
    }
    return "loudnorm=" + ":".join(f"{name}={value}" for name, value in settings.items())


def _limiter() -> str:
    """Return a limiter of true peaks: of the peaks at four times the rate."""
    limit = f"limit={_factor(MAX_PEAK):.6f}"
    return f"aresample={4 * RATE},alimiter=level=false:latency=true:{limit}:attack=5:release=50"


def _measuring(length: int, peak: str) -> list[str]:
    """Return ffmpeg's arguments that print the measurements of an input of so many samples, with its peaks if wanted.

    R128 does not measure less than 4 blocks, so a short sound is repeated. It does not measure the samples after the
    last whole block either, so that one is filled up.
    """
    if length < 4 * BLOCK:
        whole = f"aloop=loop=-1:size={length},atrim=end_sample={RATE}"
    else:
        whole = f"apad=whole_len={-(-length // BLOCK) * BLOCK}"
    return ["-af", f"{whole},ebur128=metadata=1:peak={peak},ametadata=print:file=-", "-f", "null", "-"]


def write_track(path: Path, length: int, voices: Iterable[tuple[int, Voice]]) -> float:
    """Write a WAV file of `length` samples with voices, each from its first sample, and silence between them.

    Voices are in order, and do not overlap. Many short voices with long pauses make a track quieter than each of them;
    then all are amplified alike, as far as their peaks allow. Returns the loudness as `track_loudness` does. Raises
    Error if the file cannot be written.
    """
    if length > MAX_TRACK_SECONDS * RATE:
        raise UsageError(f"{path}: is longer than {MAX_TRACK_SECONDS // 3600} hours; make two lectures")
    placed = list(voices)
    _write_wav(path, length, placed, 1.0)
    loudness = track_loudness(path)
    if placed and abs(LOUDNESS - loudness) > MAX_TRACK_DEVIATION:
        peak = max(float(np.abs(voice.samples.astype(np.int32)).max(initial=1)) for _, voice in placed) / 2**15
        gain = min(_factor(LOUDNESS - loudness), max(1.0, _factor(MAX_PEAK) / peak))
        _write_wav(path, length, placed, gain)
        loudness = track_loudness(path)
    return loudness


def _factor(decibels: float) -> float:
    return 10 ** (decibels / 20)


def _write_wav(path: Path, length: int, voices: Sequence[tuple[int, Voice]], gain: float) -> None:
    with disk_errors(path), absolute(path).open("wb") as opened, wave.open(opened, "wb") as file:
        file.setparams((CHANNELS, 2, RATE, length, "NONE", "not compressed"))
        end = 0
        for start, voice in voices:
            assert end <= start, (end, start)
            _write_silence(file, start - end)
            samples = voice.samples if gain == 1 else (voice.samples * np.float32(gain)).round()
            file.writeframesraw(samples.astype("<i2").tobytes())
            end = start + len(samples)
        assert end <= length, (end, length)
        _write_silence(file, length - end)


def _write_silence(file: wave.Wave_write, length: int) -> None:
    for start in range(0, length, RATE):
        file.writeframesraw(bytes(2 * CHANNELS * min(RATE, length - start)))


def track_loudness(path: Path) -> float:
    """Return the integrated loudness of a track in LUFS, which is -70 if it is silent."""
    with wave.open(str(absolute(path)), "rb") as file:
        length = file.getnframes()
    arguments = ["-i", file_url(absolute(path)), *_measuring(length, "none")]
    with Ffmpeg(arguments, f"{path}: cannot be measured") as ffmpeg:
        return _Measurement.read(ffmpeg.finish().decode()).loudness
