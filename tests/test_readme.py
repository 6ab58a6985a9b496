"""The statements of README.md and docs/architecture.md are true."""

import ast
import re
from pathlib import Path

import attrs
import pytest
from PIL import Image

from animopt.video.output import FORMATS

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"^```(\w*)\n(.*?)^```", README, re.MULTILINE | re.DOTALL)
PYTHON = [text for language, text in BLOCKS if language == "python"]


def without_docstring(program):
    return ast.dump(ast.Module(ast.parse(program).body[1:], []))


def test_page_opens_with_a_clip_two_commands_and_a_scene():
    assert README.index("![") < README.index("```")
    assert [text.count("\n") for _, text in BLOCKS[:2]] == [1, 1]
    assert BLOCKS[0][1].endswith("animopt ravine-race\n")
    assert BLOCKS[1][1].endswith("pytest\n")
    scene = (ROOT / "scenes" / "ravine_race.py").read_text(encoding="utf-8")
    assert without_docstring(BLOCKS[2][1]) == without_docstring(scene)


def test_python_example_prints_the_stated_output(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    # Small files are written faster, and the printed output does not depend on their size.
    for suffix, each in FORMATS.items():
        monkeypatch.setitem(FORMATS, suffix, attrs.evolve(each, size=(320, 180), fps=1))
    program = PYTHON[1].replace("(1920, 1080), fps=25", "(320, 180), fps=1")
    exec(compile(program, "README.md", "exec"), {})
    stated = re.search(r"^# (.*)$", program, re.MULTILINE)
    assert capsys.readouterr().out.strip() == stated[1]
    assert {path.name for path in tmp_path.iterdir()} == {"race.gif", "race.mp4", "race.png", "points.png"}


@pytest.mark.parametrize("link", re.findall(r"!\[.*?\]\((.*?)\)", README))
def test_clip_on_the_page_is_small_and_animated(link):
    path = ROOT / link
    assert path.stat().st_size < 1_000_000
    with Image.open(path) as clip:
        assert clip.n_frames > 1


def test_every_scene_is_listed():
    for path in (ROOT / "scenes").glob("*.py"):
        assert re.search(f"`(animopt )?{path.stem.replace('_', '-')}`", README), path


def test_architecture_page_lists_every_module():
    page = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
    listed = set()
    for package, section in re.findall(r"^### `(\w+)`\n(.*?)(?=^##)", page, re.MULTILINE | re.DOTALL):
        listed |= {f"{package}/{name}" for name in re.findall(r"`(\w+\.py)`", section)}
    modules = (ROOT / "animopt").glob("*/[!_]*.py")
    assert listed == {path.relative_to(ROOT / "animopt").as_posix() for path in modules}
