"""Joined lectures, read by PyAV and played by Chromium."""

import shutil
import threading
import wave
from fractions import Fraction
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer

import attrs
import numpy as np
import pytest

from animopt import Error
from animopt.lecture.container import Chapter, complete, join_segments
from animopt.lecture.voice import RATE
from animopt.publish.captions import Cue, webvtt
from animopt.video.encoder import Segment, encode_segment

CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)

LENGTHS = (1, 2, 3, 20, 1, 7)
"""Numbers of frames of the segments. An encoder delays its output by more frames than the first ones have."""

HOSTILE = 'a\n\n{b}\r\nx \\nabla\x1b <b>y</b> & --> "q" {\\an8}z 1 < 2'


@attrs.frozen
class Footage:
    fps: float
    size: tuple[int, int] = (320, 180)
    channels: int = 3


def frame(index):
    """Return a frame of one color with a bar that shows the index."""
    pixels = np.full((180, 320, 3), (40, index * 37 % 256, 200), np.uint8)
    pixels[:20, : index % 32 * 10] = 255
    return pixels


def segments(footage, lengths=LENGTHS):
    start = 0
    for length in lengths:
        yield encode_segment(footage, map(frame, range(start, start + length)))
        start += length


def join(path, footage, frames, parts, **contents):
    """Join segments to a video, and complete it."""
    video = path.with_name("video.mp4")
    join_segments(video, footage, frames, parts)
    complete(path, footage, frames, video, **contents)


def write_track(path, length, clicks):
    samples = np.zeros((length, 2), "<i2")
    for click in clicks:
        samples[click : click + 24] = 20_000
    with wave.open(str(path), "wb") as file:
        file.setparams((2, 2, RATE, 0, "NONE", ""))
        file.writeframes(samples.tobytes())


@pytest.fixture
def av():
    return pytest.importorskip("av", reason='needs PyAV: pip install ".[test]"')


def read_video(av, path):
    """Return the seconds of the frames, and the green value of each."""
    with av.open(path) as file:
        frames = [(float(each.pts * each.time_base), each.to_ndarray(format="rgb24")) for each in file.decode(video=0)]
    return [second for second, _ in frames], [int(pixels[100, 100, 1]) for _, pixels in frames]


def read_audio(av, path):
    """Return the samples of the left channel from the second 0."""
    with av.open(path) as file:
        parts = list(file.decode(audio=0))
        assert {(each.rate, each.layout.name) for each in parts} == {(RATE, "stereo")}
    assert parts[0].pts == 0
    return np.concatenate([each.to_ndarray()[0] for each in parts])


