"""Saved clips, read by other programs than those that wrote them, and the files that they replace."""

import io
import struct
import subprocess
import sys
import weakref
from types import SimpleNamespace

import imageio_ffmpeg
import numpy as np
import pytest
import torch
from PIL import Image, ImageColor, ImageSequence

from animopt import Error, Function, Output, Racer, Scene, UsageError
from animopt.drawing.theme import LIGHT
from animopt.video.film import Film
from animopt.video.save import encode_small_png

SMALL = (320, 180)


def bowl(x):
    return (x[0] - 2) ** 2 / 4 + (x[1] - 1) ** 2


def scene(**changes):
    fields = {"function": bowl, "racers": [Racer(torch.optim.SGD, lr=0.3)], "start": (-7, 6), "seconds": 1}
    return Scene(**fields | changes)


def decoded_gif(path):
    with Image.open(path) as image:
        return np.array([np.asarray(frame.convert("RGB")) for frame in ImageSequence.Iterator(image)])


def decoded_mp4(path):
    command = [
        imageio_ffmpeg.get_ffmpeg_exe(),
        "-loglevel",
        "error",
        "-i",
        path,
        "-f",
        "rawvideo",
        "-pix_fmt",
        "rgb24",
        "-",
    ]
    pixels = np.frombuffer(subprocess.run(command, capture_output=True, check=True).stdout, np.uint8)
    width, height = mp4_structure(path).size
    return pixels.reshape(-1, height, width, 3)


DECODERS = {".gif": decoded_gif, ".mp4": decoded_mp4}


def psnr(one, other):
    """Return the peak signal-to-noise ratio of two images, in decibels."""
    return 10 * np.log10(255**2 / np.mean((one.astype(float) - other.astype(float)) ** 2))


def gif_structure(path):
    """Read the blocks of a GIF around its pixels, by the GIF89a specification."""
    data = path.read_bytes()
    assert data[:6] == b"GIF89a"
    width, height, packed = struct.unpack("<HHB", data[6:11])
    found = SimpleNamespace(
        size=(width, height), palette_size=palette_size(packed), delays=[], loops=None, images=0, local=0
    )
    place = 13 + 3 * found.palette_size
    while data[place] != 0x3B:
        if data[place] == 0x21:
            label, (blocks, place) = data[place + 1], read_blocks(data, place + 2)
            if label == 0xF9:
                found.delays.append(int.from_bytes(blocks[0][1:3], "little"))
            elif blocks[0] == b"NETSCAPE2.0":
                found.loops = int.from_bytes(blocks[1][1:3], "little")
        else:
            assert data[place] == 0x2C
            found.images += 1
            found.local += palette_size(data[place + 9])
            _, place = read_blocks(data, place + 11 + 3 * palette_size(data[place + 9]))
    assert place == len(data) - 1
    return found


def palette_size(packed):
    """Return the size of the color table that a packed field announces."""
    return 2 ** ((packed & 7) + 1) if packed & 0x80 else 0


def read_blocks(data, place):
    """Return a chain of blocks, each of which follows its length, and the position after it."""
    blocks = []
    while length := data[place]:
        blocks.append(data[place + 1 : place + 1 + length])
        place += 1 + length
    return blocks, place + 1


def atoms(data):
    """Yield the kind and the body of each atom in a part of an MP4."""
    place = 0
    while place < len(data):
        size, kind = struct.unpack(">I4s", data[place : place + 8])
        assert 8 <= size <= len(data) - place
        yield kind.decode(), data[place + 8 : place + size]
        place += size


def descend(data, *path):
    """Return the body of the only atom at a path."""
    for kind in path:
        data = dict(atoms(data))[kind]
    return data


def mp4_structure(path):
    """Read the properties of the only track of an MP4 from its atoms."""
    data = path.read_bytes()
    movie = descend(data, "moov")
    assert [kind for kind, _ in atoms(movie)].count("trak") == 1
    _, _, film_scale, film_length = struct.unpack(">4I", descend(movie, "mvhd")[4:20])
    media = descend(movie, "trak", "mdia")
    _, _, scale, length = struct.unpack(">4I", descend(media, "mdhd")[4:20])
    table = descend(media, "minf", "stbl")
    (codec, entry), *others = atoms(descend(table, "stsd")[8:])
    assert not others
    times = descend(table, "stts")
    return SimpleNamespace(
        order=[kind for kind, _ in atoms(data)],
        codec=codec,
        size=struct.unpack(">HH", entry[24:28]),
        color=descend(entry[78:], "colr"),
        frames=int.from_bytes(descend(table, "stsz")[8:12], "big"),
        steps=[step / scale for _, step in struct.iter_unpack(">II", times[8:])],
        seconds=length / scale,
        film_seconds=film_length / film_scale,
    )


