"""Recipes in files: other tools find them, and their scene files make the same frames."""

import json
import subprocess
import sys
import tracemalloc
from dataclasses import replace
from pathlib import Path
from xml.etree import ElementTree

import imageio_ffmpeg
import numpy as np
import pytest
import torch
from PIL import Image, ImageSequence

from animopt import Function, Output, Question, Racer, Scene, StartsMap, Sweep, load_scene, tuned
from animopt.functions import himmelblau, ravine
from animopt.scene.recipe import Recipe
from animopt.scene.scene_values import recipe_text
from animopt.video import metadata
from animopt.video.metadata import embed_in_gif, embed_in_png, embed_in_webp, embedded_text, ffmetadata

SMALL = (320, 180)
FFMPEG = [imageio_ffmpeg.get_ffmpeg_exe(), "-hide_banner", "-loglevel", "error", "-y"]

SCENE = '''"""A scene whose text is awkward: “quotes”, 골짜기, a \\\\ and = ; # in it."""

from animopt import Racer, Scene
from animopt.functions import ravine

# tabs\tand '''
SCENE += """\"\"\", <b> & --> and %s
scene = Scene(
    title={"en": "Mine", "ko": "골짜기"},
    function=ravine,
    racers=[Racer("SGD", lr=0.5), Racer("Adam", lr=0.3)],
    steps=8,
    seconds=1,
    noise=0.5,
    seed=3,
)
"""
AWKWARD = "=;#\\ \n\t\"'<b>&--> %s ( ) \\( \\) " * 40


@pytest.fixture
def mine(tmp_path):
    """Return a scene file."""
    path = tmp_path / "mine.py"
    path.write_text(SCENE, encoding="utf-8")
    return path


def decoded(path):
    """Return the frames of a clip, (frames, ...)."""
    if path.suffix != ".mp4":
        with Image.open(path) as image:
            return np.array([np.asarray(frame.convert("RGB")) for frame in ImageSequence.Iterator(image)])
    command = [*FFMPEG, "-i", path, "-f", "rawvideo", "-pix_fmt", "rgb24", "-"]
    return np.frombuffer(subprocess.run(command, capture_output=True, check=True).stdout, np.uint8)


def comment(path):
    """Return the text in a file, read without animopt if another tool can read it."""
    if path.suffix in (".gif", ".png"):
        with Image.open(path) as image:
            found = image.info.get("comment", image.info.get("Comment", ""))
        return found.decode("ascii") if isinstance(found, bytes) else found
    if path.suffix == ".svg":
        return ElementTree.parse(path).find(".//{http://purl.org/dc/elements/1.1/}description").text
    if path.suffix == ".mp4":
        # The atom ©cmt contains a `data` atom: its size, kind, type and locale, then the text.
        content = path.read_bytes()
        place = content.index(b"\xa9cmt") + 4
        return content[place + 16 : place + int.from_bytes(content[place : place + 4])].decode("ascii")
    return embedded_text(path)


@pytest.mark.parametrize("suffix", [".mp4", ".gif", ".png", ".svg", ".pdf"])
@pytest.mark.sampled(1)
def test_other_tools_find_the_recipe_in_files_of_every_format(mine, suffix):
    path = mine.with_name(f"a{suffix}")
    if suffix in (".mp4", ".gif"):
        load_scene(mine).save(Output(path, SMALL, 10))
    else:
        load_scene(mine).still(path, 0.5, SMALL)
    recipe = json.loads(comment(path))
    assert embedded_text(path) == comment(path)
    assert recipe["source"] == SCENE
    assert recipe["file"] == "mine.py"
    assert recipe["settings"]["racers"][1] == {"name": "Adam", "optimizer": "Adam", "lr": 0.3}
    assert recipe["settings"]["noise"] == 0.5
    assert recipe["settings"]["seed"] == 3
    assert recipe["settings"]["function"]["formula"] == ravine.formula
    assert set(recipe["versions"]) == {"animopt", "torch", "numpy", "matplotlib"}
    output = {"size": [320, 180], "theme": "light"}
    assert recipe["output"] == output | ({"fps": 10} if suffix in (".mp4", ".gif") else {"still": 0.5})


