"""Message catalogs: every message has a translation, with the same values in it."""

import re
from io import StringIO
from pathlib import Path

import numpy as np
import pytest
from babel.messages import Catalog
from babel.messages.extract import extract_from_dir
from babel.messages.frontend import parse_keywords, parse_mapping_cfg
from babel.messages.mofile import read_mo, write_mo
from babel.messages.pofile import read_po

import animopt.core.language
from animopt import UsageError
from animopt.core.korean import with_particles
from animopt.core.language import language, languages, localized
from animopt.core.number_format import format_column, format_number, format_point, number_column

ROOT = Path(__file__).parents[2]
CATALOGS = ROOT / "animopt" / "locale"


@pytest.fixture(scope="module")
def messages():
    """The messages in the source, as singular and plural forms, or as one text."""
    methods, options = parse_mapping_cfg(StringIO((ROOT / "babel.cfg").read_text()))
    keywords = parse_keywords(["translatable", "gettext", "ngettext:1,2", "pgettext:1c,2"])
    found = extract_from_dir(ROOT / "animopt", methods, options, keywords)
    return {message for _, _, message, _, _ in found}


def catalog(code):
    with (CATALOGS / code / "LC_MESSAGES" / "animopt.po").open("rb") as file:
        return read_po(file, locale=code)


@pytest.mark.parametrize("code", languages()[1:])
def test_catalog_has_the_messages_of_the_source(messages, code):
    found = {entry.id: entry.string for entry in catalog(code) if entry.id}
    assert found.keys() == messages
    for message, translation in found.items():
        forms = [translation] if isinstance(translation, str) else translation
        assert all(forms), message
        for form in forms:
            # A form for one number may leave out the number.
            values = {
                frozenset(re.findall(r"\{\w*\}", each)) for each in ([message] if isinstance(message, str) else message)
            }
            assert frozenset(re.findall(r"\{\w*\}", form)) in values, message


@pytest.mark.parametrize("code", languages()[1:])
def test_compiled_catalog_is_that_of_the_text(code):
    def translations(entries):
        # A plural message is known by its singular form.
        return {
            entry.id if isinstance(entry.id, str) else entry.id[0]: np.atleast_1d(entry.string).tolist()
            for entry in entries
            if entry.id
        }

    with (CATALOGS / code / "LC_MESSAGES" / "animopt.mo").open("rb") as file:
        assert translations(read_mo(file)) == translations(catalog(code))


@pytest.mark.parametrize(
    ("names", "text"),
    [
        ([], ""),
        (["SGD"], "SGD"),
        (["SGD", "모멘텀"], "SGD와 모멘텀"),
        (["SGD", "RMSprop", "Adam"], "SGD, RMSprop과 Adam"),
    ],
)
def test_korean_names_are_joined_as_in_speech(names, text):
    assert language("ko").listed(names) == text


def test_unknown_language_lists_the_available_ones():
    with pytest.raises(UsageError, match=r"^lang 'kr': unknown; use en, ko$"):
        language("kr")


def test_another_language_needs_only_a_catalog(tmp_path, monkeypatch):
    german = Catalog(locale="de")
    german.add(("{count} gradient", "{count} gradients"), ("{count} Gradient", "{count} Gradienten"))
    german.add("step {step} of {steps}", "Schritt {step} von {steps}")
    path = tmp_path / "de" / "LC_MESSAGES" / "animopt.mo"
    path.parent.mkdir(parents=True)
    with path.open("wb") as file:
        write_mo(file, german)
    monkeypatch.setattr(animopt.core.language, "CATALOGS", tmp_path)
    language.cache_clear()
    try:
        assert languages() == ("en", "de")
        words = language("de")
        assert words.gettext("step {step} of {steps}", step=3, steps=1200) == "Schritt 3 von 1.200"
        assert [words.ngettext("{count} gradient", "{count} gradients", count) for count in (1, 2)] == [
            "1 Gradient",
            "2 Gradienten",
        ]
        assert format_number(-1234.5, None, "de") == "−1.234,50"
        assert format_point((0.5, -2), "de") == "(0,5, −2)"
        assert words.listed(["a", "b", "c"]) == "a, b und c"
        # A message without translation is English.
        assert words.gettext("diverged") == "diverged"
    finally:
        language.cache_clear()


@pytest.mark.parametrize(
    ("text", "code", "shown"),
    [
        ("plain", "ko", "plain"),
        ({"en": "one", "ko": "하나"}, "ko", "하나"),
        ({"en": "one", "ko": "하나"}, "en", "one"),
        ({"en": "one", "fr": "un"}, "ko", "one"),
        ({"fr": "un"}, "ko", "un"),
        ({}, "ko", ""),
    ],
)
def test_text_is_in_its_language_or_in_english(text, code, shown):
    assert localized(text, code) == shown


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (6.45, "6.45"),
        (0.0017, "0.0017"),
        (2.7e-8, "2.7 × 10⁻⁸"),
        (1.0, "1.00"),
        (0.996, "1.00"),
        (0.0999, "0.10"),
        (-1979.2117, "−1,979.21"),
        (0.13, "0.13"),
        (1e-4, "0.00010"),
        (123456.789, "123,456.79"),
        (1e6, "1.0 × 10⁶"),
        (-3.2e-9, "−3.2 × 10⁻⁹"),
        (0.0, "0"),
        (-0.0, "0"),
        (np.inf, "inf"),
    ],
)
def test_number_has_one_format(value, text):
    assert format_number(value) == text


