"""Formats, maximum sizes, presets and transparency. Files are decoded by other programs than their writers."""

import base64
import functools
import http.server
import json
import re
import shutil
import subprocess
import threading
import warnings
from io import BytesIO
from itertools import pairwise
from pathlib import Path

import attrs
import imageio_ffmpeg
import numpy as np
import pytest
from PIL import Image, ImageSequence

from animopt import Error, Output, UsageError, load_scene
from animopt.drawing.theme import LIGHT
from animopt.scene.recipe import Recipe
from animopt.scene.render import film_of, save_outputs
from animopt.video.film import Film
from animopt.video.metadata import embedded_text
from animopt.video.output import FORMATS
from animopt.video.presets import PRESETS
from animopt.video.save import MIN_WIDTH, REDUCED_FPS, parse_bytes, reductions

SIZE, FPS, SECONDS = (320, 180), 10, 1.5
COUNT = round(FPS * SECONDS)

CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome", "chrome"))), None)
needs_chromium = pytest.mark.skipif(
    CHROMIUM is None, reason="no Chromium: install it, as by apt install chromium, and try again"
)


def ffmpeg(*arguments):
    command = [imageio_ffmpeg.get_ffmpeg_exe(), "-hide_banner", *arguments]
    return subprocess.run(command, capture_output=True, check=False)


def raw(path, pixels, size=SIZE, decoder=()):
    channels = len(pixels.rstrip("24"))
    out = ffmpeg("-v", "error", *decoder, "-i", str(path), "-f", "rawvideo", "-pix_fmt", pixels, "-").stdout
    return np.frombuffer(out, np.uint8).reshape(-1, size[1], size[0], channels)


def pillow(path, mode="RGB"):
    """The shown frames of a picture. A WebP stores equal ones as one."""
    with Image.open(path) as image:
        frames = ((frame.convert(mode), frame.info["duration"]) for frame in ImageSequence.Iterator(image))
        return np.array([np.asarray(frame) for frame, shown in frames for _ in range(round(shown * FPS / 1000))])


def folder(path, mode="RGB"):
    return np.array([np.asarray(Image.open(each).convert(mode)) for each in sorted(path.iterdir())])


def psnr(one, other):
    return 10 * np.log10(255**2 / max(1e-9, np.mean((one.astype(float) - other.astype(float)) ** 2)))


@pytest.fixture(scope="module")
def scene(scenes):
    return load_scene(scenes["ravine_race"]).replace(seconds=SECONDS)


@pytest.fixture(scope="module")
def drawn(scene, tmp_path_factory):
    """The drawn frames, from a folder of PNG files. Another test compares these with the film."""
    path = tmp_path_factory.mktemp("drawn")
    scene.save(Output(f"{path}/frames/", SIZE, FPS))
    return folder(path / "frames")


@pytest.fixture(scope="module")
def clips(scene, tmp_path_factory):
    path = tmp_path_factory.mktemp("clips")
    names = ["a.gif", "a.mp4", "a.webm", "a.webp", "a.apng", "a.mov"]
    scene.save(*(Output(path / name, SIZE, FPS) for name in names))
    return path


@pytest.fixture(scope="module")
def clear(scene, tmp_path_factory):
    path = tmp_path_factory.mktemp("clear")
    names = ["a.webm", "a.webp", "a.apng", "a.mov", "frames/"]
    scene.save(*(Output(f"{path}/{name}", SIZE, FPS, transparent=True) for name in names))
    return path


@pytest.mark.long
def test_folder_of_frames_is_lossless(scene, drawn, monkeypatch, tmp_path):
    films, frames = [], Film.frames
    monkeypatch.setattr(Film, "frames", lambda self, executor: films.append(self) or frames(self, executor))
    scene.save(Output(f"{tmp_path}/frames/", SIZE, FPS))
    assert np.array_equal(drawn, [films[0].frame(index) for index in range(COUNT)])


