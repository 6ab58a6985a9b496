"""Text that fits its room, and text with mathtext."""

import re
from collections.abc import Iterable, Sequence
from os.path import commonprefix
from typing import Any, cast

from animopt.core.contexts import quiet_logger
from animopt.core.errors import UsageError, short_repr
from animopt.drawing.fonts import describe_character
from animopt.drawing.mpl import (
    Axes,
    Bbox,
    FontProperties,
    GraphicsContextBase,
    MathTextParser,
    RendererAgg,
    RendererBase,
    Text,
)


def write(axes: Axes, x: float, y: float, words: str, size: float, color: str, **style: Any) -> Text:
    """Write words at a position of the axes, with their mathtext typeset. `size` is in pixels."""
    source, parse_math = text_source(words)
    text = MixedText(x, y, source, parse_math=parse_math, fontsize=size, color=color, clip_on=False, **style)
    axes.add_artist(text)
    return text


class MixedText(Text):
    """A horizontal text that can have mathtext beside words for which mathtext has no font, such as Korean ones.

    matplotlib would draw the whole line as mathtext. Here the words and the mathtext of such a text are pieces, drawn
    side by side on one baseline. Other texts are drawn by matplotlib.
    """

    def draw(self, renderer: RendererBase) -> None:
        """Draw the text."""
        super().draw(_piecewise(renderer) if self._has_pieces() else renderer)

    def get_window_extent(self, renderer: RendererBase | None = None, dpi: float | None = None) -> Bbox:
        """Return the box of the text in pixels."""
        if self._has_pieces():
            # At 72 dots per inch a point is a pixel.
            renderer = _piecewise(renderer or RendererAgg(1, 1, 72))
        return super().get_window_extent(renderer, dpi)

    def _has_pieces(self) -> bool:
        source = self.get_text()
        return self.get_parse_math() and not source.isascii() and bool(_missing_from_mathtext(source))


def _piecewise(renderer: RendererBase) -> RendererBase:
    return cast("RendererBase", _PieceRenderer(renderer))


class _PieceRenderer:
    """Draws a line with mathtext as pieces, by another renderer. The names of the arguments are matplotlib's."""

    def __init__(self, renderer: RendererBase) -> None:
        self._renderer = renderer

    def __getattr__(self, name: str) -> Any:
        return getattr(self._renderer, name)

    def get_text_width_height_descent(self, s: str, prop: FontProperties, ismath: bool) -> tuple[float, float, float]:
        """Return the size of a line, and how far it reaches below the baseline."""
        pieces = _pieces(s) if ismath else [(s, False)]
        sizes = [self._renderer.get_text_width_height_descent(piece, prop, is_math) for piece, is_math in pieces]
        ascent = max(height - descent for _, height, descent in sizes)
        descent = max(descent for _, _, descent in sizes)
        return sum(width for width, _, _ in sizes), ascent + descent, descent

    def draw_text(
        self,
        gc: GraphicsContextBase,
        x: float,
        y: float,
        s: str,
        prop: FontProperties,
        angle: float,
        ismath: bool = False,
        mtext: Text | None = None,
    ) -> None:
        """Draw a line whose baseline begins at `x` and `y`."""
        for piece, is_math in _pieces(s) if ismath else [(s, False)]:
            # A renderer that knows `mtext` may align each piece as if it were the whole text.
            self._renderer.draw_text(gc, x, y, piece, prop, angle, is_math, mtext=None)
            x += self._renderer.get_text_width_height_descent(piece, prop, is_math)[0]


def _pieces(source: str) -> list[tuple[str, bool]]:
    """Return the words and mathtexts of a text for matplotlib in their order, each with whether it is mathtext."""
    pieces = re.split(r"(?<!\\)\$", source)
    pieces[::2] = [piece.replace(r"\$", "$") for piece in pieces[::2]]
    pieces[1::2] = [f"${piece}$" for piece in pieces[1::2]]
    return [(piece, index % 2 == 1) for index, piece in enumerate(pieces) if piece]


def text_source(words: str) -> tuple[str, bool]:
    r"""Return the text with which matplotlib typesets the parts between \( and \) as mathtext, and whether it has any.

    Raises UsageError for mathtext that matplotlib cannot typeset.
    """
    parts = re.split(r"\\\((.+?)\\\)", words)
    if len(parts) == 1:
        return words, False
    parts[::2] = [part.replace("$", r"\$") for part in parts[::2]]
    parts[1::2] = [f"${part}$" for part in parts[1::2]]
    source, complaint = "".join(parts), f"{short_repr(words)}: is not all mathtext"
    check_mathtext(source, complaint)
    return source, True


