"""Lecture files with mistakes: one line names the part, the value and the remedy, and no file is changed."""

import re

import pytest

SCENE = """
from animopt import Racer, Scene

scene = Scene(function=lambda x: (x ** 2).sum(), racers=[Racer("SGD", lr=0.1)], start=(1, 1), steps=3, seconds=0.5)
"""


@pytest.fixture
def lecture(tmp_path, animopt_here, monkeypatch):
    """A function that renders a lecture with parts in this process, to a.mp4 in an empty folder."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    (tmp_path / "race.py").write_text(SCENE)

    def run(parts, *options):
        text = f"from animopt import Card, Compare, Lecture, Part\nlecture = Lecture(parts=[{parts}])\n"
        (tmp_path / "talk.py").write_text(text, encoding="utf-8")
        small = ["--size", "160x160", "--fps", "10", "--workers", "0"]
        return animopt_here("lecture", "talk.py", "-o", "a.mp4", *small, *options)

    return run


@pytest.mark.parametrize(
    ("parts", "message"),
    [
        ("Part('race', audio='no.wav')", "part 1 'race': audio no.wav: there is no such file; record it"),
        ("Card('a'), Part('rac')", "part 2 'rac': there is no scene 'rac'; "),
        (
            "Part('race', say='{diverges} Up.')",
            "part 1 'race': mark {diverges}: this does not happen in the race; remove the mark",
        ),
        ("Part('race', say='{Adam:ends} Up.')", "part 1 'race': mark {Adam:ends}: no racer has that name; use SGD"),
        ("Card('a', say='{ends} Up.')", "part 1: mark {ends}: a card has no events; remove the mark"),
        ("Part('race', say={'ko': '가'})", "part 1 'race': say: has no English text; add 'en'"),
        ("Part('race', say='word ' * 999)", "part 1 'race': .* s are spoken, and the scene can take .* at most; "),
        ("Card(r'\\(\\frac{1\\)')", "part 1: .* is not all mathtext"),
        ("Part('talk.py')", "part 1 'talk.py': talk.py: is a lecture; render it with animopt lecture talk.py"),
    ],
)
def test_mistake_is_one_line_that_names_the_part(lecture, tmp_path, parts, message):
    (tmp_path / "a.mp4").write_text("old")
    done = lecture(parts)
    assert done.returncode == 2
    (line,) = done.stderr.splitlines()
    pattern = re.escape(message).replace(r"\.\*", ".*")
    assert re.match(rf"animopt: {pattern}", line), line
    assert (tmp_path / "a.mp4").read_text() == "old"
    assert {path.name for path in tmp_path.iterdir()} <= {"race.py", "talk.py", "a.mp4", "cache", "__pycache__"}


def test_missing_language_stops_before_another_one_is_rendered(lecture, tmp_path):
    done = lecture("Card({'en': 'a'})", "--lang", "en,ko")
    assert (done.returncode, done.stderr) == (
        2,
        "animopt: part 1: text: has no Korean text; add 'ko', or choose another --lang\n",
    )
    assert not list(tmp_path.glob("a.*"))


def test_text_that_is_of_no_earlier_video_is_not_replaced(lecture, tmp_path):
    (tmp_path / "a.txt").write_text("my notes")
    done = lecture("Card('a', seconds=0.3)")
    assert done.returncode == 2
    assert done.stderr == "animopt: a.txt: is there without a.mp4, and would be replaced; rename one of them\n"
    assert (tmp_path / "a.txt").read_text() == "my notes"


@pytest.mark.long
def test_part_as_long_as_its_cross_fades_is_rendered(lecture):
    done = lecture("Card('a', seconds=1), Card('b', seconds=0.6), Card('c', seconds=0.01), Card('d', seconds=1)")
    assert (done.returncode, done.stderr) == (0, "")


def test_limit_of_the_command_holds_for_scenes(lecture):
    done = lecture("Card('a'), Part('race')", "--limit", "frames=3")
    assert done.returncode == 2
    assert done.stderr.startswith("animopt: part 2 'race': ")
    assert "frames" in done.stderr


def test_name_of_a_file_without_its_suffix_is_corrected(lecture, animopt_here):
    lecture("Card('a')", "--list")
    done = animopt_here("lecture", "talk")
    assert (done.returncode, done.stderr) == (
        2,
        "animopt: lecture 'talk': is not in the list; did you mean the file talk.py?\n",
    )
