"""Title cards, questions, slow motion, results at the end, and languages of a scene."""

import re
import warnings
from functools import cache

import numpy as np
import pypdf
import pytest
from matplotlib.text import Text

import animopt
from animopt import Output, Question, Racer, Scene, SlowMotion, UsageError
from animopt.cli.main import main
from animopt.drawing import fonts
from animopt.engine.racer_lists import Tuned
from animopt.functions import quartic, ravine
from animopt.recording.timeline import Timeline
from animopt.scene.render import film_of
from animopt.video.film import Film, Staging

SCENE = Scene(function=ravine, racers=[Racer("SGD", lr=0.5), Racer("Adam", lr=0.5)], start=(-7, 2), steps=10)


def texts(film, second, axes_name):
    """The texts that a frame draws on the axes of a name."""
    film.at(second)
    (axes,) = (axes for axes in film.canvas().figure.axes if axes.get_label() == axes_name)
    drawn = [artist for artist in film.canvas().moving_artists(film.timeline.moment(second)) if artist.axes is axes]
    return [artist.get_text() for artist in drawn if hasattr(artist, "get_text")]


def test_clip_without_card_and_question_begins_with_the_start():
    assert Timeline(10, 10).moment(0).card_opacity == Timeline(10, 10).moment(0).question_opacity == 0
    assert Timeline(10, 10).moment(0.8).step == 0
    assert Timeline(10, 10).moment(0.9).step > 0


def test_card_is_shown_before_the_race():
    timeline = Timeline(10, 10, card=1.5)
    assert [timeline.moment(second).card_opacity for second in (0, 1, 1.5, 5)] == [1, 1, 0, 0]
    assert timeline.moment(1.5 + 0.8).step == 0
    assert timeline.moment(8).step == 10
    assert timeline.race_duration == pytest.approx(6.5 - 0.8)


@pytest.mark.parametrize("step", [0, 4, 10])
def test_question_pauses_the_race_at_its_step(step):
    timeline = Timeline(10, 12, question=Question("Which one?", step=step, seconds=2))
    times = np.linspace(0, 12, 2401)
    moments = [timeline.moment(second) for second in times]
    paused = np.array([moment.step == step for moment in moments]) & (times < 10)
    start = timeline.start_duration if step == 0 else 0
    assert paused.sum() * 12 / 2400 == pytest.approx(2 + start, abs=0.02)
    pause = timeline.second_of(step)
    assert timeline.moment(pause + 1).question_opacity == 1
    assert timeline.moment(pause + 2.01).question_opacity == 0
    assert timeline.moment(10).step == 10


def test_product_of_slow_motions_can_be_too_large_for_a_number():
    slow = [SlowMotion(0, 10, times=1e308), SlowMotion(0, 11, times=1e308)]
    assert Timeline(10, 10, slow=slow).moment(5) == Timeline(10, 10).moment(5)


@pytest.mark.parametrize("fields", [{"card": 1}, {"question": Question("Which one?", step=0, seconds=1)}], ids=str)
def test_seamless_loop_ends_with_the_card_or_the_question_of_its_beginning(fields):
    timeline = Timeline(10, 10, loop="seamless", **fields)
    first, middle, last = map(timeline.moment, (0, 5, 10))
    opacities = [(each.card_opacity, each.question_opacity) for each in (first, middle, last)]
    assert opacities[0] == opacities[2] != opacities[1] == (0, 0)


def test_slow_motion_lasts_the_given_number_of_times_longer():
    timeline = Timeline(10, 10, slow=[SlowMotion(4, 6, times=3)])
    seconds = [timeline.second_of(step) for step in (3, 4, 5, 6, 10)]
    np.testing.assert_allclose(np.diff(seconds) / (seconds[1] - seconds[0]), [1, 3, 3, 4])
    for step, second in zip((3, 4, 5, 6, 10), seconds, strict=True):
        assert timeline.moment(second).step == pytest.approx(step)


