"""Text that fits, and text with maths."""

import re
from collections.abc import Sequence
from os.path import commonprefix
from typing import Any

from animopt.core.errors import UsageError, short_repr
from animopt.core.loggers import quiet_logger
from animopt.drawing.fonts import describe_character
from animopt.drawing.mpl import Bbox, FigureCanvasAgg, FontProperties, MathTextParser, Text

DUMMY_SYMBOL = ord("¤")
"""Character that matplotlib draws, from the STIX fonts, for one that no font of mathtext has."""


def without_common_prefix(names: Sequence[str]) -> list[str]:
    """Names without the words with which all of them begin, which tell none from another."""
    # Of one name nothing would be left, and a pair in parentheses is one word.
    shared = commonprefix(names).partition("(")[0].rpartition(" ")[0] if len(names) > 1 else ""  # noqa: RUF071
    return [name.removeprefix(shared).strip() for name in names]


def text_arguments(words: str) -> dict[str, Any]:
    r"""The arguments that let `axes.text` take words as they are, but for what stands between \( and \) as maths.

    Raises UsageError for maths that matplotlib cannot typeset.
    """
    pieces = re.split(r"\\\((.+?)\\\)", words)
    if len(pieces) == 1:
        return {"s": words, "parse_math": False}
    pieces[::2] = [piece.replace("$", r"\$") for piece in pieces[::2]]
    pieces[1::2] = [f"${piece}$" for piece in pieces[1::2]]
    check_mathtext("".join(pieces), f"{short_repr(words)}: is not all mathtext")
    return {"s": "".join(pieces), "parse_math": True}


def set_text(text: Text, words: str) -> None:
    """Let a text say other words, taken as `literal` does."""
    given = text_arguments(words)
    text.set(text=given["s"], parse_math=given["parse_math"])


def formula_mathtext(formula: str) -> str:
    """A function's formula as matplotlib typesets it. Raises UsageError for one that it cannot."""
    maths = f"$f(x, y) = {formula}$"
    check_mathtext(maths, f"formula {short_repr(formula)}: not mathtext", "cm", "stixsans")
    return maths


def check_mathtext(maths: str, complaint: str, *fonts: str) -> None:
    """Raise UsageError, with the complaint and the cause, for what matplotlib cannot typeset in its sets of `fonts`."""
    for family in fonts or (None,):
        try:
            with quiet_logger("matplotlib.mathtext"):
                glyphs = MathTextParser("path").parse(maths, prop=FontProperties(math_fontfamily=family)).glyphs
        except ValueError as error:
            raise UsageError(f"{complaint}; {str(error).split()[-1]}") from error
        drawn = {code for _, _, code, *_ in glyphs}
        missing = [each for each in maths if not each.isascii() and ord(each) not in drawn]
        if missing and any(code == DUMMY_SYMBOL and "STIX" in font.family_name for font, _, code, *_ in glyphs):
            letter = describe_character(missing[0])
            raise UsageError(f"{complaint}; beside maths there is no letter {letter}; leave out one of the two")


def text_width(text: Text) -> float:
    """How wide a text is, in pixels."""
    return text_box(text).width


def text_box(text: Text) -> Bbox:
    """Where a text is, in pixels from the figure's lower left."""
    figure = text.get_figure(root=True)
    assert figure is not None
    canvas = figure.canvas
    assert isinstance(canvas, FigureCanvasAgg)
    return text.get_window_extent(canvas.get_renderer())


def fit(text: Text, width: float, least: float) -> None:
    """Set a text smaller, to `least` pixels, then elide it, until it is no wider than `width` pixels."""
    if (wide := text_width(text)) > width:
        text.set_fontsize(max(least, float(text.get_fontsize()) * width / wide))
    words = text.get_text()
    shown = len(words)
    while text_width(text) > width and shown > 1:
        shown = min(shown - 1, int(shown * width / text_width(text)) + 1)
        part = words[:shown]
        if text.get_parse_math():
            # Maths that is cut in two would stand there as its source.
            dollars = [found.start() for found in re.finditer(r"(?<!\\)\$", part)]
            part = (part[: dollars[-1]] if len(dollars) % 2 else part).removesuffix("\\")
        text.set_text(part.rstrip(" ,") + "…")