RATES = [25, 50, 30, 12.5]


@pytest.fixture(scope="module")
def clips(tmp_path_factory):
    """A folder with a clip of 1.2 seconds at several rates in both formats, and its recording."""
    folder = tmp_path_factory.mktemp("clips")
    outputs = [Output(folder / f"{fps}{suffix}", SMALL, fps) for fps in RATES for suffix in DECODERS]
    shown = scene(seconds=1.2)
    shown.save(*outputs)
    return folder, shown.record()


@pytest.mark.parametrize("fps", RATES)
@pytest.mark.sampled(2)
def test_gif_has_each_frame_with_its_duration(clips, fps):
    gif = gif_structure(clips[0] / f"{fps}.gif")
    ends = [round(100 * index / fps) for index in range(round(1.2 * fps) + 1)]
    assert gif.images == len(gif.delays) == len(ends) - 1
    assert sum(gif.delays) == 120
    assert gif.delays == np.diff(ends).tolist()


@pytest.mark.parametrize("fps", RATES)
def test_gif_loops_forever_with_one_palette(clips, fps):
    gif = gif_structure(clips[0] / f"{fps}.gif")
    assert gif.size == SMALL
    assert gif.loops == 0
    assert 2 <= gif.palette_size <= 256
    assert gif.local == 0


@pytest.mark.parametrize("fps", RATES)
def test_mp4_has_each_frame_with_its_duration(clips, fps):
    mp4 = mp4_structure(clips[0] / f"{fps}.mp4")
    assert mp4.frames == round(1.2 * fps)
    assert mp4.steps == [pytest.approx(1 / fps)]
    assert mp4.seconds == pytest.approx(1.2)
    assert mp4.film_seconds == pytest.approx(1.2, abs=0.001)


def test_mp4_has_color_tags_and_its_index_first(clips):
    mp4 = mp4_structure(clips[0] / "25.mp4")
    assert mp4.codec == "avc1"
    assert mp4.size == SMALL
    # BT.709 primaries, transfer and matrix, and not the full range.
    assert mp4.color == struct.pack(">4sHHHB", b"nclx", 1, 1, 1, 0)
    assert mp4.order.index("moov") < mp4.order.index("mdat")


def test_ffmpeg_reports_the_properties_of_an_mp4(clips):
    command = [imageio_ffmpeg.get_ffmpeg_exe(), "-hide_banner", "-i", "25.mp4"]
    report = subprocess.run(command, cwd=clips[0], capture_output=True, text=True, check=False).stderr
    for part in ["Video: h264", "yuv420p(tv, bt709", "320x180", "25 fps", "Duration: 00:00:01.20"]:
        assert part in report
    assert "Audio" not in report


@pytest.mark.parametrize(("suffix", "least"), [(".gif", 30), (".mp4", 32)])
@pytest.mark.sampled(1)
def test_decoded_frames_match_drawn_frames(clips, make_film, suffix, least):
    folder, recording = clips
    film = make_film(recording, seconds=1.2, fps=25)
    frames = DECODERS[suffix](folder / f"25{suffix}")
    assert len(frames) == len(film)
    assert min(map(psnr, frames, film.frames())) > least


HEADS_SIZE = (1280, 720)
HEADS_FPS = 5


@pytest.fixture(scope="module")
def spread_out(tmp_path_factory):
    """A folder with clips of five distant racers on an asymmetric domain in both formats, and their recording."""
    racers = [
        Racer("SGD", lr=0.2, start=(-5, 6)),
        Racer("SGD", lr=0.05, momentum=0.5, start=(9, -2), name="Momentum"),
        Racer("Adagrad", lr=0.5, start=(-5, -2)),
        Racer("RMSprop", lr=0.1, start=(9, 6), steps=4),
        Racer("Adam", lr=0.3, start=(3, 6.5)),
    ]
    shown = scene(function=Function(bowl, x=(-6, 10), y=(-3, 7)), racers=racers, start=None, steps=7, seconds=4)
    folder = tmp_path_factory.mktemp("heads")
    shown.save(*(Output(folder / f"heads{suffix}", HEADS_SIZE, HEADS_FPS) for suffix in DECODERS))
    return folder, shown.record()