def onset(samples, near):
    """Return the sample at which the loudest click within a tenth of a second begins."""
    first = max(0, near - RATE // 10)
    part = np.abs(samples[first : near + RATE // 10])
    return first + int(np.argmax(part > 0.5 * part.max()))


def read_subtitles(av, path, stream):
    """Return start, end and text of each cue."""
    with av.open(path) as file:
        packets = [each for each in file.demux(subtitles=stream) if each.size > 2]
        return [
            (
                float(each.pts * each.time_base),
                float((each.pts + each.duration) * each.time_base),
                bytes(each)[2:].decode(),
            )
            for each in packets
        ]


@pytest.mark.sampled(1)
@pytest.mark.parametrize("fps", [29.97, 25, Fraction(30000, 1001), 100 / 12])
def test_frames_of_segments_of_any_length_have_their_exact_times(av, tmp_path, fps):
    footage, path, count = Footage(fps), tmp_path / "강의 it's.mp4", sum(LENGTHS)
    join(path, footage, count, segments(footage), title="x", language="en")
    seconds, greens = read_video(av, path)
    assert seconds == pytest.approx(np.arange(count) / float(fps), abs=1e-6)
    assert greens == pytest.approx([index * 37 % 256 for index in range(count)], abs=6)
    with av.open(path) as file:
        assert [each.type for each in file.streams] == ["video"]
    content = path.read_bytes()
    assert content.index(b"moov") < content.index(b"mdat")


def test_equal_frames_give_equal_segments():
    first, second = (next(segments(Footage(25), [12])) for _ in range(2))
    assert first == second
    assert first.frames == 12


def test_failed_segment_names_no_temporary_file():
    with pytest.raises(Error, match=r"^a segment of the clip: [^/]*$"):
        encode_segment(Footage(25), [np.zeros((9, 9, 3), np.uint8)])


@pytest.mark.long
def test_everything_beside_the_video_is_read_back(av, tmp_path):
    footage, path, track, count = Footage(25), tmp_path / "a.mp4", tmp_path / "음성 %03d.wav", sum(LENGTHS)
    length = round(count * RATE / 25)
    clicks = [0, 9_600, length - 480]
    write_track(track, length, clicks)
    titles = ['= "1"; #2 \\', "시작\nand\x07 line", "가" * 200, "\\"]
    join(
        path,
        footage,
        count,
        segments(footage),
        title='T = "x"; #1\nsecond \\',
        language="ko",
        chapters=[Chapter(start, title) for start, title in zip((0, 6, 20, 33), titles, strict=True)],
        track=track,
        subtitles={
            "en": [Cue(0.2, 0.6, (HOSTILE, "two")), Cue(0.6, 1.2, ("next",)), Cue(1.2, 1.3, ("\n",))],
            "ko": [Cue(0, 1, ("안녕",))],
        },
    )
    with av.open(path) as file:
        assert file.metadata["title"] == 'T = "x"; #1 second \\ '
        default = av.stream.Disposition.default
        streams = [(each.type, each.language, default in each.disposition) for each in file.streams][:4]
        chapters = file.chapters()
    assert streams == [
        ("video", "kor", True),
        ("audio", "kor", True),
        ("subtitle", "kor", True),
        ("subtitle", "eng", False),
    ]
    assert [each["metadata"]["title"].rstrip() for each in chapters] == [
        '= "1"; #2 \\',
        "시작 and line",
        "가" * 85,
        "\\",
    ]
    times = [float(each["start"] * each["time_base"]) for each in chapters]
    assert times == pytest.approx([0, 0.24, 0.8, 1.32], abs=1e-3)
    assert float(chapters[-1]["end"] * chapters[-1]["time_base"]) == pytest.approx(count / 25, abs=1e-3)
    assert read_subtitles(av, path, 0) == [(0, 1, "안녕")]
    first, second = read_subtitles(av, path, 1)
    shown = 'a\n{b}\nx \\nabla ‹b›y‹/b› & → "q" (\\an8)z 1 < 2\ntwo'
    assert (first[0], first[1], first[2].replace("\u2060", "")) == (0.2, 0.6, shown)
    assert second == (0.6, 1.2, "next")
    samples = read_audio(av, path)
    assert len(samples) >= length
    assert [onset(samples, click) for click in clicks] == pytest.approx(clicks, abs=24)
    assert read_video(av, path)[0] == pytest.approx(np.arange(count) / 25, abs=1e-6)


@pytest.mark.parametrize(
    ("made", "message"),
    [
        ([Segment(b"nothing", 5)], "the encoder failed: "),
        ([], "its segments have 0 of 5 frames"),
        (segments(Footage(25), [4]), "its segments have 4 of 5 frames"),
        ((Segment(each.content, 5) for each in segments(Footage(25), [4])), "4 of 5 frames were written"),
    ],
    ids=["broken", "none", "short", "wrong"],
)
def test_failed_join_keeps_the_existing_file(tmp_path, made, message):
    path = tmp_path / "a.mp4"
    path.write_bytes(b"what was there")
    with pytest.raises(Error) as caught:
        join_segments(path, Footage(25), 5, made)
    assert str(caught.value).startswith(f"{path}: {message}")
    assert "\n" not in str(caught.value)
    assert {each.name: each.read_bytes() for each in tmp_path.iterdir()} == {"a.mp4": b"what was there"}


def test_lost_frame_keeps_the_existing_file(tmp_path):
    path, video = tmp_path / "a.mp4", tmp_path / "video.mp4"
    join_segments(video, Footage(25), 4, segments(Footage(25), [4]))
    path.write_bytes(b"what was there")
    with pytest.raises(Error, match="4 of 5 frames were written"):
        complete(path, Footage(25), 5, video, title="x", language="en")
    assert path.read_bytes() == b"what was there"


@pytest.mark.exhaustive
def test_clicks_do_not_drift_in_five_minutes(av, tmp_path):
    footage, path, track = Footage(29.97), tmp_path / "a.mp4", tmp_path / "a.wav"
    made = [*segments(footage, [250, 1]), *segments(footage, [49])]
    length = round(9000 * RATE / footage.fps)
    clicks = [each * length // 20 for each in range(20)]
    write_track(track, length, [*clicks, length - 480])
    join(path, footage, 9000, made * 30, title="x", language="en", track=track)
    samples = read_audio(av, path)
    assert [onset(samples, click) for click in clicks] == pytest.approx(clicks, abs=24)
    assert onset(samples, length - 480) == pytest.approx(length - 480, abs=24)
    assert read_video(av, path)[0] == pytest.approx(np.arange(9000) / footage.fps, abs=1e-5)


class Ranges(SimpleHTTPRequestHandler):
    def log_message(self, *arguments):
        """Report nothing."""


@pytest.mark.long
@pytest.mark.skipif(CHROMIUM is None, reason="needs a Chromium: apt install chromium, on the PATH")
def test_chromium_plays_a_lecture_with_audio_and_subtitles(tmp_path):
    playwright = pytest.importorskip("playwright.sync_api", reason='needs playwright: pip install ".[test]"')
    footage = Footage(25)
    write_track(tmp_path / "a.wav", 2 * RATE, [RATE])
    join(
        tmp_path / "a.mp4",
        footage,
        50,
        segments(footage, [1, 24, 25]),
        title="x",
        language="en",
        chapters=[Chapter(0, "one"), Chapter(25, "two")],
        track=tmp_path / "a.wav",
        subtitles={"en": [Cue(0, 1, ("one",))]},
    )
    # Browsers show no subtitles that are in the file itself.
    cues = [Cue(0.2, 1, ("one", "half")), Cue(1, 1.8, ("둘",))]
    (tmp_path / "a.vtt").write_text(webvtt(cues), encoding="utf-8")
    track = '<track kind="subtitles" srclang="en" src="a.vtt" default>'
    (tmp_path / "index.html").write_text(f'<video src="a.mp4" controls>{track}</video>', encoding="utf-8")
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Ranges, directory=tmp_path))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    address = f"http://127.0.0.1:{server.server_port}"
    try:
        with playwright.sync_playwright() as started:
            browser = started.chromium.launch(
                executable_path=CHROMIUM, args=["--no-sandbox", "--autoplay-policy=no-user-gesture-required"]
            )
            page = browser.new_page()
            page.goto(f"{address}/index.html")
            played = page.evaluate(
                """async () => {
                    const video = document.querySelector("video");
                    video.playbackRate = 2;
                    const shown = [];
                    video.textTracks[0].oncuechange = (event) =>
                        shown.push(...[...event.target.activeCues].map((cue) => cue.text));
                    await new Promise((resolve, reject) => {
                        video.onended = resolve;
                        video.onerror = () => reject(video.error.message);
                        video.play().catch(reject);
                    });
                    const bytes = await (await fetch("a.mp4")).arrayBuffer();
                    const sound = await new OfflineAudioContext(2, 96000, 48000).decodeAudioData(bytes);
                    const samples = sound.getChannelData(0);
                    const peak = samples.reduce((most, each) => Math.max(most, Math.abs(each)), 0);
                    const first = samples.findIndex(each => Math.abs(each) > peak / 2);
                    const played = [video.duration, video.videoWidth, video.currentTime, sound.duration, first, peak];
                    return [...played, shown];
                }"""
            )
            browser.close()
    finally:
        server.shutdown()
        server.server_close()
    duration, width, current, sound, first, peak, shown = played
    assert shown == ["one\nhalf", "둘"]
    assert (duration, width, current) == (pytest.approx(2, abs=0.03), 320, pytest.approx(2, abs=0.03))
    assert sound == pytest.approx(2, abs=0.03)
    assert first == pytest.approx(RATE, abs=24)
    assert peak > 0.2
