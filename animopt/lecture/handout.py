"""A handout: a PDF with at least one page for each part of a lecture."""

import warnings
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from animopt.core.arrays import Pixels
from animopt.core.files import write_atomically
from animopt.core.language import Language, language
from animopt.drawing.artists import use_pixel_units
from animopt.drawing.canvas import Axes, drawing_settings, vector_pages
from animopt.drawing.fonts import font_remedy, missing_letters, replace_missing
from animopt.drawing.mpl import Figure, FigureCanvasAgg, Rectangle
from animopt.drawing.text import TextWidths, write
from animopt.drawing.theme import LIGHT
from animopt.publish.slides import paragraphs, plain_text
from animopt.recording.recording import Recording
from animopt.recording.sentences import remarks

SHEET = (595.28, 841.89)
"""Width and height of a sheet in points: A4."""

MARGIN = 50.0
"""Width of the margins in points."""

MAX_PICTURE_HEIGHT = 340.0
"""Maximum height of a picture in points."""

TITLE_SIZE, HEADING_SIZE, TEXT_SIZE, FOOTER_SIZE = 20.0, 12.0, 10.5, 8.5
"""Type sizes in points."""

LEADING = 1.45
"""Distance between the baselines of lines in relation to their type size."""

INDENT = 12.0
"""Width in points by which the lines of a list are indented."""


@dataclass(frozen=True, eq=False)
class Page:
    """A part in a handout.

    Attributes:
        title: Title of the part.
        time: When the part begins, as text, or "".
        picture: A still (height, width, 3), or None.
        text: The spoken text, or "".
        beats: Sentences about the events.
        settings: A line for each racer.
    """

    title: str
    time: str = ""
    picture: Pixels | None = None
    text: str = ""
    beats: Sequence[str] = ()
    settings: Sequence[str] = ()


def page_of_races(title: str, time: str, picture: Pixels | None, text: str, races: Sequence[Recording]) -> Page:
    """Return the page of a part that shows races, with their events and the settings of their racers."""
    beats = [each.text for race in races for each in remarks(race)]
    settings = [
        f"{name}: {setting}" if setting else name
        for race in races
        for name, setting in zip(race.names, race.settings, strict=True)
    ]
    # The races of several functions have the same racers.
    return Page(title, time, picture, text, list(dict.fromkeys(beats)), list(dict.fromkeys(settings)))


def save_handout(path: Path, title: str, pages: Sequence[Page], code: str) -> None:
    """Write a PDF of A4 sheets with the parts of a lecture, whose title and language are given.

    Each part begins on a sheet of its own, and continues on others if its texts are long. Letters that no font has are
    replaced by a box, with a warning. Raises Error if the file cannot be written.
    """
    title, plain = plain_text(title), [_changed(page, plain_text) for page in pages]
    missing = missing_letters("".join([title, *(text for page in plain for text in _texts(page))]))
    if missing:
        warnings.warn(font_remedy(missing), stacklevel=2)
    with drawing_settings():
        layout = _Layout(language(code))
        for page in plain:
            layout.add(_changed(page, lambda text: replace_missing(text, missing)))
        write_atomically(path, vector_pages(layout.figures(replace_missing(title, missing)), title))


def _changed(page: Page, change: Callable[[str], str]) -> Page:
    """Return a page with changed texts. Paragraphs remain apart."""
    return replace(
        page,
        title=change(page.title),
        text="\n\n".join(map(change, paragraphs(page.text))),
        beats=[change(each) for each in page.beats],
        settings=[change(each) for each in page.settings],
    )


def _texts(page: Page) -> Iterator[str]:
    yield from (page.title, page.text, *page.beats, *page.settings)


@dataclass(frozen=True)
class _Line:
    """A line of text at a position in points from the upper left."""

    x: float
    y: float
    words: str
    size: float
    color: str
    weight: str = "normal"
    align: str = "left"

    def draw(self, axes: Axes) -> None:
        write(
            axes,
            self.x,
            self.y,
            self.words,
            self.size,
            self.color,
            fontweight=self.weight,
            ha=self.align,
            va="baseline",
        )


@dataclass(frozen=True, eq=False)
class _Picture:
    """A picture in a box, in points from the upper left."""

    x: float
    y: float
    width: float
    height: float
    pixels: Pixels

    def draw(self, axes: Axes) -> None:
        right, bottom = self.x + self.width, self.y + self.height
        axes.imshow(
            self.pixels, extent=(self.x, right, bottom, self.y), interpolation="none", aspect="auto", clip_on=False
        )
        axes.add_patch(
            Rectangle((self.x, self.y), self.width, self.height, fill=False, edgecolor=LIGHT.rule, linewidth=0.75)
        )


