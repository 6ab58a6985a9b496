"""An output that is a link to a file that is read, or to another output, is refused before any work."""

import os

import pytest

from animopt import Output, Racer, Scene, UsageError, load_scene
from animopt.deck import save_deck

BROKEN = "1 / 0\n"
FILES = {
    "mine.py": BROKEN,
    "scenes/other.py": BROKEN,
    "scenes/animopt.toml": "fps = 10\n",
    "height.py": BROKEN,
    "b.gif": "old",
    "b.png": "old",
    "c.txt": "An old picture.",
    "made/clips/d.mp4": "old",
}
RACE = ["race", "--function", "height.py", "--racer", "sgd:lr=0.1"]
READ = "{}: is the same file as {}, which is read; give it another name"
WRITTEN = "{}: is the same file as {}; give each output a path of its own"

# The link, its target, the command and the message.
LINKS = {
    "clip": ("a.gif", "mine.py", ["mine.py", "-o", "a.gif"], READ),
    "second clip": ("a.gif", "mine.py", ["mine.py", "-o", "b.gif", "-o", "a.gif"], READ),
    "default clip": ("renders/mine.gif", "mine.py", ["mine.py", "--format", "gif"], READ),
    "still": ("a.png", "mine.py", ["mine.py", "--still", "0", "-o", "a.png"], READ),
    "storyboard": ("a.svg", "mine.py", ["mine.py", "--storyboard", "-o", "a.svg"], READ),
    "defaults": ("a.gif", "scenes/animopt.toml", ["mine.py", "-o", "a.gif"], READ),
    "function": ("a.gif", "height.py", [*RACE, "-o", "a.gif"], READ),
    "defaults of a race": ("a.gif", "scenes/animopt.toml", [*RACE, "-o", "a.gif"], READ),
    "poster": ("a.png", "mine.py", ["mine.py", "-o", "a.gif", "--sidecars", "poster"], READ),
    "deck": ("a.html", "mine.py", ["deck", "a.html", "mine.py"], READ),
    "deck of a folder": ("a.html", "scenes/other.py", ["deck", "a.html", "mine.py", "scenes"], READ),
    "all": ("renders/mine.mp4", "mine.py", ["all", "mine.py"], READ),
    "another of all": ("renders/other.gif", "mine.py", ["all", "mine.py", "scenes"], READ),
    "gallery": ("made/clips/mine.mp4", "mine.py", ["gallery", "mine.py", "-o", "made"], READ),
    "poster of a gallery": ("made/clips/dark/mine.png", "mine.py", ["gallery", "mine.py", "-o", "made"], READ),
    "other clip": ("a.gif", "b.gif", ["mine.py", "-o", "b.gif", "-o", "a.gif"], WRITTEN),
    "other still": ("a.png", "b.png", ["mine.py", "--still", "0", "-o", "b.png", "-o", "a.png"], WRITTEN),
    "functions": ("a.png", "b.png", ["functions", "ravine", "-o", "b.png", "-o", "a.png"], WRITTEN),
}


@pytest.fixture(params=["symbolic", "hard"])
def link(request, tmp_path, monkeypatch, write_files):
    """A function that makes a link in a folder with files."""
    monkeypatch.chdir(tmp_path)
    write_files(tmp_path, FILES)

    def make(name, target):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        if request.param == "hard":
            os.link(tmp_path / target, path)
        else:
            path.symlink_to(tmp_path / target)

    return make


@pytest.mark.parametrize("row", LINKS)
@pytest.mark.sampled(6, 15)
def test_link_to_a_file_of_the_command_is_refused(row, link, assert_refused_here):
    name, target, arguments, message = LINKS[row]
    link(name, target)
    assert_refused_here(arguments, 2, message.format(name, target))


def test_scene_file_to_save_is_not_the_target_of_a_clip(animopt_here, tmp_path, assert_refused):
    (tmp_path / "a.gif").symlink_to("b.py")
    race = ["race", "--function", "ravine", "--racer", "sgd:lr=0.1", "-o", "a.gif", "--save-scene", "b.py"]
    assert_refused(animopt_here(*race), 2, WRITTEN.format("b.py", "a.gif"))
    assert not (tmp_path / "b.py").exists()


SCENE = """
from animopt import Racer, Scene
scene = Scene(function=lambda x: (x ** 2).sum(), racers=[Racer("SGD", lr=0.1)], start=(1, 1), steps=2, seconds=0.2)
"""


def test_link_to_the_file_of_a_scene_is_refused_in_python(link, tmp_path):
    path = tmp_path / "mine.py"
    path.write_text(SCENE)
    scene = load_scene("mine.py")
    for name in ("a.gif", "a.png", "a.html"):
        link(name, "mine.py")
    for write in (
        lambda: scene.save("b.gif", "a.gif"),
        lambda: scene.save("a.mp4", sidecars=["poster"]),
        lambda: scene.still("a.png", at=0),
        lambda: save_deck("a.html", [scene]),
        lambda: save_deck("a.html", ["mine.py"]),
    ):
        with pytest.raises(
            UsageError, match=r"^a\.\w+: is the same file as .*mine\.py, which is read; give it another"
        ):
            write()
    assert path.read_text() == SCENE


@pytest.mark.long
def test_scene_without_a_file_is_saved_to_a_link(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "a.gif").symlink_to("b.gif")
    scene = Scene(function=lambda x: (x**2).sum(), racers=[Racer("SGD", lr=0.1)], start=(1, 1), steps=1, seconds=0.1)
    scene.save(Output("a.gif", (160, 160), 10), workers=0)
    assert (tmp_path / "a.gif").is_symlink()
    assert (tmp_path / "b.gif").read_bytes().startswith(b"GIF89a")
