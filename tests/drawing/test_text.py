"""Texts with mathtext: those that matplotlib cannot typeset are refused."""

import pytest

from animopt import UsageError
from animopt.drawing.canvas import drawing_settings
from animopt.drawing.text import formula_mathtext, text_source


@pytest.fixture(autouse=True)
def settings():
    with drawing_settings():
        yield


@pytest.mark.parametrize(
    "words",
    [r"é ü Ж → \(\frac{m}{\sqrt{v}}\)", r"\(α + β ≤ \mathbf{Δ}\)", r"¤ \(x\)", r"\(\hat{x} \cdot \mathcal{L}\)"],
)
def test_available_letters_are_accepted_beside_and_in_mathtext(words):
    assert text_source(words)[1]


@pytest.mark.parametrize(
    ("words", "letter"),
    [
        (r"한 \(x\)", "'한' (U+D55C)"),
        (r"é ¤ 글 한 \(x\)", "'글' (U+AE00)"),
        (r"\(\frac{漢}{2}\)", "'漢' (U+6F22)"),
        ("\ue000 \\(x\\)", "U+E000"),
    ],
)
def test_missing_letter_is_named_and_not_logged(words, letter, caplog):
    with pytest.raises(UsageError) as caught:
        text_source(words)
    assert f"has {letter};" in str(caught.value)
    assert not caplog.records


def test_missing_letter_of_a_formula_is_named():
    with pytest.raises(UsageError, match="has '한'"):
        formula_mathtext("x + 한")


def test_formula_may_have_a_currency_sign():
    assert formula_mathtext("x^2 + ¤") == "$f(x, y) = x^2 + ¤$"


def test_text_without_mathtext_is_unchanged():
    assert text_source("한 $5 \\frac") == ("한 $5 \\frac", False)