@pytest.mark.parametrize("suffix", [".mp4", ".gif", ".png"])
@pytest.mark.sampled(0, 1)
def test_scene_file_from_a_recipe_makes_the_same_frames(mine, animopt_here, suffix):
    page = ["--still", "0.7"] if suffix == ".png" else ["--fps", "10"]
    asked = ["--size", "320x180", "--theme", "dark", "--lang", "ko", "--seconds", "1.2", "--layout", "square"]
    asked += ["--workers", "0"]
    assert animopt_here("mine.py", "-o", f"clip{suffix}", *page, *asked).returncode == 0
    mine.unlink()
    done = animopt_here("recipe", f"clip{suffix}", "-o", "again.py")
    assert (done.returncode, done.stdout) == (0, "again.py\n")
    assert "code" in done.stderr
    # Run the command in the note.
    words = [*done.stderr.strip().partition("run: animopt ")[2].split(), "--workers", "0"]
    assert animopt_here(*words).returncode == 0
    frames = decoded(mine.with_name(f"clip{suffix}"))
    assert len(frames)
    assert np.array_equal(frames, decoded(mine.with_name(f"again{suffix}")))
    plain = mine.with_name(f"plain{suffix}")
    mine.write_text(SCENE, encoding="utf-8")
    assert animopt_here("mine.py", "-o", plain.name, *page, "--size", "320x180").returncode == 0
    assert not np.array_equal(frames, decoded(plain))