@pytest.mark.parametrize(
    ("values", "texts"),
    [
        ([0.13, 2.5, 0.0448], ["0.130", "2.500", "0.045"]),
        ([12.0, 3.456], ["12.00", "3.46"]),
        ([0.0, 0.25], ["0.00", "0.25"]),
        ([2.7e-8, 6.45, 0.0017], ["2.7 × 10⁻⁸", "6.45", "0.0017"]),
        ([0.0], ["0"]),
        ([], []),
    ],
)
def test_column_has_equal_precision(values, texts):
    assert format_column(values) == texts


@pytest.mark.parametrize(
    ("values", "gaps", "texts"),
    [
        # Gaps have two significant digits of the smallest, losses as many decimals as their differences need.
        ([0.0017, 0.1, 0.0207], True, ["0.0017", "0.1000", "0.0207"]),
        ([195.3, 52.1, 1889.8, 44.4, 38.7], True, ["195", "52", "1,890", "44", "39"]),
        ([3.65, 1.33, 1e-18], True, ["3.65", "1.33", "1.0 × 10⁻¹⁸"]),
        ([0.000323, 0.000271], True, ["0.00032", "0.00027"]),
        ([1.211e-9, 1.238e-9], True, ["1.21 × 10⁻⁹", "1.24 × 10⁻⁹"]),
        ([-1.0, -0.9990, -0.9120], False, ["−1.000", "−0.999", "−0.912"]),
        ([-1.0, -0.99999, -0.99998], False, ["−1.00000", "−0.99999", "−0.99998"]),
        ([-2690.3, -1979.2], False, ["−2,690", "−1,979"]),
        ([5.0, 5.0], False, ["5.00", "5.00"]),
        ([np.nan, 0.0], True, ["nan", "0.00"]),
    ],
)
def test_numbers_of_a_column_differ_if_their_values_do(values, gaps, texts):
    column = number_column(values, gaps=gaps)
    assert [column.text(value) for value in values] == texts


def test_brief_power_of_ten_has_no_factor():
    column = number_column([1e-18, 2.5], gaps=True)
    assert [column.text(value, brief=True) for value in (3e-17, 2.5)] == ["10⁻¹⁷", "2.50"]


@pytest.mark.parametrize(
    ("point", "text"),
    [
        ((-1.5, 0.001), "(−1.5, 0.001)"),
        ((0, 0), "(0, 0)"),
        ((-0.126, 1.3e-9), "(−0.13, 0)"),
        ((3.584428, -1.848126), "(3.58, −1.85)"),
        ((-2, 1234.5), "(−2, 1,234.5)"),
        ((100, -10), "(100, −10)"),
    ],
)
def test_point_shows_what_its_coordinates_are(point, text):
    assert format_point(point) == text


@pytest.mark.parametrize(
    ("word", "sentence"),
    [
        ("골짜기", "골짜기는 골짜기가 골짜기를 골짜기와 골짜기로"),
        ("모멘텀", "모멘텀은 모멘텀이 모멘텀을 모멘텀과 모멘텀으로"),
        ("걸음 열", "걸음 열은 걸음 열이 걸음 열을 걸음 열과 걸음 열로"),
        # 에스지디, 아담, 아르엠에스프롭, 아다그라드, 아담더블유, 엘비에프지에스
        ("SGD", "SGD는 SGD가 SGD를 SGD와 SGD로"),
        ("Adam", "Adam은 Adam이 Adam을 Adam과 Adam으로"),
        ("RMSprop", "RMSprop은 RMSprop이 RMSprop을 RMSprop과 RMSprop으로"),
        ("Adagrad", "Adagrad는 Adagrad가 Adagrad를 Adagrad와 Adagrad로"),
        ("AdamW", "AdamW는 AdamW가 AdamW를 AdamW와 AdamW로"),
        ("LBFGS", "LBFGS는 LBFGS가 LBFGS를 LBFGS와 LBFGS로"),
        # 영, 일, 이, 삼, 칠
        ("(0, 0)", "(0, 0)은 (0, 0)이 (0, 0)을 (0, 0)과 (0, 0)으로"),
        ("0.1", "0.1은 0.1이 0.1을 0.1과 0.1로"),
        ("12", "12는 12가 12를 12와 12로"),
        ("0.3", "0.3은 0.3이 0.3을 0.3과 0.3으로"),
        ("lr 0.7", "lr 0.7은 lr 0.7이 lr 0.7을 lr 0.7과 lr 0.7로"),
        # 십, 제곱, 퍼센트, 도
        ("10", "10은 10이 10을 10과 10으로"),
        ("10⁻⁸", "10⁻⁸은 10⁻⁸이 10⁻⁸을 10⁻⁸과 10⁻⁸으로"),
        ("27%", "27%는 27%가 27%를 27%와 27%로"),
        ("45°", "45°는 45°가 45°를 45°와 45°로"),
        # 라인, 타임, 스케일, 레이트, 스텝, 튜닝, 루프
        ("line", "line은 line이 line을 line과 line으로"),
        ("time", "time은 time이 time을 time과 time으로"),
        ("scale", "scale은 scale이 scale을 scale과 scale로"),
        ("rate", "rate는 rate가 rate를 rate와 rate로"),
        ("step", "step은 step이 step을 step과 step으로"),
        ("tuning", "tuning은 tuning이 tuning을 tuning과 tuning으로"),
        ("loop", "loop는 loop가 loop를 loop와 loop로"),
    ],
)
def test_particles_follow_the_last_sound(word, sentence):
    text = f"{word}은(는) {word}이(가) {word}을(를) {word}과(와) {word}(으)로"
    assert with_particles(text, {}) == sentence


def test_particles_in_the_users_words_remain():
    assert language("ko").listed(["이(가)", "b"]) == "이(가)와 b"
    assert with_particles("{name}은(는)", {"name": "은(는) {0}"}) == "은(는) {0}은"
