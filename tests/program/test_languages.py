"""A Korean clip has Korean words: in its pictures, its alt text and its captions."""

import html
import re
from dataclasses import replace

import pytest
from matplotlib.text import Text

import animopt
from animopt import Racer, Scene
from animopt.engine.racer import names_and_settings, optimizer_names
from animopt.functions import ravine
from animopt.publish.sidecars import cues, html_snippet
from animopt.recording.sentences import alt_text
from animopt.recording.timeline import Timeline
from animopt.scene.races import recordings, staging_of, timeline_of, title_of
from animopt.video.film import Film

PROPER_NAMES = {
    *optimizer_names(),
    "StepLR",
    "LambdaLR",
    "CosineAnnealingLR",
    "CosineAnnealingWarmRestarts",
    "AMSGrad",
    "SAM",
    "log",
    "ko",
}


def english_words(text, scene):
    """Return the English words in a text, except proper names, settings of torch, and maths."""
    settings = {text for racer in scene.racers for pair in racer.settings.items() for text in pair} | {"lr"}
    words = re.findall(r"[A-Za-z][A-Za-z_]+", re.sub(r"\$[^$]*\$", "", text))
    return [
        word for word in words if word not in PROPER_NAMES and word not in settings and word not in {"True", "False"}
    ]


@pytest.fixture
def korean(scene_file, record):
    """A built-in scene in Korean, and its recording."""
    scene = animopt.load_scene(scene_file).replace(lang="ko")
    names, settings = names_and_settings(scene.racers, "ko")
    recording = replace(
        record(scene_file),
        title=title_of(scene),
        names=names,
        settings=settings,
        language="ko",
        # The caption of a fair race is written when it is recorded; a test below checks it.
        caption="",
    )
    return scene, recording


@pytest.mark.sampled(1, 10)
def test_picture_of_every_scene_is_korean(korean):
    scene, recording = korean
    film = Film(recording, Timeline(recording.last_step, 10), (960, 540), 10, staging_of(scene))
    found = set()
    for second in (0, 5, 10):
        film.at(second)
        shown = film.canvas().figure.findobj(lambda artist: isinstance(artist, Text) and artist.get_visible())
        found |= {text.get_text() for text in shown}
    assert not {text for text in found if english_words(text, scene)}
    assert any(re.search("[가-힣]", text) for text in found)


@pytest.mark.sampled(6, 10)
def test_alt_text_and_captions_of_every_scene_are_korean(korean):
    scene, recording = korean
    lines = [line for cue in cues([recording], timeline_of(scene)) for line in cue.lines]
    for text in [alt_text([recording], scene.panels), *lines]:
        assert not english_words(text, scene), text


def test_caption_of_a_fair_race_is_korean_and_fits():
    pytest.importorskip("optuna")
    scene = Scene(function=ravine, racers=animopt.tuned([Racer("SGD")], trials=2), steps=3, lang="ko")
    (recording,) = recordings(scene)
    assert not english_words(recording.caption, scene), recording.caption
    assert not english_words(recording.notes, scene), recording.notes


def test_track_of_captions_names_its_language():
    page = html_snippet({"a.mp4": (320, 180)}, "", captions="a.vtt", code="ko")
    # Snippets are ASCII.
    assert '<track kind="captions" src="a.vtt" srclang="ko" label="한국어">' in html.unescape(page)


def scene_in(lang, **fields):
    return Scene(
        function=ravine, racers=[Racer("SGD", lr=0.1, name=fields.pop("name", ""))], steps=3, lang=lang, **fields
    )


def test_missing_language_is_one_warning():
    scene = scene_in("ko", title={"en": "A race"}, caption={"en": "fast"}, name={"en": "Fast"})
    with pytest.warns(UserWarning, match="not in Korean") as caught:
        (recording,) = recordings(scene)
    recordings(scene)
    assert [str(each.message) for each in caught] == [
        "title, caption, name of racer 1: not in Korean, shown in English; add 'ko'"
    ]
    assert (recording.title, recording.names) == ("A race", ("Fast",))


def test_texts_without_languages_cause_no_warning(recwarn):
    recordings(scene_in("ko", title="A race", caption={"en": "fast", "ko": "빠르다"}))
    assert not recwarn.list


def test_default_title_is_in_the_language():
    assert recordings(scene_in("ko"))[0].title == "골짜기의 SGD"
    assert recordings(scene_in("en"))[0].title == "SGD on a ravine"


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["ravine-sgd", "--lang", "kr"], "animopt: lang 'kr': unknown; use en, ko\n"),
        (["ravine-sgd", "--lang", ""], "animopt: lang '': unknown; use en, ko\n"),
        (["all", "ravine-sgd", "--lang", "xx"], "lang 'xx': unknown; use en, ko"),
        (["deck", "a.html", "ravine-sgd", "--lang", "xx"], "lang 'xx': unknown; use en, ko"),
        (["gallery", "ravine-sgd", "--lang", "xx"], "lang 'xx': unknown; use en, ko"),
    ],
)
def test_unknown_language_is_refused_and_nothing_is_written(animopt_here, tmp_path, words, message):
    done = animopt_here(*words)
    assert done.returncode == 2
    assert message in done.stderr
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ({"en": 3}, "racer name in 'en' 3: give a text, as name='Adam'"),
        ({3: "Adam"}, "racer name's language 3: give a text, as 'en'"),
        ({"ko": "두\n줄"}, r"racer name in 'ko' '두\n줄': leave out the control character '\n'"),
    ],
)
def test_wrong_name_by_language_is_refused_in_one_line(name, message):
    with pytest.raises(animopt.UsageError) as caught:
        Racer("Adam", name=name)
    assert str(caught.value) == message
