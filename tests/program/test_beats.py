"""What a teacher declares: a card, a question, slow motion, the outcome, another language."""

import warnings

import numpy as np
import pytest
from matplotlib.text import Text

import animopt
from animopt import Output, Question, Racer, Scene, SlowMotion, UsageError
from animopt.cli.main import main
from animopt.drawing import fonts
from animopt.engine.tuning import Tuned
from animopt.functions import quartic, ravine
from animopt.recording.timeline import Timeline
from animopt.scene.render import film_of
from animopt.video.film import Film, Staging

SCENE = Scene(function=ravine, racers=[Racer("SGD", lr=0.5), Racer("Adam", lr=0.5)], start=(-7, 2), steps=10)


def texts(film, second, axes_name):
    """What is written at a second on an axes, by what is drawn there."""
    film.at(second)
    (axes,) = (axes for axes in film.canvas.figure.axes if axes.get_label() == axes_name)
    drawn = [artist for artist in film.canvas.moved(film.timeline.moment(second)) if artist.axes is axes]
    return [artist.get_text() for artist in drawn if hasattr(artist, "get_text")]


def test_without_beats_the_race_begins_at_once():
    assert Timeline(10, 10).moment(0).card_opacity == Timeline(10, 10).moment(0).question_opacity == 0
    assert Timeline(10, 10).moment(0.8).step == pytest.approx(1)


def test_a_card_stands_before_the_race():
    timeline = Timeline(10, 10, card=1.5)
    assert [timeline.moment(second).card_opacity for second in (0, 1, 1.5, 5)] == [1, 1, 0, 0]
    assert timeline.moment(1.5).step == 0
    assert timeline.moment(8).step == 10
    assert timeline.race_duration == 6.5


@pytest.mark.parametrize("step", [0, 4, 10])
def test_a_question_stops_the_race_at_its_step(step):
    timeline = Timeline(10, 12, question=Question("Which one?", step=step, seconds=2))
    times = np.linspace(0, 12, 2401)
    moments = [timeline.moment(second) for second in times]
    standing = np.array([moment.step == step for moment in moments]) & (times < 10)
    assert standing.sum() * 12 / 2400 == pytest.approx(2, abs=0.02)
    asked = timeline.second_of(step)
    assert timeline.moment(asked + 1).question_opacity == 1
    assert timeline.moment(asked + 2.01).question_opacity == 0
    assert timeline.moment(10).step == 10


def test_slow_motion_takes_as_many_times_as_long():
    timeline = Timeline(10, 10, slow=[SlowMotion(4, 6, times=3)])
    seconds = [timeline.second_of(step) for step in (0, 4, 5, 6, 10)]
    pace = 8 / 14
    np.testing.assert_allclose(seconds, np.cumsum([0, 4, 3, 3, 4]) * pace)
    for step, second in zip((0, 4, 5, 6, 10), seconds, strict=True):
        assert timeline.moment(second).step == pytest.approx(step)


@pytest.mark.parametrize(
    ("beats", "said"),
    [
        ({"card": 9}, "leave none for the race"),
        ({"card": -1}, "card -1"),
        ({"question": Question("?", seconds=9)}, "leave none for the race"),
        ({"focus": "Eve"}, "no racer has that name; use SGD, Adam"),
        ({"panels": ["contour", "globe"]}, "panel 'globe'.*wireframe, contour"),
        ({"panels": []}, "name at least one"),
        ({"layout": "contour-only", "panels": ["loss"]}, "the layout 'contour-only' has none"),
        ({"theme": "neon"}, "theme 'neon'.*light, dark, print"),
    ],
)
def test_what_cannot_be_staged_is_refused(beats, said):
    with pytest.raises(UsageError, match=said):
        SCENE.replace(**beats)


@pytest.mark.parametrize(
    "wrong", [lambda: SlowMotion(3, 2), lambda: SlowMotion(1, 2, times=0), lambda: Question("?", seconds=0)]
)
def test_a_beat_of_no_length_is_refused(wrong):
    with pytest.raises(UsageError):
        wrong()


def test_the_card_and_the_question_say_what_they_should(make_film):
    question = Question("Which one arrives first?", step=3, seconds=2)
    timeline = Timeline(10, 12, card=1, question=question)
    staging = Staging(caption="Two of them", question=question.text)
    film = Film(SCENE.replace(title="A race").record(), timeline, (320, 180), 10, staging)
    assert texts(film, 0.2, "card") == ["A race", "Two of them"]
    assert texts(film, timeline.second_of(3) + 1, "card") == ["Which one arrives first?"]
    assert texts(film, 9, "card") == []