def interpolated(recording, step):
    """Return the position of each racer at a fractional step, (racers, 2)."""
    before = min(int(step), recording.xy.shape[1] - 2)
    return recording.xy[:, before] + (step - before) * (recording.xy[:, before + 1] - recording.xy[:, before])


def distances(pixels, hue):
    """Return the distance of each pixel's color from a hue."""
    return np.linalg.norm(pixels.astype(float) - ImageColor.getrgb(hue), axis=2)


def eroded(mask):
    """Erode a mask by a square that is wider than a trail."""
    return np.pad(np.lib.stride_tricks.sliding_window_view(mask, (5, 5)).all(axis=(2, 3)), 2)


def head(pixels, hue):
    """Return the centroid of the only object with a hue that is thicker than a trail, in pixels from the upper left."""
    distance = distances(pixels, hue)
    found = eroded(distance < 60)
    # The rim of a head separates it from its trail, so pixels that touch the eroded part belong to the head.
    while (wider := (distance < 120) & dilated(found)).sum() > found.sum():
        found = wider
    places = np.argwhere(found)
    assert len(places), "no head"
    assert np.ptp(places, axis=0).max() < 16, "more than a head"
    return places.mean(axis=0)[::-1] + 0.5


def dilated(mask):
    """Dilate a mask by one pixel."""
    wide = np.pad(mask, 1)
    return mask | wide[:-2, 1:-1] | wide[2:, 1:-1] | wide[1:-1, :-2] | wide[1:-1, 2:]


@pytest.mark.parametrize("index", [0, 1, 4, 8, 11, 14, 19])
@pytest.mark.parametrize("suffix", DECODERS)
@pytest.mark.sampled(1, 5)
def test_each_head_is_at_its_recorded_position(spread_out, make_film, suffix, index):
    folder, recording = spread_out
    film = make_film(recording, size=HEADS_SIZE, seconds=4, fps=HEADS_FPS)
    frame = DECODERS[suffix](folder / f"heads{suffix}")[index]
    (contour,) = (axes for axes in film.canvas().figure.axes if axes.get_label() == "contour")
    box = contour.get_window_extent()
    left, top = round(box.x0), round(HEADS_SIZE[1] - box.y1)
    picture = frame[top : round(HEADS_SIZE[1] - box.y0), left : round(box.x1)]
    (left_end, right_end), (low, high) = contour.get_xlim(), contour.get_ylim()
    places = interpolated(recording, film.timeline.moment(index / HEADS_FPS).step)
    for racer, (x, y) in enumerate(places):
        across = box.x0 + (x - left_end) / (right_end - left_end) * box.width
        down = HEADS_SIZE[1] - box.y0 - (y - low) / (high - low) * box.height
        found = np.add(head(picture, LIGHT.hue(racer)), [left, top])
        assert np.hypot(*(found - [across, down])) < 2, recording.names[racer]


@pytest.mark.long
@pytest.mark.parametrize("suffix", DECODERS)
def test_clip_preserves_the_colors_of_racers(spread_out, make_film, suffix):
    folder, recording = spread_out
    drawn = make_film(recording, size=HEADS_SIZE, seconds=4, fps=HEADS_FPS).frame(12)
    decoded = DECODERS[suffix](folder / f"heads{suffix}")[12]
    for hue in LIGHT.hues[: len(recording.names)]:
        inside = eroded(distances(drawn, hue) < 2)
        # A matrix other than the one in the file's tags would be off by ten and more. A GIF has a palette.
        limit = 4 if suffix == ".mp4" else 14
        assert np.median(decoded[inside], axis=0) == pytest.approx(np.array(ImageColor.getrgb(hue)), abs=limit), hue


def test_png_of_few_colors_keeps_those_of_racers(ravine_race, make_film):
    drawn = make_film(ravine_race, size=(640, 360)).result_frame()
    image = Image.open(io.BytesIO(encode_small_png(drawn)))
    assert image.mode == "P"
    shown = np.asarray(image.convert("RGB"))
    assert psnr(shown, drawn) > 35
    for hue in LIGHT.hues[:5]:
        inside = distances(drawn, hue) < 2
        assert inside.sum() > 10
        assert np.abs(shown[inside].mean(axis=0) - ImageColor.getrgb(hue)).max() < 14, hue