@pytest.mark.sampled(4)
@pytest.mark.parametrize(
    ("name", "decode", "least"),
    [
        ("a.gif", pillow, 40),
        ("a.webp", pillow, 30),
        ("a.apng", pillow, np.inf),
        ("a.mp4", lambda path: raw(path, "rgb24"), 32),
        ("a.webm", lambda path: raw(path, "rgb24"), 32),
        ("a.mov", lambda path: raw(path, "rgb24"), 33),
    ],
)
def test_decoded_frames_match_drawn_frames(clips, drawn, name, decode, least):
    frames = decode(clips / name)
    assert len(frames) == COUNT
    assert (frames == drawn).all() if least == np.inf else psnr(frames, drawn) > least


@pytest.mark.parametrize("name", ["a.gif", "a.webp", "a.apng"])
def test_animated_pictures_loop_forever_at_their_rate(clips, name):
    with Image.open(clips / name) as image:
        assert image.info["loop"] == 0
        lasted = []
        for frame in ImageSequence.Iterator(image):
            frame.load()
            lasted.append(frame.info["duration"])
    assert sum(lasted) == pytest.approx(1000 * SECONDS)
    # Only WebP stores the equal frames at the start as one.
    assert max(lasted) == (1000 / FPS if name != "a.webp" else 2000 / FPS)
    assert {each % (1000 / FPS) for each in lasted} == {0}


@pytest.mark.parametrize(
    ("name", "tags"),
    [
        ("a.webm", r"vp9.*yuv420p\(tv, bt709"),
        ("a.mov", r"prores.*yuv422p10le\(tv, bt709"),
    ],
)
def test_videos_have_color_tags(clips, name, tags):
    info = ffmpeg("-i", str(clips / name)).stderr.decode()
    assert re.search(tags, info, re.DOTALL), info
    assert f"Duration: 00:00:0{SECONDS:.2f}" in info


DECODED_CLEAR = {
    "a.webm": lambda path: raw(path, "rgba", decoder=("-c:v", "libvpx-vp9")),
    "a.webp": lambda path: pillow(path, "RGBA"),
    # Pillow loses a part of the previous frame if two frames are blended.
    "a.apng": lambda path: raw(path, "rgba"),
    "a.mov": lambda path: raw(path, "rgba"),
    "frames": lambda path: folder(path, "RGBA"),
}


@pytest.mark.sampled(2)
@pytest.mark.parametrize(("name", "decode"), DECODED_CLEAR.items(), ids=DECODED_CLEAR)
def test_transparent_clip_on_its_background_matches_drawn_frames(clear, drawn, name, decode):
    frames = decode(clear / name).astype(float)
    assert len(frames) == COUNT
    # The corner has no background. The middle of the contour is opaque.
    assert frames[:, :4, :4, 3].max() == 0
    assert frames[:, 45, 240, 3].min() > 250
    background = np.array([int(LIGHT.background[start : start + 2], 16) for start in (1, 3, 5)])
    alpha = frames[..., 3:] / 255
    laid = frames[..., :3] * alpha + background * (1 - alpha)
    if name in ("frames", "a.apng"):
        # Rounded on both backgrounds, and again with the opacity of each layer.
        assert np.abs(laid - drawn).max() < 5
    else:
        assert psnr(laid, drawn) > 29


@pytest.mark.parametrize("name", ["a.gif", "a.mp4"])
def test_transparency_is_refused_for_formats_without_alpha(name):
    with pytest.raises(UsageError, match=r"transparent: a \.\w+ has no half-transparent edges; use \.apng"):
        Output(name, transparent=True)


@pytest.mark.long
def test_transparent_still_has_no_background(scene, tmp_path):
    scene.still(tmp_path / "a.png", 1, SIZE, transparent=True)
    with Image.open(tmp_path / "a.png") as still:
        assert still.mode == "RGBA"
        assert still.getpixel((1, 1))[3] == 0