def formula_mathtext(formula: str) -> str:
    """Return a function's formula as mathtext. Raises UsageError if matplotlib cannot typeset it."""
    mathtext = f"$f(x, y) = {formula}$"
    check_mathtext(mathtext, f"formula {short_repr(formula)}: not mathtext")
    return mathtext


def check_mathtext(text: str, complaint: str) -> None:
    """Raise UsageError, with the complaint and the cause, for a text whose mathtext cannot be typeset."""
    try:
        missing = _missing_from_mathtext(text)
        if missing:
            # MixedText draws such letters, unless they are in mathtext.
            maths = "".join(piece for piece, is_math in _pieces(text) if is_math)
            missing = _missing_from_mathtext(maths)
    except ValueError as error:
        raise UsageError(f"{complaint}; correct it, or leave out the mathtext") from error
    if missing:
        raise UsageError(
            f"{complaint}; no font for mathtext has {describe_character(missing)}; leave out the letter or the mathtext"
        )


def _missing_from_mathtext(text: str) -> str:
    """Return the first letter of a text that no font for mathtext has, or nothing.

    Raises ValueError if matplotlib cannot parse the text.
    """
    with quiet_logger("matplotlib.mathtext"):
        glyphs = MathTextParser("path").parse(text).glyphs
    drawn = {code for _, _, code, *_ in glyphs}
    # In place of a letter that no font of mathtext has, matplotlib draws the character ¤ of the STIX fonts.
    if any(code == ord("¤") and "STIX" in font.family_name for font, _, code, *_ in glyphs):
        return next((each for each in text if not each.isascii() and ord(each) not in drawn), "")
    return ""


def text_width(text: Text) -> float:
    """Return the width of a text in pixels."""
    return text.get_window_extent().width


def max_width(axes: Axes, words: Iterable[str], size: float) -> float:
    """Return the width in pixels of the widest of some words in a type of `size` pixels."""
    texts = [axes.text(0, 0, each, fontsize=size, parse_math=False) for each in words]
    widest = max(map(text_width, texts), default=0.0)
    for text in texts:
        text.remove()
    return widest


class TextWidths:
    """Widths of texts on an axes, as multiples of their type size."""

    def __init__(self, axes: Axes) -> None:
        self._axes = axes
        self._widths: dict[tuple[str, str], float] = {}

    def __call__(self, words: str, weight: str = "normal") -> float:
        """Return the width of a text with its mathtext."""
        if (words, weight) not in self._widths:
            text = write(self._axes, 0, 0, words, 100, "black", fontweight=weight)
            self._widths[words, weight] = text_width(text) / 100
            text.remove()
        return self._widths[words, weight]

    def widest(self, words: Iterable[str], weight: str = "normal") -> float:
        """Return the width of the widest of some texts."""
        return max((self(each, weight) for each in words), default=0.0)


def without_common_prefix(names: Sequence[str]) -> list[str]:
    """Remove the words with which all names begin."""
    # A single name would lose all its words. A pair in parentheses is one word.
    shared = commonprefix(names).partition("(")[0].rpartition(" ")[0] if len(names) > 1 else ""  # noqa: RUF071
    return [name.removeprefix(shared).strip() for name in names]


def shorten_names(texts: Sequence[Text], names: Sequence[str], width: float) -> None:
    """If a name is wider than `width` pixels, remove the words with which all `names` begin from the texts."""
    if max(map(text_width, texts), default=0) > width:
        for text, short in zip(texts, without_common_prefix(names), strict=False):
            source, parse_math = text_source(short)
            text.set(text=source, parse_math=parse_math)


def fit_text(text: Text, width: float, min_size: float) -> Text:
    """Reduce a text to `width` pixels: first its type size, down to `min_size` pixels, then its length. Return it."""
    if (wide := text_width(text)) > width:
        size = float(text.get_fontsize()) * width / wide
        text.set_fontsize(max(min_size, size))
        if text_width(text) > width:
            # The width of mathtext is not quite proportional to its type size.
            text.set_fontsize(max(min_size, 0.98 * size))
    words = text.get_text()
    shown = len(words)
    while text_width(text) > width and shown > 1:
        shown = min(shown - 1, int(shown * width / text_width(text)) + 1)
        part = words[:shown]
        if text.get_parse_math():
            # Mathtext that is cut in two would be shown as its source.
            dollars = [found.start() for found in re.finditer(r"(?<!\\)\$", part)]
            part = (part[: dollars[-1]] if len(dollars) % 2 else part).removesuffix("\\")
        text.set_text(part.rstrip(" ,") + "…")
    return text