@dataclass
class _Layout:
    """Lays out pages on sheets, from top to bottom. `y` is where the next line begins."""

    words: Language
    sheets: list[list[_Line | _Picture]] = field(default_factory=list)
    y: float = MARGIN
    continued: str = ""

    def __post_init__(self) -> None:
        figure = _sheet()
        self._widths = TextWidths(figure.add_axes((0, 0, 1, 1)))

    def add(self, page: Page) -> None:
        """Add a page on a new sheet."""
        self._begin_sheet()
        # One line, however long the title is.
        title = next(self._wrapped(page.title, TEXT_SIZE, "normal", 0.8 * (SHEET[0] - 2 * MARGIN)), "")
        self.continued = self.words.gettext("{title} (continued)", title=title) if title else ""
        if page.time:
            self._write(page.time, TEXT_SIZE, LIGHT.muted)
        self._write(page.title, TITLE_SIZE, LIGHT.ink, "bold")
        if page.picture is not None:
            self._add_picture(page.picture)
        for paragraph in paragraphs(page.text):
            self._space(6)
            self._write(paragraph, TEXT_SIZE, LIGHT.ink)
        self._list(self.words.gettext("What to see"), page.beats)
        self._list(self.words.gettext("Settings"), page.settings)

    def figures(self, title: str) -> Iterator[Figure]:
        """Yield the sheets with a footer of a title and their numbers."""
        y = SHEET[1] - MARGIN / 2
        room = SHEET[0] - 3 * MARGIN
        for number, items in enumerate(self.sheets, 1):
            figure = _sheet()
            axes = figure.add_axes((0, 0, 1, 1))
            use_pixel_units(axes)
            footer = next(self._wrapped(title, FOOTER_SIZE, "normal", room), "")
            count = f"{number} / {len(self.sheets)}"
            items = [
                *items,
                _Line(MARGIN, y, footer, FOOTER_SIZE, LIGHT.muted),
                _Line(SHEET[0] - MARGIN, y, count, FOOTER_SIZE, LIGHT.muted, align="right"),
            ]
            for item in items:
                item.draw(axes)
            # A picture sets the limits of its axes.
            use_pixel_units(axes)
            yield figure

    def _begin_sheet(self) -> None:
        self.sheets.append([])
        self.y = MARGIN

    def _space(self, height: float) -> None:
        """Leave space, but not at the top of a sheet."""
        if self.sheets[-1]:
            self.y += height

    def _need(self, height: float) -> None:
        """Continue on another sheet if the height does not fit on this one."""
        if self.y + height > SHEET[1] - MARGIN and self.sheets[-1]:
            self._begin_sheet()
            self._write(self.continued, TEXT_SIZE, LIGHT.muted)
            self._space(6)

    def _write(self, text: str, size: float, color: str, weight: str = "normal", indent: float = 0.0) -> None:
        room = SHEET[0] - 2 * MARGIN - indent
        for line in self._wrapped(text, size, weight, room):
            self._need(LEADING * size)
            self.sheets[-1].append(_Line(MARGIN + indent, self.y + size, line, size, color, weight))
            self.y += LEADING * size

    def _add_picture(self, pixels: Pixels) -> None:
        rows, columns = pixels.shape[:2]
        scale = min((SHEET[0] - 2 * MARGIN) / columns, MAX_PICTURE_HEIGHT / rows)
        width, height = scale * columns, scale * rows
        self._space(6)
        self._need(height)
        self.sheets[-1].append(_Picture((SHEET[0] - width) / 2, self.y, width, height, pixels))
        self.y += height + 6

    def _list(self, heading: str, lines: Sequence[str]) -> None:
        if not lines:
            return
        self._space(10)
        # A heading is not the last line of a sheet.
        self._need(LEADING * (HEADING_SIZE + 2 * TEXT_SIZE))
        self._write(heading, HEADING_SIZE, LIGHT.ink, "bold")
        for line in lines:
            self._need(LEADING * TEXT_SIZE)
            self.sheets[-1].append(_Line(MARGIN, self.y + TEXT_SIZE, "•", TEXT_SIZE, LIGHT.muted))
            self._write(line, TEXT_SIZE, LIGHT.ink, indent=INDENT)

    def _wrapped(self, text: str, size: float, weight: str, room: float) -> Iterator[str]:
        """Yield the lines of a text. A word that is wider than a line is divided."""
        space, line, width = size * (self._widths("x x", weight) - self._widths("xx", weight)), "", 0.0
        for word in text.split():
            for piece in self._pieces(word, size, weight, room):
                wide = size * self._widths(piece, weight)
                if line and width + space + wide > room:
                    yield line
                    line, width = "", 0.0
                line, width = (f"{line} {piece}", width + space + wide) if line else (piece, wide)
        if line:
            yield line

    def _pieces(self, word: str, size: float, weight: str, room: float) -> Iterator[str]:
        """Yield a word, or the pieces of one that is wider than the room."""
        if size * self._widths(word, weight) <= room:
            yield word
            return
        while word:
            # Measuring the whole rest each time would take minutes for a very long word.
            fits, exceeds = 1, 2
            while exceeds <= len(word) and size * self._widths(word[:exceeds], weight) <= room:
                fits, exceeds = exceeds, 2 * exceeds
            exceeds = min(exceeds, len(word) + 1)
            while exceeds - fits > 1:
                middle = (fits + exceeds) // 2
                if size * self._widths(word[:middle], weight) > room:
                    exceeds = middle
                else:
                    fits = middle
            yield word[:fits]
            word = word[fits:]


def _sheet() -> Figure:
    figure = Figure(figsize=(SHEET[0] / 72, SHEET[1] / 72), dpi=72)
    FigureCanvasAgg(figure)
    return figure
