"""The file animopt.toml: which values it sets, what wins over it, and what is wrong in it."""

import shutil

import pytest
from PIL import Image

import animopt
from animopt.core.errors import UsageError
from animopt.scene.folder_defaults import KEYS, FolderDefaults, read_defaults

FILE = """\
theme = "dark"
layout = "square"
language = "ko"
size = "320x180"
fps = 5
output = "clips"
for = "github"
"""
OWN = """\
from animopt import Racer, Scene
from animopt.functions import ravine
scene = Scene(function=ravine, racers=[Racer("Adam", lr=0.5)], start=(-7, 2), steps=3, theme="print", lang="en")
"""


@pytest.fixture
def course(tmp_path, scenes):
    """A folder with defaults, a scene that sets none of their fields, and one that sets two of them."""
    folder = tmp_path / "course"
    folder.mkdir()
    (folder / "animopt.toml").write_text(FILE, encoding="utf-8")
    shutil.copy(scenes["ravine_sgd"], folder / "plain.py")
    (folder / "own.py").write_text(OWN, encoding="utf-8")
    return folder


def test_every_key_is_read(course):
    found = read_defaults(course)
    assert found == FolderDefaults(course / "animopt.toml", "dark", "square", "ko", "320x180", 5, "clips", "github")
    assert found.size == (320, 180)
    assert all(f"{key} = " in FILE for key in KEYS)


def test_first_folder_with_a_file_counts(course, tmp_path):
    assert read_defaults(tmp_path, course).path == course / "animopt.toml"
    (tmp_path / "animopt.toml").write_text("")
    assert read_defaults(tmp_path, course) == FolderDefaults(tmp_path / "animopt.toml")
    assert read_defaults() == FolderDefaults()


def test_defaults_replace_only_fields_that_the_scene_does_not_set(course):
    plain, own = (animopt.load_scene(course / name) for name in ("plain.py", "own.py"))
    assert (plain.theme, plain.layout, plain.lang) == ("dark", "square", "ko")
    assert (own.theme, own.layout, own.lang) == ("print", "square", "en")


def test_scene_in_a_script_has_no_defaults(course, monkeypatch):
    monkeypatch.chdir(course)
    scene = animopt.Scene(function=lambda x: x[0] ** 2, racers=[animopt.Racer("Adam", lr=0.5)], start=(1, 1))
    assert (scene.theme, scene.layout, scene.lang) == ("light", "auto", "en")


def clip_of(path):
    with Image.open(path) as clip:
        return clip.size, clip.n_frames, clip.convert("RGB").getpixel((1, 1))


@pytest.mark.long
def test_command_uses_the_file_beside_the_scene(course, animopt_here):
    done = animopt_here(str(course / "plain.py"), "--seconds", "1")
    assert done.returncode == 0, done.stderr
    size, frames, corner = clip_of("clips/plain-github.gif")
    assert (size, frames) == ((320, 180), 5)
    assert max(corner) < 40


@pytest.mark.long
def test_options_win_over_the_file(course, animopt_here, tmp_path):
    options = ["--seconds", "1", "--theme", "light", "--size", "240x160", "--fps", "4"]
    assert animopt_here(str(course / "plain.py"), *options, "-o", "a.gif").returncode == 0
    size, frames, corner = clip_of("a.gif")
    assert (size, frames) == ((240, 160), 4)
    assert min(corner) > 240
    # A preset that is given sets size and rate itself.
    assert (
        animopt_here(str(course / "plain.py"), "--seconds", "0.2", "--for", "notebook", "-o", "b.gif").returncode == 0
    )
    assert clip_of("b.gif")[0] == (640, 360)


@pytest.mark.parametrize("words", [["all", "ravine-sgd"], ["race", "--function", "ravine", "--racer", "adam:lr=.1"]])
@pytest.mark.parametrize("folder", [".", "scenes"])
@pytest.mark.long
def test_other_commands_use_the_file_of_scenes_or_of_the_current_folder(course, animopt_here, folder, words):
    (course.parent / folder).mkdir(exist_ok=True)
    (course.parent / folder / "animopt.toml").write_text(FILE, encoding="utf-8")
    done = animopt_here(*words, "--seconds", "0.4")
    assert done.returncode == 0, done.stderr
    (path,) = (course.parent / "clips").iterdir()
    size, frames, corner = clip_of(path)
    assert (size, frames) == ((320, 180), 2)
    assert max(corner) < 40


@pytest.mark.long
def test_still_uses_size_and_theme_and_ignores_what_is_for_clips(course, animopt_here):
    done = animopt_here(str(course / "plain.py"), "--still", "1")
    assert done.returncode == 0, done.stderr
    with Image.open("clips/plain-still.png") as still:
        assert still.size == (320, 180)
        assert max(still.convert("RGB").getpixel((1, 1))) < 40


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("thme = 'dark'", "unknown key 'thme'; did you mean 'theme'?"),
        ("workers = 2", "unknown key 'workers'; its keys are theme, layout, language, size, fps, output, for"),
        ("theme = 'blue'", "theme 'blue': unknown; use light, dark, print"),
        ("theme = 3", "theme 3: unknown; use light, dark, print"),
        ("size = '320'", "size '320': give a width and a height, as 1280x720"),
        ("size = [320, 180]", "size [320, 180]: give a width and a height, as 1280x720"),
        ("fps = 500", "fps 500: give 1 to 120 frames a second"),
        ("language = 3", "language 3: unknown; use en, ko"),
        ("for = 'moon'", "for 'moon': unknown; use github"),
        ("fps =", "cannot be read: Invalid value"),
        ("a = 1\na = 2", "cannot be read: Cannot overwrite a value"),
    ],
)
def test_wrong_file_is_refused_in_one_line(text, said, animopt_here, tmp_path):
    (tmp_path / "animopt.toml").write_text(text)
    with pytest.raises(UsageError):
        read_defaults(tmp_path)
    done = animopt_here("ravine-sgd", "--seconds", "0.2")
    assert done.returncode == 2
    assert done.stderr.startswith("animopt: animopt.toml: ")
    assert said in done.stderr
    assert done.stderr.count("\n") == 1


@pytest.mark.long
def test_recipe_has_the_defaults_that_were_used(course, animopt_here, tmp_path):
    assert animopt_here(str(course / "plain.py"), "--seconds", "0.2", "-o", "a.gif").returncode == 0
    assert animopt_here("recipe", "a.gif", "-o", "again.py").returncode == 0
    again = animopt.load_scene(tmp_path / "again.py")
    assert (again.theme, again.layout, again.lang) == ("dark", "square", "ko")


def test_doctor_shows_the_file_in_force(animopt_here, tmp_path, monkeypatch):
    monkeypatch.setattr("animopt.cli.doctor._test_clip", lambda: "")
    assert "no animopt.toml in this folder or its scenes" in animopt_here("doctor").stdout
    (tmp_path / "scenes").mkdir()
    (tmp_path / "scenes" / "animopt.toml").write_text("fps = 5")
    assert "animopt.toml" in animopt_here("doctor").stdout.partition("defaults")[2].splitlines()[0]
    (tmp_path / "scenes" / "animopt.toml").unlink()
    (tmp_path / "animopt.toml").write_text("fps = 0")
    done = animopt_here("doctor")
    assert done.returncode == 1
    assert "correct animopt.toml" in done.stdout