@pytest.mark.skipif(sys.platform == "win32", reason="tests/core/test_processes.py tests the quotes of Windows")
@pytest.mark.parametrize("output", ["b$(touch ran).py", "c `touch ran`;touch ran.py", "-o.py"])
def test_command_in_the_note_can_be_pasted_into_a_shell(tmp_path, animopt_here, output):
    clip = tmp_path / "a.gif;touch ran"
    Image.fromarray(np.zeros((9, 9), np.uint8)).save(clip, "GIF")
    embed_in_gif(clip, Recipe({"size": [320, 180], "still": 0.5}, {}, source="scene = 1\n").text)
    done = animopt_here("recipe", clip.name, f"--output={output}")
    command = done.stderr.strip().partition("run: ")[2]
    words = subprocess.run(
        ["sh", "-c", f"animopt() {{ printf '%s\\n' \"$@\"; }}; {command}"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=True,
    ).stdout.splitlines()
    own = f"./{output}" if output[0] == "-" else output
    assert words == [own, "--size", "320x180", "--still", "0.5", "-o", "again.gif;touch ran"]
    assert not (tmp_path / "ran").exists()


@pytest.mark.long
def test_recipe_of_a_poster_makes_the_same_frame(tmp_path, mine, animopt_here):
    # The second has more digits than a millisecond, in which this loop moves.
    mine.write_text(SCENE.replace("seconds=1,", 'seconds=1 / 3, loop="seamless",'), encoding="utf-8")
    load_scene(mine).save(Output(tmp_path / "a.gif", SMALL, 10), sidecars=["poster"], workers=0)
    options = Recipe.read(embedded_text(tmp_path / "a.png"), "a.png").options()
    done = animopt_here("mine.py", *options, "-o", "b.png")
    assert (done.returncode, done.stderr) == (0, "")
    assert (decoded(tmp_path / "a.png") == decoded(tmp_path / "b.png")).all()
    assert embedded_text(tmp_path / "a.png") == embedded_text(tmp_path / "b.png")


@pytest.mark.long
def test_recipe_of_a_race_from_the_command_line_makes_it_again(tmp_path, animopt_here):
    racers = ["--racer", "adam:lr=.05,name=Fast", "--racer", "sgd:lr=.001"]
    words = ["--function", "rosenbrock", "--start", "-1.2,1", *racers]
    page = ["--steps", "9", "--workers", "0", "--size", "320x180", "--fps", "10", "--seconds", "1"]
    assert animopt_here("race", *words, *page, "-o", "a.gif").returncode == 0
    assert animopt_here("recipe", "a.gif", "-o", "b.py").returncode == 0
    assert animopt_here("b.py", "-o", "b.gif", *page[2:8]).returncode == 0
    assert np.array_equal(decoded(tmp_path / "a.gif"), decoded(tmp_path / "b.gif"))


@pytest.mark.long
def test_same_scene_makes_the_same_bytes_and_recipes_can_be_left_out(mine):
    for name in ("a", "b"):
        load_scene(mine).save(*(Output(mine.with_name(name + suffix), SMALL, 10) for suffix in (".gif", ".mp4")))
    load_scene(mine).save(
        *(Output(mine.with_name(f"c{suffix}"), SMALL, 10) for suffix in (".gif", ".mp4")), recipe=False
    )
    for suffix in (".gif", ".mp4"):
        one, same, bare = (mine.with_name(name + suffix) for name in "abc")
        assert one.read_bytes() == same.read_bytes()
        assert embedded_text(bare) == ""
        assert np.array_equal(decoded(one), decoded(bare))


def test_recipe_contains_changes_after_loading(mine):
    scene = load_scene(mine)

    def recipe(scene):
        return Recipe.read(recipe_text(scene, scene.record()), "a.gif")

    assert recipe(scene).changes == {}
    assert recipe(scene).scene_file() == SCENE
    assert recipe(scene.replace(steps=5, start=(1, 2))).changes == {"steps": 5, "start": [1, 2]}
    for changes in (
        {"racers": [Racer("SGD", lr=0.1)]},
        {"question": Question("Who?", seconds=0.2)},
        {"function": himmelblau},
    ):
        other = recipe(scene.replace(**changes))
        assert other.source == ""
        assert "changed" in other.lacking


def test_recipe_contains_no_path_and_no_memory_address(tmp_path):
    class Own(torch.optim.SGD):
        pass

    given = [0, 1, 2, 3], [1, 2, 2, 3]
    function = Function(lambda x, a, b: ((x[0] * a + x[1] - b) ** 2).mean(), data=given, minima=[(0, 0)])

    def schedule(optimizer):
        return torch.optim.lr_scheduler.StepLR(optimizer, 3)

    racers = [Racer(Own, lr=0.1), Racer("Adam", lr=0.1, scheduler=schedule)]
    scene = Scene(function=function, racers=racers, start=(1, 1), map=StartsMap(4, 4), steps=3)
    text = recipe_text(scene, scene.record(), size=[1, 2])
    assert "0x" not in text
    assert str(Path.home()) not in text
    assert str(Path(__file__).parent) not in text
    settings = json.loads(text)["settings"]
    assert settings["racers"][0]["optimizer"] == "Own"
    assert settings["map"] == {"kind": "StartsMap", "columns": 4, "rows": 4}
    assert settings["function"]["rows"] == 4


def test_recipe_names_the_file_without_its_folder(mine):
    text = recipe_text(load_scene(mine.resolve()), load_scene(mine).record())
    assert str(mine.parent) not in text
    assert mine.parent.name not in text


def test_recipe_contains_sweeps_and_tuned_racers():
    sweep = Scene(function=ravine, racers=Sweep(Racer("SGD"), lr=[0.1, 0.2]))
    settings = json.loads(recipe_text(sweep, sweep.record()))["settings"]
    assert [racer["lr"] for racer in settings["racers"]] == [0.1, 0.2]
    fair = Scene(function=ravine, racers=tuned([Racer("SGD")], trials=3), steps=5)
    recording = replace(sweep.record(), notes="Found in 3 trials")
    settings = json.loads(recipe_text(fair, recording))["settings"]
    assert settings["tuned"] == {"trials": 3, "seed": 0, "starts": None, "ranges": {"lr": [0.0001, 10]}}
    assert settings["outcome"] == "Found in 3 trials"


def test_long_scene_file_is_left_out(mine):
    mine.write_text(SCENE + "# 골" * 30_000, encoding="utf-8")
    scene = load_scene(mine)
    text = recipe_text(scene, scene.record())
    assert len(text) < 5000
    assert "too long" in Recipe.read(text, "a.gif").lacking


@pytest.mark.parametrize("encoding", ["latin-1", "utf-16"])
def test_scene_file_in_another_encoding_is_left_out(tmp_path, encoding):
    path = tmp_path / "mine.py"
    path.write_bytes(f"# coding: {encoding}\n# \xe9\nscene = None\n".encode("latin-1"))
    from animopt.scene.scene_file import source

    assert source(path) == ""


ENCODERS = {".mp4": "libx264", ".mov": "libx264", ".webm": "libvpx-vp9", ".mkv": "libx264"}


@pytest.mark.parametrize("suffix", ENCODERS)
def test_ffmpeg_embeds_any_text_in_a_video(tmp_path, suffix):
    text = AWKWARD + "x" * (metadata.MAX_TEXT_LENGTH - len(AWKWARD))
    (tmp_path / "text").write_text(ffmetadata({"comment": text}), encoding="ascii", newline="\n")
    command = [*FFMPEG, "-f", "lavfi", "-i", "testsrc=d=0.2:s=64x64", "-f", "ffmetadata", "-i", tmp_path / "text"]
    subprocess.run([*command, "-map_metadata", "1", "-c:v", ENCODERS[suffix], tmp_path / f"a{suffix}"], check=True)
    assert embedded_text(tmp_path / f"a{suffix}") == text


@pytest.mark.parametrize("colours", [2, 256])
@pytest.mark.parametrize("loop", [{"loop": 0}, {}], ids=["for ever", "once"])
def test_gif_with_embedded_text_has_the_same_frames(tmp_path, colours, loop):
    path = tmp_path / "a.gif"
    noise = np.random.default_rng(0).integers(0, colours, (3, 40, 50), dtype=np.uint8)
    first, *others = (Image.fromarray(each, "P") for each in noise)
    for each in (first, *others):
        each.putpalette(np.arange(3 * colours, dtype=np.uint8) % 251)
    first.save(path, save_all=True, append_images=others, duration=50, optimize=False, **loop)
    before = decoded(path)
    for text in (AWKWARD, "x" * 255, "y" * 510):
        embed_in_gif(path, text)
        with Image.open(path) as image:
            assert image.info.get("loop") == loop.get("loop")
            assert image.n_frames == 3
        assert np.array_equal(decoded(path), before)
    said = subprocess.run([*FFMPEG, "-i", path, "-f", "null", "-"], capture_output=True, text=True, check=True).stderr
    assert said == ""


@pytest.mark.parametrize("suffix", [".png", ".webp"])
@pytest.mark.parametrize("length", [1, 2, 5000])
def test_png_and_webp_with_embedded_text_have_the_same_frames(tmp_path, suffix, length):
    path = tmp_path / f"a{suffix}"
    frames = [Image.fromarray(np.full((32, 48, 3), shade, np.uint8)) for shade in (10, 90, 200)]
    frames[0].save(path, save_all=True, append_images=frames[1:], duration=100, lossless=True)
    before = decoded(path)
    text = (AWKWARD * 10)[:length]
    (embed_in_png if suffix == ".png" else embed_in_webp)(path, text)
    assert np.array_equal(decoded(path), before)
    with Image.open(path) as image:
        assert image.n_frames == 3
        if suffix == ".png":
            image.seek(2)
            image.load()
            assert image.text["Comment"] == text
        else:
            assert b"<rdf:li" in image.info["xmp"]
    assert embedded_text(path).strip() == text.strip()


@pytest.mark.parametrize("embed", [embed_in_gif, embed_in_png, embed_in_webp])
def test_file_of_another_format_is_unchanged(tmp_path, embed):
    path = tmp_path / "a"
    path.write_bytes(b"what was there")
    from animopt import Error

    with pytest.raises(Error, match="is no"):
        embed(path, "text")
    assert path.read_bytes() == b"what was there"


@pytest.mark.long
def test_text_is_embedded_in_a_large_file_without_reading_it_into_memory(tmp_path):
    path = tmp_path / "a.png"
    Image.fromarray(np.zeros((9, 9), np.uint8)).save(path)
    content = path.read_bytes()
    with path.open("ab") as file:
        file.truncate(200_000_000)
    tracemalloc.start()
    embed_in_png(path, "text")
    assert tracemalloc.get_traced_memory()[1] < 10_000_000
    tracemalloc.stop()
    with path.open("rb") as file:
        start = file.read(len(content) + 24)
    assert start.replace(start[33:57], b"") == content


def foreign(path):
    """Write a file of another tool, with or without a comment."""
    kind, own = path.stem, {}
    if path.suffix == ".gif":
        own = {"comment": b"Made with another tool"} if kind == "other" else {}
        Image.fromarray(np.zeros((9, 9), np.uint8)).save(path, **own)
    elif path.suffix == ".mp4":
        options = ["-metadata", 'comment={"recipe": 1}'] if kind == "other" else []
        subprocess.run([*FFMPEG, "-f", "lavfi", "-i", "testsrc=d=0.2:s=64x64", *options, path], check=True)
    elif path.suffix == ".svg":
        path.write_text("<svg xmlns='http://www.w3.org/2000/svg'/>" if kind == "bare" else "<svg")
    elif path.suffix == ".pdf":
        path.write_bytes(b"%PDF-1.4")
    else:
        path.write_bytes(b"" if kind == "bare" else b"\x89PNG and nothing more")


@pytest.mark.parametrize(
    "name",
    ["bare.gif", "other.gif", "bare.mp4", "other.mp4", "bare.svg", "other.svg", "bare.pdf", "bare.txt", "other.png"],
)
def test_file_without_a_recipe_is_an_error_in_one_line(tmp_path, animopt_here, name):
    foreign(tmp_path / name)
    for options in ([], ["--json"], ["-o", "again.py"]):
        done = animopt_here("recipe", name, *options)
        assert (done.returncode, done.stdout) == (1, "")
        assert done.stderr.startswith(f'{{"error": "{name}: ' if options == ["--json"] else f"animopt: {name}: ")
        assert done.stderr.count("\n") == 1
        assert [path.name for path in tmp_path.iterdir()] == [name]


def test_recipe_of_another_version_is_refused_with_its_version(animopt_here, tmp_path):
    written = json.loads(Recipe({}, {}).text) | {"recipe": 1, "versions": {"animopt": "0.0.9"}}
    Image.fromarray(np.zeros((9, 9), np.uint8)).save(tmp_path / "a.gif")
    embed_in_gif(tmp_path / "a.gif", json.dumps(written))
    for options in ([], ["--json"], ["-o", "again.py"]):
        done = animopt_here("recipe", "a.gif", *options)
        assert (done.returncode, done.stdout) == (1, "")
        assert done.stderr.count("\n") == 1
        assert "a.gif: animopt 0.0.9 wrote its recipe in another format; read it with that version" in done.stderr
    assert [path.name for path in tmp_path.iterdir()] == ["a.gif"]


@pytest.mark.parametrize("name", ["none.gif", "."])
def test_missing_clip_is_a_usage_error(animopt_here, name):
    done = animopt_here("recipe", name)
    assert (done.returncode, done.stdout) == (2, "")
    assert "there is no such file" in done.stderr


@pytest.mark.long
def test_existing_scene_file_is_kept(mine, animopt_here):
    load_scene(mine).save(Output(mine.with_name("a.gif"), SMALL, 5))
    mine.write_text("what was there")
    done = animopt_here("recipe", "a.gif", "-o", "mine.py")
    assert (done.returncode, done.stdout) == (2, "")
    assert mine.read_text() == "what was there"


@pytest.mark.long
def test_recipe_of_a_scene_without_a_file_has_settings_and_a_reason(tmp_path, animopt_here):
    Scene(function=ravine, racers=[Racer("Adam", lr=0.25)], seconds=1).save(Output(tmp_path / "a.gif", SMALL, 5))
    done = animopt_here("recipe", "a.gif")
    assert done.returncode == 0
    assert "lr 0.25" in done.stdout
    done = animopt_here("recipe", "a.gif", "-o", "again.py")
    assert (done.returncode, done.stdout) == (1, "")
    assert "was not loaded from a file" in done.stderr
    assert not (tmp_path / "again.py").exists()


@pytest.mark.long
def test_command_prints_the_recipe(mine, animopt_here):
    assert animopt_here("mine.py", "-o", "a.gif", "--size", "320x180", "--fps", "5", "--theme", "dark").returncode == 0
    printed = animopt_here("recipe", "a.gif").stdout
    for part in ("320, 180", "dark", "seed", "noise", "mine.py", "Adam"):
        assert part in printed
    raw = json.loads(animopt_here("recipe", "a.gif", "--json").stdout)
    assert raw == json.loads(comment(mine.with_name("a.gif")))
    assert raw["changes"] == {"theme": "dark"}


def test_hostile_recipe_cannot_control_the_terminal_or_change_a_scene_file(tmp_path, animopt_here):
    path = tmp_path / "a.gif"
    Image.fromarray(np.zeros((9, 9), np.uint8)).save(path)
    bad = Recipe(
        {"size": [1, "$(rm)"], "fps": "; rm"},
        {"title\x1b[2J": "\x1b]0;gone\x07\x9b", "deep": [[{"a": None}]]},
        source="scene = 1\n",
        changes={"x=1); import os; (y": 1},
    )
    embed_in_gif(path, bad.text)
    done = animopt_here("recipe", "a.gif")
    assert done.returncode == 0
    assert all(letter.isprintable() or letter == "\n" for letter in done.stdout)
    done = animopt_here("recipe", "a.gif", "-o", "again.py")
    assert (done.returncode, done.stdout) == (1, "")
    assert "damaged" in done.stderr
    assert [each.name for each in tmp_path.iterdir()] == ["a.gif"]


@pytest.mark.parametrize("changes", [{"lambda": 1}, {"__debug__": 1}, {"ﬁ": 1, "fi": 2}, {"x=1, y": 1}, {"": 1}])
def test_damaged_changes_write_no_scene_file(tmp_path, animopt_here, changes):
    Image.fromarray(np.zeros((9, 9), np.uint8)).save(tmp_path / "a.gif")
    embed_in_gif(tmp_path / "a.gif", Recipe({}, {}, source="scene = 1\n", changes=changes).text)
    done = animopt_here("recipe", "a.gif", "-o", "again.py")
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == "animopt: the scene file cannot be written: the recipe is damaged\n"
    assert [each.name for each in tmp_path.iterdir()] == ["a.gif"]


def test_recipe_is_read_without_torch(tmp_path):
    path = tmp_path / "a.gif"
    Image.fromarray(np.zeros((9, 9), np.uint8)).save(path)
    embed_in_gif(path, Recipe({}, {"seed": 7}).text)
    program = "import sys; sys.modules.update(torch=None, matplotlib=None)\n"
    program += "from animopt.cli.main import main; main(['recipe', 'a.gif'])"
    done = subprocess.run([sys.executable, "-c", program], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert "seed" in done.stdout


def test_recipe_contains_the_optimizer_that_another_one_wraps():
    class Outer(torch.optim.SGD):
        def __init__(self, optimizer, factor=1):
            super().__init__(optimizer.param_groups[0]["params"], lr=factor * optimizer.param_groups[0]["lr"])

    racers = [Racer(Outer, optimizer="SGD", lr=0.1), Racer(Outer, optimizer=Racer("SGD", lr=0.2), factor=0.5)]
    scene = Scene(function=ravine, racers=racers, steps=3)
    one, other = json.loads(recipe_text(scene, scene.record()))["settings"]["racers"]
    assert (one["optimizer"], one["wrapped optimizer"], one["lr"]) == ("Outer", "SGD", 0.1)
    assert (other["optimizer"], other["wrapped optimizer"]) == ("Outer", {"optimizer": "SGD", "lr": 0.2})
