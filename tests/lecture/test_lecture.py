"""Rendered lectures, read by PyAV: events at their seconds, voices at their parts, and only changes drawn again."""

import re
import wave
from pathlib import Path

import numpy as np
import pytest

from animopt import Output, load_scene
from animopt.lecture import picture as picture_module
from animopt.lecture.cache import Cache
from animopt.lecture.lecture_file import load_lecture
from animopt.lecture.render import Rendering, program_of, save_lecture
from animopt.lecture.voice import RATE
from animopt.recording.events import events
from animopt.scene.races import recordings, timeline_of
from animopt.scene.render import film_of

SIZE, SMALL, FPS = (320, 180), (160, 160), 25

SCENE = """
from animopt import Racer, Scene
from animopt.functions import ravine

scene = Scene(function=ravine, racers=[Racer("RMSprop", lr=0.9, alpha=0.9)], steps=10, seconds=6, title="{title}")
"""

LECTURE = """
from animopt import Card, Lecture, Part

lecture = Lecture(
    title={{"en": "Two parts", "ko": "두 부분"}},
    parts=[
        Card("Begin", seconds=1, say={{"en": "Begin.", "ko": "시작합니다."}}),
        {parts}
    ],
)
"""


def write_voice(path, seconds, click):
    """Write a tone with a loud click at a second."""
    sound = 0.2 * np.sin(2 * np.pi * 330 * np.arange(round(seconds * RATE)) / RATE)
    sound[round(click * RATE) : round(click * RATE) + 40] = 1
    path.parent.mkdir(exist_ok=True)
    with wave.open(str(path), "wb") as file:
        file.setparams((1, 2, RATE, 0, "NONE", ""))
        file.writeframes((sound * 32767).astype("<i2").tobytes())


def write_lecture(folder, clicks, seconds=6.4):
    """Write a lecture with a part for each click, at which the racer arrives."""
    parts = []
    for number, click in enumerate(clicks, 1):
        (folder / f"race_{number}.py").write_text(SCENE.format(title=f"Race {number}"))
        write_voice(folder / "voice" / f"{number}.wav", seconds + 0.013 * number, click)
        parts.append(
            f'Part("race-{number}", say={{"en": "It runs. {{arrives}} It arrives.", "ko": "달립니다. {{arrives}} '
            f'닿습니다."}}, audio="voice/{number}.wav", marks={{"arrives": {click}}}),'
        )
    path = folder / "talk.py"
    path.write_text(LECTURE.format(parts="\n        ".join(parts)), encoding="utf-8")
    return path


def render(path, target, cache, lang="en", numbers=None, size=SIZE):
    """Render a lecture in this process, and return its timing and the numbers of frames that were drawn."""
    file = load_lecture(path)
    rendering = Rendering(lang=lang, speech="", numbers=numbers or range(1, len(file.lecture.parts) + 1))
    output = Output(target, size, FPS)
    drawn = []
    with Cache(cache) as kept:
        program = program_of(file, rendering, output, kept)
        list(save_lecture(program, kept, None, lambda done, total: drawn.append(done)))
    return program, drawn[-1] - drawn[0]


@pytest.fixture
def av():
    return pytest.importorskip("av", reason='needs PyAV: pip install ".[test]"')


def frames_of(av, path):
    with av.open(str(path)) as file:
        return [frame.to_ndarray(format="rgb24") for frame in file.decode(video=0)]


def samples_of(av, path):
    with av.open(str(path)) as file:
        return np.concatenate([frame.to_ndarray()[0] for frame in file.decode(audio=0)])


def header(frame):
    """Return the upper right part of a frame."""
    return frame[:20, 240:].astype(int)


def check_events(av, video, program, clicks):
    """Check that the sound of each click is within 40 ms of its frame, the first one that shows the event."""
    frames, sound = frames_of(av, video), samples_of(av, video)
    assert len(frames) == program.frames
    assert abs(len(sound) / RATE - len(frames) / FPS) < 0.03
    jumps = np.abs(np.diff(sound, n=2))
    for part, click in zip(program.parts[1:], clicks, strict=True):
        scene = part.scenes[0]
        (arrival,) = [each.step for each in events(scene.record()) if each.kind == "arrives"]
        film, timeline = film_of(scene, program.output), timeline_of(scene)
        # The header says how many steps have been made.
        before, after = (header(film.at(timeline.second_of(step))) for step in (arrival - 0.25, arrival))
        start = round((program.start(part) + click) * RATE)
        heard = (start - 2000 + int(jumps[start - 2000 : start + 2000].argmax())) / RATE
        near = range(round(heard * FPS) - 8, round(heard * FPS) + 8)
        shown = [
            np.abs(header(frames[index]) - after).mean() < np.abs(header(frames[index]) - before).mean()
            for index in near
        ]
        assert not shown[0]
        seen = near[shown.index(True)] / FPS
        assert abs(seen - heard) <= 0.04 + 1e-6