@pytest.mark.long
def test_workers_draw_the_same_transparent_frames(scene, clear, tmp_path):
    scene.save(Output(f"{tmp_path}/frames/", SIZE, FPS, transparent=True), workers=1)
    assert np.array_equal(folder(tmp_path / "frames", "RGBA"), folder(clear / "frames", "RGBA"))


@pytest.mark.long
def test_folder_of_frames_replaces_another(scene, tmp_path):
    path = tmp_path / "100% frames"
    short = scene.replace(seconds=0.5)
    scene.save(Output(f"{path}/", SIZE, FPS))
    assert len(list(path.iterdir())) == COUNT
    short.save(Output(f"{path}/", SIZE, FPS))
    assert sorted(each.name for each in path.iterdir()) == [f"frame-{number:04}.png" for number in range(5)]
    assert [each.name for each in tmp_path.iterdir()] == ["100% frames"]


def test_folder_with_other_files_is_refused(scene, tmp_path):
    (tmp_path / "thesis.tex").touch()
    with pytest.raises(UsageError, match=r"holds 'thesis\.tex'; name a folder that holds only frames"):
        scene.save(Output(f"{tmp_path}/", SIZE, FPS))
    assert [each.name for each in tmp_path.iterdir()] == ["thesis.tex"]


@pytest.mark.long
def test_failed_folder_of_frames_keeps_the_old_one(scene, tmp_path, monkeypatch):
    scene.save(Output(f"{tmp_path}/frames/", SIZE, FPS))
    before = folder(tmp_path / "frames")
    monkeypatch.setattr(Film, "frame", lambda self, index, out: 1 / 0 if index > 3 else out)
    with pytest.raises(ZeroDivisionError):
        scene.save(Output(f"{tmp_path}/frames/", SIZE, FPS), workers=0)
    assert np.array_equal(folder(tmp_path / "frames"), before)
    assert [each.name for each in tmp_path.iterdir()] == ["frames"]


@pytest.mark.parametrize("name", ["a.gif", "a.mp4", "a.webm", "a.webp", "a.apng", "a.mov"])
def test_clip_contains_its_recipe(clips, name):
    found = Recipe.read(embedded_text(clips / name), name)
    assert found.output == {"size": list(SIZE), "fps": FPS, "theme": "light"}
    assert "scene = Scene(" in found.scene_file()


def test_pillow_reads_the_recipe_of_an_apng(clips):
    with Image.open(clips / "a.apng") as image:
        image.seek(image.n_frames - 1)
        image.load()
        assert image.text["Comment"] == embedded_text(clips / "a.apng")


# Maximum sizes.


@pytest.mark.parametrize(
    ("words", "count"),
    [
        ("10MB", 10_000_000),
        ("10 mb", 10_000_000),
        ("2.5 MiB", 2_621_440),
        ("900k", 900_000),
        ("1GB", 10**9),
        ("12345", 12345),
    ],
)
def test_number_of_bytes_is_parsed(words, count):
    assert parse_bytes(words) == count


@pytest.mark.parametrize("words", ["3 bananas", "", "MB", "-1MB", "1e6", "10 MB MB", "1,5MB"])
def test_invalid_number_of_bytes_is_refused(words):
    with pytest.raises(UsageError, match=r"^max bytes .*: give a size in bytes, as 10MB or 900kB$"):
        parse_bytes(words)


def test_wide_clip_is_not_reduced_below_the_minimum_side():
    assert all(min(each.output.size) >= 160 for each in reductions(Output("a.gif", (1000, 170), max_bytes=10**6)))


