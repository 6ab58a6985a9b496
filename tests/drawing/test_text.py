"""Texts with mathtext: words in other scripts are drawn beside it, and what matplotlib cannot typeset is refused."""

import numpy as np
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.transforms import IdentityTransform

from animopt import UsageError
from animopt.drawing.canvas import TextCache, drawing_settings
from animopt.drawing.text import fit_text, formula_mathtext, shorten_names, text_source, text_width, write

SIZE = (800, 120)
MIXED = r"모멘텀 \(\beta = 0.9\)으로, \(\frac{x^2}{20}\) 100 $ Ի"
PIECES = ["모멘텀 ", r"\(\beta = 0.9\)", "으로, ", r"\(\frac{x^2}{20}\)", " 100 $ Ի"]


@pytest.fixture(autouse=True)
def settings():
    with drawing_settings():
        yield


@pytest.fixture
def axes():
    """The axes of an empty picture."""
    figure = Figure(figsize=(SIZE[0] / 72, SIZE[1] / 72), dpi=72)
    FigureCanvasAgg(figure)
    axes = figure.add_axes((0, 0, 1, 1))
    axes.set_axis_off()
    return axes


def put(axes, words, x=20.0, *, size=24, **style):
    """A text on the axes, at `x` pixels from the left."""
    return write(axes, x, 50, words, size, "black", transform=IdentityTransform(), **style)


def picture(axes):
    """The pixels of the axes."""
    axes.figure.canvas.draw()
    return np.array(axes.figure.canvas.buffer_rgba())


def ink(pixels):
    """The first and the last column that are not white."""
    columns = np.flatnonzero((pixels[..., :3] < 255).any(axis=(0, 2)))
    return columns[0], columns[-1]


@pytest.mark.parametrize(
    "words",
    [
        r"é ü Ж → \(\frac{m}{\sqrt{v}}\)",
        r"\(α + β ≤ \mathbf{Δ}\)",
        r"¤ \(x\)",
        r"\(\hat{x} \cdot \mathcal{L}\)",
        r"é ¤ 한 \(α − ¤\) 글 \(x\)",
        "\ue000 \\(x\\)",
    ],
)
def test_letters_are_accepted_beside_mathtext_and_in_mathtext_that_has_them(words):
    assert text_source(words)[1]


@pytest.mark.parametrize(
    ("words", "letter"),
    [
        (r"한 \(한\)", "'한' (U+D55C)"),
        (r"한 \(x\) \(é + ¤ + \mathrm{글}\)", "'글' (U+AE00)"),
        (r"\(a$b\) 한 \(c$d\)", "'한' (U+D55C)"),
        (r"\(\frac{漢}{2}\)", "'漢' (U+6F22)"),
        ("\\(\uf8ff\\) 한", "U+F8FF"),
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


@pytest.mark.parametrize("style", [{}, {"fontweight": "bold"}], ids=["regular", "bold"])
def test_words_and_mathtext_are_drawn_side_by_side_on_one_baseline(axes, style):
    mixed = put(axes, MIXED, **style)
    whole, width = picture(axes), text_width(mixed)
    mixed.remove()
    x = 20.0
    for piece in PIECES:
        x += text_width(put(axes, piece, x, **style))
    assert np.array_equal(whole, picture(axes))
    assert width == pytest.approx(x - 20)


def test_mathtext_that_has_all_letters_is_drawn_by_matplotlib(axes):
    words = r"é Ж \(\beta_1 = 0.9\) at $5"
    put(axes, words)
    own = picture(axes)
    axes.texts[0].remove()
    axes.text(20, 50, r"é Ж $\beta_1 = 0.9$ at \$5", transform=IdentityTransform(), fontsize=24, color="black")
    assert np.array_equal(own, picture(axes))


@pytest.mark.parametrize(("align", "side"), [("left", 0.0), ("center", 0.5), ("right", 1.0)])
def test_mixed_text_is_aligned_as_a_whole(axes, align, side):
    box = put(axes, MIXED, 400, ha=align).get_window_extent()
    assert box.x0 + side * box.width == pytest.approx(400)
    first, last = ink(picture(axes))
    assert box.x0 - 1 <= first < box.x0 + 5
    assert box.x1 - 5 < last <= box.x1 + 1
    pieces = [put(axes, piece).get_window_extent() for piece in PIECES]
    assert box.y0 == pytest.approx(min(piece.y0 for piece in pieces))
    assert box.y1 == pytest.approx(max(piece.y1 for piece in pieces))


def test_each_line_of_a_mixed_text_has_its_pieces(axes):
    text = put(axes, "")
    first, second = r"모멘텀 $\beta$", r"학습률 $\eta = 0.1$ 일 때"
    widths = []
    for source in (first, second, f"{first}\n{second}", "모멘텀\n학습률 $x$"):
        text.set(text=source, parse_math=True)
        widths.append(text_width(text))
    assert widths[2] == max(widths[:2])
    assert widths[3] < widths[2]


@pytest.mark.parametrize("part", [0.9, 0.7, 0.6, 0.4, 0.3, 0.15])
@pytest.mark.sampled(2)
def test_mixed_text_is_reduced_and_then_shortened(axes, part):
    text = put(axes, MIXED)
    width = part * text_width(text)
    fit_text(text, width, 16)
    assert 0.5 * width < text_width(text) <= width
    assert text.get_text().endswith("…") == (part < 16 / 24)
    first, last = ink(picture(axes))
    assert first >= 19
    assert last <= 20 + width + 1


def test_names_are_shortened_to_what_differs(axes):
    names = [r"모멘텀 \(\beta = 0.9\)", r"모멘텀 \(\beta = 0.5\)", "모멘텀 없음"]
    texts = [put(axes, name) for name in names]
    shorten_names(texts, names, 300)
    assert texts[0].get_text() == r"모멘텀 $\beta = 0.9$"
    shorten_names(texts, names, 90)
    assert [text.get_text() for text in texts] == [r"$\beta = 0.9$", r"$\beta = 0.5$", "없음"]
    assert max(map(text_width, texts)) < 90


@pytest.mark.parametrize("alpha", [None, 0.5])
def test_cached_mixed_text_is_drawn_as_without_the_cache(axes, alpha):
    text = put(axes, MIXED, 400.25, ha="center", va="center", alpha=alpha)
    white = np.full((SIZE[1], SIZE[0], 4), 255, dtype=np.uint8)
    cached = white.copy()
    TextCache(SIZE).draw(text, cached)
    without = picture(axes).astype(int)
    assert np.abs(cached.astype(int) - without).max() <= 2
    assert (cached != white).any()