@pytest.mark.parametrize(
    ("fields", "message"),
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
def test_invalid_fields_of_the_clip_are_refused(fields, message):
    with pytest.raises(UsageError, match=message):
        SCENE.replace(**fields)


@pytest.mark.parametrize(
    "make", [lambda: SlowMotion(3, 2), lambda: SlowMotion(1, 2, times=0), lambda: Question("?", seconds=0)]
)
def test_slow_motion_and_question_without_length_are_refused(make):
    with pytest.raises(UsageError):
        make()


@pytest.mark.long
def test_card_and_question_show_their_texts(make_film):
    question = Question("Which one arrives first?", step=3, seconds=2)
    timeline = Timeline(10, 12, card=1, question=question)
    staging = Staging(caption="Two of them", question=question.text)
    film = Film(SCENE.replace(title="A race").record(), timeline, (320, 180), 10, staging)
    assert texts(film, 0.2, "card") == ["A race", "Two of them"]
    assert texts(film, timeline.second_of(3) + 1, "card") == ["Which one arrives first?"]
    assert texts(film, 9, "card") == []


def test_texts_are_in_the_language_of_the_scene():
    title = {"en": "Downhill", "ko": "내리막"}
    scene = SCENE.replace(title=title, lang="ko")
    assert scene.record().title == "내리막"
    assert scene.replace(lang="en").record().title == "Downhill"


@pytest.mark.sampled(10)
def test_every_scene_has_english_and_korean_texts(scene_file):
    scene = animopt.load_scene(scene_file)
    # The caption of a tuned scene is made when the race is recorded.
    assert scene.caption or isinstance(scene.racers, Tuned)
    for text in filter(None, (scene.title, scene.caption)):
        assert set(text) == {"en", "ko"}
        assert any("가" <= letter <= "힣" for letter in text["ko"])
        assert not any("가" <= letter <= "힣" for letter in text["en"])


@pytest.fixture
def no_korean(monkeypatch):
    """Simulates a machine without a font for Hangul."""
    monkeypatch.setattr(fonts, "font_family", cache(lambda: [fonts.FAMILY, "DejaVu Sans"]))


def film_with_a_warning(scene, size, second):
    """Draw a frame of a scene. Return the film and the message of the only warning."""
    recording = scene.record()
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        film = Film(recording, Timeline(10, 10), size, 10)
        film.at(second)
    (warning,) = caught
    return film, str(warning.message)


@pytest.mark.long
@pytest.mark.usefixtures("no_korean")
def test_letters_without_a_font_cause_one_warning():
    film, message = film_with_a_warning(SCENE.replace(title="내리막 race"), (320, 180), 1)
    assert "'내' (U+B0B4)" in message
    assert "animopt[korean]" in message
    titles = [text for text in film.canvas().figure.findobj(Text) if text.get_text() == "□□□ race"]
    assert {title.axes.get_label() for title in titles} == {"header", "card"}


@pytest.mark.long
@pytest.mark.usefixtures("no_korean")
def test_words_of_a_korean_clip_are_english_without_a_font():
    film, message = film_with_a_warning(SCENE.replace(title="Downhill", lang="ko"), (640, 360), 10)
    assert "animopt[korean]" in message
    words = {text.get_text() for text in film.canvas().figure.findobj(Text)}
    assert {"step 10 of 10", "start", "loss above the minimum"} <= words


@pytest.mark.long
def test_text_is_drawn_literally(make_film):
    title = "$x$ 100% <b> a_b \\alpha"
    film = make_film(SCENE.replace(title=title, racers=[Racer("SGD", name="50% $off")]).record(), size=(1280, 720))
    written = [text.get_text() for text in film.canvas().figure.findobj(Text)]
    assert title in written
    assert "50% $off" in written


@pytest.mark.long
def test_only_marked_text_is_typeset_as_maths(make_film):
    film = make_film(SCENE.replace(title=r"A step of \(\eta = 10^{-2}\) for $5").record(), size=(1280, 720))
    (title,) = (text for axes in film.canvas().figure.axes if axes.get_label() == "header" for text in axes.texts[1:2])
    assert title.get_text() == r"A step of $\eta = 10^{-2}$ for \$5"
    assert title.get_parse_math()
    with pytest.raises(UsageError, match="not all mathtext"):
        make_film(SCENE.replace(title=r"\(\nosuch{x}\)").record()).frame(0)


@pytest.mark.parametrize("layout", ["wide", "multiples"])
@pytest.mark.sampled(0, 1)
def test_maths_beside_korean_words_is_typeset(layout, tmp_path):
    names = [r"모멘텀 \(\beta = 0.9\)", r"경사하강법 \(\eta\)"]
    scene = SCENE.replace(
        title=r"\(x^2\) 위의 모멘텀",
        caption=r"학습률 \(\eta = 10^{-2}\)",
        racers=[Racer("SGD", lr=0.1, name=name) for name in names],
        card=1,
        question=Question(r"\(\beta\)가 크면?", 3),
        layout=layout,
    )
    for second in (0.5, 5.0):
        scene.still(tmp_path / "still.svg", second, (1280, 720))
        drawn = re.findall("<!-- (.*) -->", (tmp_path / "still.svg").read_text("utf-8"))
        assert {"$x^2$", " 위의 모멘텀", "학습률 ", r"$\eta = 10^{-2}$"} <= set(drawn)
    assert {"모멘텀 ", r"$\beta = 0.9$", "경사하강법 ", r"$\eta$"} <= set(drawn)
    scene.still(tmp_path / "still.pdf", 5.0, (1280, 720))
    assert "모멘텀 β = 0.9" in pypdf.PdfReader(tmp_path / "still.pdf").pages[0].extract_text()


@pytest.mark.sampled(1)
@pytest.mark.parametrize(
    "options",
    [["--theme", "dark"], ["--layout", "contour-only"], ["--lang", "en"], ["--storyboard"]],
    ids=" ".join,
)
def test_command_accepts_options_of_the_scene(options, tmp_path, scenes, capsys):
    path = tmp_path / "out.png"
    still = [] if "--storyboard" in options else ["--still", "1"]
    with pytest.raises(SystemExit) as exit_info:
        main([str(scenes["ravine_sgd"]), *options, *still, "--size", "320x180", "-o", str(path)])
    assert not exit_info.value.code
    assert capsys.readouterr().out == f"{path}\n"
    assert path.stat().st_size


@pytest.mark.long
def test_focus_selects_the_racer_of_the_formula():
    scene = SCENE.replace(function=quartic, start=(1, 1), panels=["contour", "formula", "state"], focus="Adam")
    film = film_of(scene, Output("a.mp4", (1280, 720), 10))
    (formula,) = (axes for axes in film.canvas().figure.axes if axes.get_label() == "formula")
    assert any("Adam" in text.get_text() for text in formula.texts)
    assert not any("SGD" in text.get_text() for text in formula.texts)