@pytest.mark.parametrize("name", ["a.gif", "a.mp4", "a.webm", "a.webp", "a.apng", "a.mov", "frames/"])
def test_quality_is_reduced_first_then_rate_then_size(name):
    attempts = reductions(Output(name, (1280, 720), 50, max_bytes=10**6))
    values = [(each.quality_step, -each.output.fps, -each.output.size[0]) for each in attempts]
    assert values == sorted(set(values))
    assert attempts[-1].output.size == (320, 180)
    assert min(each.output.fps for each in attempts) == min(REDUCED_FPS) > 8
    assert min(each.output.size[0] for each in attempts) == MIN_WIDTH
    # Each attempt reduces one value.
    for before, after in pairwise(values):
        assert sum(one != other for one, other in zip(before, after, strict=True)) == 1


@pytest.mark.parametrize("name", ["a.gif", "a.mp4", "a.webm", "a.webp", "a.apng", "frames/"])
@pytest.mark.sampled(0, 2)
def test_maximum_size_is_met_with_a_warning(scene, tmp_path, name):
    path = f"{tmp_path}/{name}"
    output = Output(path, (480, 270), 20)
    scene.save(output)

    def size():
        files = list(output.path.iterdir()) if output.path.is_dir() else [output.path]
        return sum(file.stat().st_size for file in files)

    most = max(20_000, int(size() * 0.4))
    with pytest.warns(UserWarning, match=r"to stay within [\d.]+ [kM]B it has .* instead of") as caught:
        scene.save(attrs.evolve(output, max_bytes=most))
    assert len(caught) == 1
    assert size() <= most
    # It is not reduced much more than necessary.
    assert size() > 0.3 * most


@pytest.mark.parametrize("command", ["one", "all"])
@pytest.mark.exhaustive
def test_json_describes_the_clip_as_made(animopt_here, scenes, tmp_path, command):
    options = ["--size", "480x270", "--fps", "20", "--seconds", "1", "--json"]
    race = str(scenes["ravine_race"])
    few = ["-o", "few.gif", "--sidecars", "html"] if command == "one" else ["--format", "gif", "-o", "out"]
    with warnings.catch_warnings():
        warnings.simplefilter("default")
        done = animopt_here(*(["all"] if command == "all" else []), race, *few, *options, "--max-bytes", "60kB")
    assert done.returncode == 0, done.stderr
    assert "to stay within" in done.stderr
    report = json.loads(done.stdout)["files"][0]
    assert report["bytes"] == Path(report["path"]).stat().st_size <= 60_000
    with Image.open(report["path"]) as clip:
        assert (report["width"], report["height"]) == clip.size
        assert report["frames"] == clip.n_frames
        assert clip.size != (480, 270) or clip.n_frames < 20
        width = clip.size[0]
    if command == "one":
        assert f'width="{width}"' in Path("few.html").read_text()


@pytest.mark.long
def test_json_describes_a_folder_of_frames(animopt_here, scenes, tmp_path):
    done = animopt_here(
        str(scenes["ravine_sgd"]), "-o", "frames/", "--size", "320x180", "--fps", "5", "--seconds", "1", "--json"
    )
    (report,) = json.loads(done.stdout)["files"]
    assert (report["format"], report["frames"]) == ("frames", 5)
    assert report["bytes"] == sum(path.stat().st_size for path in (tmp_path / "frames").iterdir())


@pytest.mark.long
def test_maximum_size_does_not_change_a_small_clip(scene, clips, tmp_path):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        scene.save(Output(tmp_path / "a.gif", SIZE, FPS, max_bytes=10**8))
    assert (tmp_path / "a.gif").read_bytes() == (clips / "a.gif").read_bytes()


@pytest.mark.long
def test_impossible_maximum_size_keeps_existing_file(scene, tmp_path):
    (tmp_path / "a.gif").write_bytes(b"old")
    drawn = []
    message = r"a\.gif: cannot be made smaller than [\d.]+ kB, and may have 20 kB; allow more, or make the clip shorter"
    output = Output(tmp_path / "a.gif", SIZE, FPS, max_bytes=20_000)
    with pytest.raises(Error, match=message) as error:
        list(save_outputs(scene.replace(seconds=4), output, progress=lambda done, total: drawn.append(done)))
    assert not isinstance(error.value, UsageError)
    assert (tmp_path / "a.gif").read_bytes() == b"old"
    assert [each.name for each in tmp_path.iterdir()] == ["a.gif"]
    assert len(drawn) <= 8 * 4 * FPS


