"""Texts with mathtext: what cannot be typeset is refused with its cause."""

import pytest

from animopt import UsageError
from animopt.drawing.rc_context import drawing_settings
from animopt.drawing.text import formula_mathtext, text_arguments


@pytest.fixture(autouse=True)
def settings():
    with drawing_settings():
        yield


@pytest.mark.parametrize(
    "words",
    [r"é ü Ж → \(\frac{m}{\sqrt{v}}\)", r"\(α + β ≤ \mathbf{Δ}\)", r"¤ \(x\)", r"\(\hat{x} \cdot \mathcal{L}\)"],
)
def test_available_letters_are_accepted_beside_and_in_maths(words):
    assert text_arguments(words)["parse_math"]


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
        text_arguments(words)
    assert f"no letter {letter};" in str(caught.value)
    assert not caplog.records


def test_missing_letter_of_a_formula_is_named():
    with pytest.raises(UsageError, match="no letter '한'"):
        formula_mathtext("x + 한")


def test_formula_may_have_a_currency_sign():
    assert formula_mathtext("x^2 + ¤") == "$f(x, y) = x^2 + ¤$"


def test_text_without_maths_is_taken_as_it_is():
    assert text_arguments("한 $5 \\frac") == {"s": "한 $5 \\frac", "parse_math": False}