def test_the_end_tells_each_outcome():
    recording = SCENE.record()
    film = Film(recording, Timeline(10, 10), (1280, 720), 10)
    shown = " ".join(texts(film, 10, "standings"))
    for xy in recording.xy[:, -1]:
        assert f"{np.hypot(*xy):.2g} from" in shown
    assert shown.count("(0, 0)") == shown.count("10 gradients") + shown.count("10 ∇f") == 2
    assert "from" not in " ".join(texts(film, 5, "standings"))


def test_words_come_in_the_scenes_language():
    words = {"en": "Downhill", "ko": "내리막"}
    scene = SCENE.replace(title=words, lang="ko")
    assert scene.record().title == "내리막"
    assert scene.replace(lang="en").record().title == "Downhill"
    assert scene.replace(lang="fr").record().title == "Downhill"


def test_every_scene_speaks_english_and_korean(scene_file):
    scene = animopt.load_scene(scene_file)
    # What a search has picked is said by the recording.
    assert scene.caption or isinstance(scene.racers, Tuned)
    for words in filter(None, (scene.title, scene.caption)):
        assert set(words) == {"en", "ko"}
        assert any("가" <= letter <= "힣" for letter in words["ko"])
        assert words["en"].isascii()


@pytest.fixture
def no_korean(monkeypatch):
    """A machine on which no font has Hangul."""
    monkeypatch.setattr(fonts, "font_family", lambda: [fonts.FAMILY, "DejaVu Sans"])


@pytest.mark.usefixtures("no_korean")
def test_letters_that_no_font_has_are_told_once():
    recording = SCENE.replace(title="내리막 race").record()
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        film = Film(recording, Timeline(10, 10), (320, 180), 10)
        film.at(1)
    (warning,) = caught
    assert "'내' (U+B0B4)" in str(warning.message)
    assert "animopt[korean]" in str(warning.message)
    titles = [text for text in film.canvas.figure.findobj(Text) if text.get_text() == "□□□ race"]
    assert {title.axes.get_label() for title in titles} == {"header", "card"}


def test_text_is_taken_literally(make_film):
    odd = "$x$ 100% <b> a_b \\alpha"
    film = make_film(SCENE.replace(title=odd, racers=[Racer("SGD", name="50% $off")]).record(), size=(1280, 720))
    written = [text.get_text() for text in film.canvas.figure.findobj(Text)]
    assert odd in written
    assert "50% $off" in written


def test_maths_is_what_is_marked_as_maths(make_film):
    film = make_film(SCENE.replace(title=r"A step of \(\eta = 10^{-2}\) for $5").record(), size=(1280, 720))
    (title,) = (text for axes in film.canvas.figure.axes if axes.get_label() == "header" for text in axes.texts[1:2])
    assert title.get_text() == r"A step of $\eta = 10^{-2}$ for \$5"
    assert title.get_parse_math()
    with pytest.raises(UsageError, match="not all mathtext"):
        make_film(SCENE.replace(title=r"\(\nosuch{x}\)").record()).frame(0)


@pytest.mark.parametrize(
    "options",
    [["--theme", "dark"], ["--layout", "contour-only"], ["--lang", "en"], ["--storyboard"]],
    ids=" ".join,
)
def test_the_command_takes_them(options, tmp_path, scenes, capsys):
    path = tmp_path / "out.png"
    still = [] if "--storyboard" in options else ["--still", "1"]
    with pytest.raises(SystemExit) as left:
        main([str(scenes["ravine_sgd"]), *options, *still, "--size", "320x180", "-o", str(path)])
    assert not left.value.code
    assert capsys.readouterr().out == f"{path}\n"
    assert path.stat().st_size


def test_a_focus_chooses_whose_formula_is_shown():
    scene = SCENE.replace(function=quartic, start=(1, 1), panels=["contour", "formula", "state"], focus="Adam")
    film = film_of(scene, Output("a.mp4", (1280, 720), 10))
    (formula,) = (axes for axes in film.canvas.figure.axes if axes.get_label() == "formula")
    assert any("Adam" in text.get_text() for text in formula.texts)
    assert not any("SGD" in text.get_text() for text in formula.texts)