@pytest.mark.long
def test_too_large_output_does_not_stop_the_others(scene, tmp_path):
    outputs = [Output(tmp_path / "a.apng", SIZE, FPS, max_bytes=20_000), Output(tmp_path / "a.mp4", SIZE, FPS)]
    with pytest.raises(Error, match=r"a\.apng: cannot be made smaller"):
        scene.save(*outputs)
    assert [each.name for each in tmp_path.iterdir()] == ["a.mp4"]


@pytest.mark.long
def test_gif_is_smaller_and_more_similar_than_by_the_usual_filter(scene, tmp_path):
    # In smaller pictures, letters take most of the bytes.
    output = Output(tmp_path / "a.gif", (480, 270), FPS)
    drawn = np.array([each.copy() for each in film_of(scene, output).frames()])
    scene.save(output)
    usual = "split[a][b];[a]palettegen[p];[b][p]paletteuse"
    pixels = ["-f", "rawvideo", "-pix_fmt", "rgb24", "-s", "480x270", "-r", f"{FPS}", "-i", "-"]
    command = [imageio_ffmpeg.get_ffmpeg_exe(), "-v", "error", *pixels, "-filter_complex", usual, tmp_path / "b.gif"]
    subprocess.run(command, input=drawn.tobytes(), check=True)
    assert output.path.stat().st_size < 0.8 * (tmp_path / "b.gif").stat().st_size
    assert psnr(pillow(output.path), drawn) > psnr(pillow(tmp_path / "b.gif"), drawn) + 1


# Presets.


@pytest.mark.parametrize(("name", "preset"), PRESETS.items(), ids=PRESETS)
@pytest.mark.sampled(2, 4)
def test_preset_makes_its_clip(animopt_here, scenes, tmp_path, name, preset):
    done = animopt_here(str(scenes["ravine_sgd"]), "--for", name, "--seconds", "0.2", "--draft")
    assert done.returncode == 0, done.stderr
    path = tmp_path / "renders" / f"ravine-sgd-{name}{preset.suffix}".removesuffix("/")
    size = preset.output(f"a{preset.suffix}").draft().size
    assert done.stdout.strip() == str(path.relative_to(tmp_path)).replace("\\", "/")
    if preset.suffix == "/":
        with Image.open(path / "frame-0000.png") as frame:
            assert frame.size == size
            assert frame.getpixel((0, 0)) == (255, 255, 255)
    elif preset.suffix == ".html":
        assert "<canvas" in path.read_text(encoding="utf-8")
    else:
        info = ffmpeg("-i", str(path)).stderr.decode()
        assert "{}x{}".format(*size) in info


@pytest.mark.parametrize(("name", "preset"), PRESETS.items(), ids=PRESETS)
def test_preset_describes_its_output(name, preset):
    output = preset.output(f"a{preset.suffix}")
    assert (output.size, output.fps, output.max_bytes) == (preset.size, preset.fps, preset.max_bytes)
    assert len(preset.why) > 20
    assert len(reductions(output)) > 1 or output.max_bytes is None


def test_help_describes_every_preset(animopt_here, scenes):
    text = " ".join(animopt_here(str(scenes["ravine_sgd"]), "--help").stdout.split())
    for name, preset in PRESETS.items():
        assert f"{name} {preset}" in text


def test_rate_of_zero_is_refused_for_a_preset(animopt_here, scenes):
    done = animopt_here(str(scenes["ravine_sgd"]), "--for", "github", "--fps", "0")
    assert (done.returncode, done.stderr) == (2, "animopt: fps 0.0: give 1 to 120 frames a second\n")