@pytest.mark.long
def test_event_is_shown_when_it_is_spoken_of(tmp_path, av):
    path = write_lecture(tmp_path, [4.7])
    program, _ = render(path, tmp_path / "a.mp4", tmp_path / "cache")
    check_events(av, tmp_path / "a.mp4", program, [4.7])
    assert {each.name for each in tmp_path.glob("a.*")} == {
        "a.mp4", "a.png", "a.txt", "a.pdf", "a.en.srt", "a.en.vtt", "a.ko.srt", "a.ko.vtt"
    }  # fmt: skip


@pytest.mark.long
def test_eight_parts_do_not_drift(tmp_path, av):
    clicks = [4.1, 4.53, 4.9, 5.2, 4.37, 5.01, 4.75, 4.2]
    program, _ = render(write_lecture(tmp_path, clicks), tmp_path / "a.mp4", tmp_path / "cache")
    check_events(av, tmp_path / "a.mp4", program, clicks)


@pytest.mark.long
def test_only_what_changed_is_drawn_again(tmp_path):
    path = write_lecture(tmp_path, [4.7, 5.0])
    program, drawn = render(path, tmp_path / "a.mp4", tmp_path / "cache", size=SMALL)
    assert drawn == program.frames
    assert render(path, tmp_path / "b.mp4", tmp_path / "cache", size=SMALL)[1] == 0
    assert (tmp_path / "a.mp4").read_bytes() == (tmp_path / "b.mp4").read_bytes()
    # Another voice of the same length changes no frame.
    write_voice(tmp_path / "voice" / "1.wav", 6.413, 1.0)
    assert render(path, tmp_path / "c.mp4", tmp_path / "cache", size=SMALL)[1] == 0
    assert (tmp_path / "a.mp4").read_bytes() != (tmp_path / "c.mp4").read_bytes()
    # A longer one changes its own part and the cross-fades.
    write_voice(tmp_path / "voice" / "2.wav", 8.4, 5.0)
    longer, again = render(path, tmp_path / "d.mp4", tmp_path / "cache", size=SMALL)
    assert 0 < again <= longer.parts[2].frames
    whole, _ = render(path, tmp_path / "e.mp4", tmp_path / "other", size=SMALL)
    assert whole.frames == longer.frames
    assert (tmp_path / "d.mp4").read_bytes() == (tmp_path / "e.mp4").read_bytes()


@pytest.mark.long
def test_parts_can_be_rendered_alone(tmp_path):
    path = write_lecture(tmp_path, [4.7, 5.0])
    program, _ = render(path, tmp_path / "a.mp4", tmp_path / "cache", size=SMALL)
    two, drawn = render(path, tmp_path / "b.mp4", tmp_path / "cache", size=SMALL, numbers=[2, 3])
    assert [part.number for part in two.parts] == [2, 3]
    assert two.frames == program.frames - program.parts[0].frames
    # Only the beginning, which had been in a cross-fade, is new.
    assert drawn < 110


@pytest.mark.long
def test_scene_that_changes_is_drawn_again(tmp_path):
    path = write_lecture(tmp_path, [4.7])
    render(path, tmp_path / "a.mp4", tmp_path / "cache", size=SMALL)
    scene = tmp_path / "race_1.py"
    scene.write_text(scene.read_text().replace("lr=0.9,", "lr=0.89,"))
    program, drawn = render(path, tmp_path / "a.mp4", tmp_path / "cache", size=SMALL)
    assert drawn == pytest.approx(program.parts[1].frames, abs=10)


@pytest.mark.long
def test_each_frame_is_that_of_the_scene(tmp_path):
    path = write_lecture(tmp_path, [4.7])
    program, _ = render(path, tmp_path / "a.mp4", tmp_path / "cache")
    scene = load_scene(tmp_path / "race_1.py")
    part = program.parts[1]
    shown = picture_module.LecturePicture(
        [picture_module.shot_of(each.film(program.output), each.frames, each.warp) for each in program.parts],
        SIZE,
        FPS,
        0.6,
    )
    film = film_of(scene, program.output)
    for index in (20, 77, 150):
        expected = film.at(part.warp.at(index / FPS))
        assert np.array_equal(shown.frame(part.first + index), expected)
    assert recordings(part.scenes[0])[0].title == "Race 1"


@pytest.mark.long
def test_subtitles_have_the_words_in_both_languages(tmp_path):
    path = write_lecture(tmp_path, [4.7])
    program, _ = render(path, tmp_path / "a.mp4", tmp_path / "cache", size=SMALL)
    english, korean = (Path(tmp_path / f"a.{lang}.srt").read_text("utf-8") for lang in ("en", "ko"))
    assert re.findall(r"^[A-Z].*|^[가-힣].*", english, re.MULTILINE) == ["Begin.", "It runs.", "It arrives."]
    assert "시작합니다." in korean
    # The words after the mark appear when it is spoken of.
    seconds = program.start(program.parts[1]) + 4.7
    assert f"00:00:{seconds:06.3f}".replace(".", ",") + " -->" in english