@pytest.mark.long
def test_gif_can_have_odd_sides(tmp_path, make_film):
    shown = scene(seconds=0.2)
    shown.save(Output(tmp_path / "odd.gif", (321, 181), 10))
    film = make_film(shown.record(), size=(321, 181), seconds=0.2)
    assert min(map(psnr, decoded_gif(tmp_path / "odd.gif"), film.frames())) > 30


@pytest.mark.long
def test_clip_shorter_than_a_frame_has_one_frame(tmp_path):
    scene(seconds=0.2).save(*(Output(tmp_path / f"short{suffix}", SMALL, 2) for suffix in DECODERS))
    assert gif_structure(tmp_path / "short.gif").delays == [50]
    assert mp4_structure(tmp_path / "short.mp4").frames == 1


@pytest.mark.long
def test_still_is_the_frame_of_its_second(tmp_path, make_film):
    shown = scene(seconds=2)
    shown.still(tmp_path / "still.png", 1.3, SMALL)
    with Image.open(tmp_path / "still.png") as image:
        assert image.format == "PNG"
        assert np.array_equal(np.asarray(image.convert("RGB")), make_film(shown.record(), seconds=2).at(1.3))


@pytest.mark.parametrize(
    ("name", "options", "message"),
    [
        ("a.gif", {"fps": 60}, "fps 60: .* at most 50"),
        ("a.gif", {"fps": 50.1}, "fps 50.1: .* at most 50"),
        ("a.mp4", {"fps": 0}, "fps 0: "),
        ("a.mp4", {"fps": -25}, "fps -25: "),
        ("a.mp4", {"fps": float("nan")}, "fps nan: "),
        ("a.mp4", {"fps": 1000}, "fps 1000: "),
        ("a.mp4", {"size": (321, 180)}, "size 321x180: .* use 322x180"),
        ("a.mp4", {"size": (320, 181)}, "size 320x181: .* use 320x182"),
        ("a.mp4", {"size": (321, 181)}, "size 321x181: .* use 322x182"),
        ("a.gif", {"size": (8, 8)}, "size 8x8: "),
        ("a.gif", {"size": (100000, 180)}, "size 100000x180: "),
        ("a.gif", {"size": (320, 180, 3)}, r"size \(320, 180, 3\): "),
        ("a.avi", {}, "suffix '.avi'; a clip ends in .apng, .gif, .mov, .mp4, .webm, .webp, a folder of frames in /"),
        ("a", {}, "no suffix"),
    ],
)
def test_output_that_a_format_does_not_support_is_refused(name, options, message):
    with pytest.raises(UsageError, match=message):
        Output(name, **options)


def files(folder):
    """Return the content of each file in a folder by its name, hidden files included."""
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


OLD = {f"old{suffix}": b"old" for suffix in DECODERS}


@pytest.fixture
def old(tmp_path, monkeypatch):
    """The current folder, with an existing file for each output."""
    for name, content in OLD.items():
        (tmp_path / name).write_bytes(content)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def save_over(*names):
    scene().save(*(Output(name, SMALL, 10) for name in names))


@pytest.mark.long
def test_complete_file_replaces_existing_file_at_the_end(old, monkeypatch):
    frames = Film.frames

    def watched(film, executor=None):
        for frame in frames(film, executor):
            assert {name: content for name, content in files(old).items() if name in OLD} == OLD
            yield frame

    monkeypatch.setattr(Film, "frames", watched)
    save_over(*OLD)
    assert set(files(old)) == set(OLD)
    assert mp4_structure(old / "old.mp4").frames == gif_structure(old / "old.gif").images == 10


@pytest.mark.sampled(1)
@pytest.mark.parametrize("error", [Error("no more"), RuntimeError("no more"), KeyboardInterrupt()], ids=repr)
def test_interrupted_clip_keeps_existing_files(old, monkeypatch, error):
    def frames(film, executor=None):
        yield film.frame(0)
        yield film.frame(1)
        raise error

    monkeypatch.setattr(Film, "frames", frames)
    with pytest.raises(type(error)):
        save_over(*OLD)
    assert files(old) == OLD