@pytest.mark.long
def test_options_replace_values_of_a_preset(animopt_here, scenes, tmp_path):
    options = ["--for", "github", "--seconds", "0.5", "--size", "320x180", "--fps", "10"]
    done = animopt_here(str(scenes["ravine_sgd"]), *options, "-o", "a.mp4")
    assert done.returncode == 0, done.stderr
    assert [path.name for path in tmp_path.iterdir()] == ["a.mp4"]
    info = ffmpeg("-i", str(tmp_path / "a.mp4")).stderr.decode()
    assert "320x180" in info
    assert "10 fps" in info


@pytest.mark.parametrize(
    ("options", "code", "message"),
    [
        (["--for", "moon"], 2, "'moon' is not one of 'github'"),
        (["--max-bytes", "3 bananas"], 2, "max bytes '3 bananas': give a size in bytes, as 10MB or 900kB"),
        (["--max-bytes", "1 kB"], 2, "max bytes 1 kB: no clip is that small; give at least 20 kB"),
        (["--max-bytes", "1MB", "--still", "1"], 2, "max-bytes '1MB': is for clips; leave out --max-bytes"),
        (["--for", "github", "--storyboard"], 2, "for 'github': is for clips; leave out --for"),
        (["-o", "a.gif", "--transparent"], 2, "transparent: a .gif has no half-transparent edges; use .apng"),
        (["-o", "a.gif/"], 2, "is a file; give the name of a folder"),
    ],
)
def test_misuse_is_reported_in_one_line(animopt_here, scenes, tmp_path, options, code, message):
    (tmp_path / "a.gif").write_bytes(b"old")
    done = animopt_here(str(scenes["ravine_sgd"]), *options)
    assert done.returncode == code
    assert message in done.stderr
    assert done.stderr.count("\n") == 1
    assert [path.name for path in tmp_path.iterdir()] == ["a.gif"]


# Browsers.


@pytest.fixture(scope="module")
def site(clips, clear):
    """The address of a server for the folder of clips. Browsers hide the pixels of files on the disk from scripts."""
    for path in clear.glob("a.*"):
        shutil.copy(path, clips / f"clear{path.suffix}")
    (clips / "page.html").write_text("<!doctype html><body style='margin:0;background:#0000ff'></body>")

    class Quiet(http.server.SimpleHTTPRequestHandler):
        def log_message(self, *_):
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(Quiet, directory=clips))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


@pytest.fixture(scope="module")
def page(site):
    playwright = pytest.importorskip("playwright.sync_api")
    with playwright.sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        opened = browser.new_page()
        opened.goto(f"{site}/page.html")
        yield opened
        browser.close()


SHOW = """async ([name, at]) => {
    const video = /mp4|webm/.test(name);
    const shown = document.createElement(video ? "video" : "img");
    shown.muted = true;
    // The server answers no range requests, so a video that is still being loaded could not be sought.
    shown.src = URL.createObjectURL(await (await fetch(name)).blob());
    document.body.replaceChildren(shown);
    if (video) {
        await new Promise((done, failed) => {
            shown.onloadeddata = done;
            shown.onerror = () => failed(shown.error.message);
        });
        shown.currentTime = at;
        await new Promise(done => { shown.onseeked = done; });
    } else await shown.decode();
    const canvas = document.createElement("canvas");
    canvas.width = shown.videoWidth || shown.naturalWidth;
    canvas.height = shown.videoHeight || shown.naturalHeight;
    canvas.getContext("2d").drawImage(shown, 0, 0);
    return [shown.duration || null, canvas.width, canvas.height, canvas.toDataURL()];
}"""


