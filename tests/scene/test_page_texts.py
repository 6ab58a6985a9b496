"""The texts of a scene on a page, and the language that each is in."""

import warnings

import pytest

import animopt
from animopt import Output
from animopt.deck import save_deck
from animopt.scene.gallery import render_card
from animopt.scene.page_texts import shown_notes, shown_summary, shown_title

DOCSTRING = "One racer. It is\nalone.\n\nSee vol. 2."
KOREAN_DOCSTRING = "모멘텀은 SGD와 다르다.\n둘째 줄."
WARNING = "notes: not in Korean, shown in English; add 'ko'"


@pytest.fixture
def load(tmp_path):
    """Return a function that loads a scene with a docstring and fields, and returns it with its file."""

    def load(docstring="", **fields):
        file = tmp_path / "one.py"
        file.write_text(
            f'"""{docstring}"""\n'
            "from animopt import Racer, Scene\n"
            "from animopt.functions import ravine\n"
            f"scene = Scene(function=ravine, racers=[Racer('Adam', lr=0.1)], **{fields!r})\n",
            encoding="utf-8",
        )
        return animopt.load_scene(file), file

    return load


@pytest.mark.parametrize(
    ("docstring", "fields", "text", "lang", "summary", "said"),
    [
        (DOCSTRING, {}, DOCSTRING, "en", "One racer. It is", []),
        (DOCSTRING, {"notes": {"ko": "하나뿐이다."}}, DOCSTRING, "en", "One racer. It is", []),
        (DOCSTRING, {"notes": {"ko": "하나뿐이다.\n둘째 줄."}, "lang": "ko"}, None, "ko", "하나뿐이다.", []),
        (DOCSTRING, {"notes": {"ko": "손실은 0.5배다. 끝."}, "lang": "ko"}, None, "ko", "손실은 0.5배다.", []),
        (DOCSTRING, {"notes": {"en": "One!"}, "lang": "ko"}, DOCSTRING, "en", "One racer. It is", [WARNING]),
        (DOCSTRING, {"lang": "ko"}, DOCSTRING, "en", "One racer. It is", [WARNING]),
        (DOCSTRING, {"notes": "내 노트", "lang": "ko"}, "내 노트", "ko", "내 노트", []),
        (KOREAN_DOCSTRING, {"lang": "ko"}, KOREAN_DOCSTRING, "ko", "모멘텀은 SGD와 다르다.", []),
        ("", {"lang": "ko"}, "", "en", "", []),
    ],
)
def test_notes_are_in_the_language_or_in_english_with_a_warning(docstring, fields, text, lang, summary, said, load):
    scene, file = load(docstring, **fields)
    for show, wanted in (
        (lambda: shown_notes(scene, file), fields["notes"]["ko"] if text is None else text),
        (lambda: shown_summary(scene), summary),
    ):
        with warnings.catch_warnings(record=True, action="always") as caught:
            assert show() == (wanted, lang)
        assert [str(each.message) for each in caught] == said


def test_notes_of_a_scene_without_a_file_are_its_own(load):
    scene = load(notes={"en": "One!", "ko": "하나!"})[0].replace(origin=None)
    assert shown_notes(scene, None) == shown_summary(scene) == ("One!", "en")
    assert shown_summary(scene.replace(lang="ko")) == ("하나!", "ko")
    assert shown_summary(scene.replace(notes="")) == ("", "en")


@pytest.mark.parametrize(
    ("title", "text", "lang"),
    [
        ({"en": "One", "ko": "하나"}, "하나", "ko"),
        ({"en": "One"}, "One", "en"),
        ({"en": "One", "ko": ""}, "One", "en"),
        ({"fr": "Un", "de": "Eins"}, "Un", "fr"),
        (r"\(\beta = 1\)", "β= 1", "ko"),
        ("", "골짜기의 Adam", "ko"),
    ],
)
def test_title_has_the_language_in_which_it_is_shown(title, text, lang, load):
    scene, _ = load(title=title, lang="ko")
    assert shown_title(scene) == (text, lang)


@pytest.mark.long
def test_alt_text_of_deck_gallery_and_notebook_says_what_the_clip_shows(load, tmp_path):
    scene, _ = load(layout="contour-only", steps=3, seconds=0.2)
    steps = render_card(scene, [Output(tmp_path / "a.gif", (160, 160), 5)])
    assert [next(steps).name, next(steps).name] == ["a.gif", "a.png"]
    with pytest.raises(StopIteration) as end:
        next(steps)
    save_deck(tmp_path / "deck.html", [scene], (160, 160), 5, workers=0)
    texts = [
        end.value.value.facts.alt,
        scene.clip(size=(160, 160), fps=5, workers=0).render().alt,
        (tmp_path / "deck.html").read_text(encoding="utf-8"),
    ]
    assert all("An animation of 3 steps, on contour lines. Adam starts" in text for text in texts)