@pytest.mark.sampled(2)
@pytest.mark.parametrize("after", [2, 10], ids=["midway", "at the end"])
@pytest.mark.parametrize("name", OLD)
def test_killed_encoder_keeps_existing_file(old, monkeypatch, name, after):
    running = []

    class Watched(subprocess.Popen):
        def __init__(self, *arguments, **options):
            super().__init__(*arguments, **options)
            running.append(self)

    def frames(film, executor=None):
        for index in range(len(film)):
            yield film.frame(index)
            if index + 1 == after:
                for process in running:
                    process.kill()

    monkeypatch.setattr(subprocess, "Popen", Watched)
    monkeypatch.setattr(Film, "frames", frames)
    with pytest.raises(Error, match=rf"{name}: the encoder failed") as caught:
        save_over(name)
    assert "\n" not in str(caught.value)
    assert files(old) == OLD
    assert all(process.poll() is not None for process in running)


@pytest.mark.long
@pytest.mark.skipif(sys.platform == "win32", reason="the fake ffmpeg is a shell script")
@pytest.mark.parametrize("exit_code", [0, 1])
@pytest.mark.parametrize("name", OLD)
def test_failed_encoder_keeps_existing_file(old, monkeypatch, tmp_path_factory, name, exit_code):
    script = tmp_path_factory.mktemp("fake") / "ffmpeg"
    script.write_text(f"#!/bin/sh\nhead -c 100000 >/dev/null\necho The disk is full >&2\nexit {exit_code}\n")
    script.chmod(0o755)
    monkeypatch.setenv("IMAGEIO_FFMPEG_EXE", str(script))
    with pytest.raises(Error, match=name) as caught:
        save_over(name)
    assert "\n" not in str(caught.value)
    assert files(old) == OLD


@pytest.fixture
def drawn(monkeypatch):
    """A list to which each drawn frame adds its size and its second."""
    asked = []
    at = Film.at

    def counted(film, second, out=None):
        asked.append((film.size, second))
        return at(film, second, out)

    monkeypatch.setattr(Film, "at", counted)
    return asked


@pytest.mark.long
def test_outputs_of_equal_size_and_rate_share_their_frames(tmp_path, drawn):
    same = [Output(tmp_path / name, SMALL, 25) for name in ("a.mp4", "b.mp4", "c.mp4")]
    scene().save(*same, Output(tmp_path / "d.mp4", (180, 320), 5))
    assert drawn == [
        *((SMALL, pytest.approx(index / 25)) for index in range(25)),
        *(((180, 320), pytest.approx(index / 5)) for index in range(5)),
    ]


@pytest.mark.long
def test_gif_draws_few_frames_twice(tmp_path, drawn):
    scene().save(*(Output(tmp_path / f"a{suffix}", SMALL, 50) for suffix in DECODERS))
    assert [second for _, second in drawn[-50:]] == pytest.approx(np.arange(50) / 50)
    assert len(drawn) < 50 + 16


@pytest.mark.long
def test_frames_are_drawn_on_demand(make_film, ravine_race, drawn):
    frames = make_film(ravine_race, seconds=30).frames()
    assert not drawn
    next(frames)
    assert len(drawn) == 1


@pytest.mark.long
def test_written_frames_are_released(tmp_path, monkeypatch):
    made = []
    at_once = []

    def frames(film, executor=None):
        for index in range(len(film)):
            frame = film.frame(index)
            made.append(weakref.ref(frame))
            at_once.append(sum(each() is not None for each in made))
            yield frame

    monkeypatch.setattr(Film, "frames", frames)
    scene().save(*(Output(tmp_path / f"a{suffix}", SMALL, 25) for suffix in DECODERS))
    assert len(at_once) == 25
    assert max(at_once) <= 3


@pytest.mark.long
def test_odd_file_names_are_used_literally(tmp_path, monkeypatch):
    folder = tmp_path / "it's 100%d"
    folder.mkdir()
    monkeypatch.chdir(folder)
    names = ["-dash.mp4", "a b.gif", "ü$(x).gif", "100%d.mp4", "%03d.gif", "LOUD.GIF", "a.b.mp4"]
    names += [] if sys.platform == "win32" else ["c:x.mp4", 'say "x".gif']
    shown = scene(seconds=0.3)
    shown.save(*(Output(name, SMALL, 10) for name in names))
    stills = ["-dash.png", "ü 100%d.png"]
    for name in stills:
        shown.still(name, 0.1, SMALL)
    assert {path.name for path in folder.iterdir()} == {*names, *stills}
    for path in folder.iterdir():
        if path.suffix == ".mp4":
            assert mp4_structure(path).frames == 3
        elif path.suffix.lower() == ".gif":
            assert gif_structure(path).images == 3