def shown(page, name, at=0.0):
    duration, width, height, url = page.evaluate(SHOW, [name, at])
    data = base64.b64decode(url.partition(",")[2])
    with Image.open(BytesIO(data)) as picture:
        return duration, (width, height), np.asarray(picture.convert("RGBA"))


@needs_chromium
@pytest.mark.parametrize("name", ["a.gif", "a.webp", "a.apng", "a.mp4", "a.webm"])
def test_browser_shows_the_drawn_frame(page, drawn, name):
    duration, size, pixels = shown(page, name)
    assert size == SIZE
    if name.endswith(("mp4", "webm")):
        assert duration == pytest.approx(SECONDS, abs=0.02)
    assert psnr(pixels[..., :3], drawn[0]) > 28
    # A wrong color matrix would change the background.
    assert np.abs(pixels[:4, :4, :3].astype(int) - drawn[0][:4, :4]).max() <= 2


VIEWED = [name for name, preset in PRESETS.items() if preset.suffix not in ("/", ".html")]


@needs_chromium
@pytest.mark.parametrize("name", VIEWED)
@pytest.mark.sampled(0, 3)
def test_browser_shows_the_clip_of_each_preset(page, scene, clips, name):
    preset = PRESETS[name]
    # The server shows this folder.
    output = preset.output(clips / f"{name}{preset.suffix}").draft()
    scene.replace(seconds=0.5).save(output)
    duration, size, pixels = shown(page, output.path.name)
    assert size == output.size
    if preset.suffix == ".mp4":
        assert duration == pytest.approx(round(0.5 * output.fps) / output.fps, abs=0.02)
    background = np.array([int(LIGHT.background[start : start + 2], 16) for start in (1, 3, 5)])
    assert np.abs(pixels[2, 2, :3].astype(int) - background).max() <= 2
    assert pixels[..., :3].std() > 5


@needs_chromium
@pytest.mark.parametrize("name", ["a.mp4", "a.webm"])
def test_browser_seeks_to_the_frame_of_a_second(page, drawn, name):
    index = 9
    pixels = shown(page, name, (index + 0.5) / FPS)[2][..., :3]
    most_similar = max(range(COUNT), key=lambda other: psnr(pixels, drawn[other]))
    assert most_similar == index


DECODE = """async name => {
    const data = (await fetch(name)).body;
    const decoder = new ImageDecoder({data, type: "image/png"});
    await decoder.completed;
    const canvas = document.createElement("canvas");
    const frames = [];
    for (let index = 0; index < decoder.tracks.selectedTrack.frameCount; index++) {
        const {image} = await decoder.decode({frameIndex: index});
        [canvas.width, canvas.height] = [image.displayWidth, image.displayHeight];
        canvas.getContext("2d").drawImage(image, 0, 0);
        frames.push(canvas.toDataURL());
    }
    return frames;
}"""


@needs_chromium
def test_browser_shows_the_transparency_of_an_apng(page, clear):
    expected = folder(clear / "frames", "RGBA").astype(int)
    urls = page.evaluate(DECODE, "clear.apng")
    assert len(urls) == COUNT
    for url, frame in zip(urls, expected, strict=True):
        with Image.open(BytesIO(base64.b64decode(url.partition(",")[2]))) as picture:
            pixels = np.asarray(picture.convert("RGBA")).astype(int)
        assert (pixels[..., 3] == frame[..., 3]).all()
        # A canvas multiplies colors by their opacity.
        assert (np.abs(pixels - frame)[..., :3].max(axis=2) * frame[..., 3] <= 255).all()


@needs_chromium
@pytest.mark.parametrize("name", ["clear.webm", "clear.webp"])
def test_browser_shows_the_background_of_the_page(page, name):
    pixels = shown(page, name)[2]
    assert pixels[2, 2, 3] == 0
    assert pixels[45, 240, 3] > 250


def test_all_formats_are_tested():
    assert set(FORMATS) == {".gif", ".mp4", ".webm", ".webp", ".apng", ".mov", "/"}
