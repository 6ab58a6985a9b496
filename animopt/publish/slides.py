"""Slides: their content, and files of slides: PowerPoint files and HTML pages."""

import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from importlib.resources import files
from math import ceil
from pathlib import Path
from typing import Any, NamedTuple

from animopt.core.errors import required_extra
from animopt.core.language import language
from animopt.core.number_format import format_number
from animopt.drawing.theme import Theme
from animopt.publish.notebook import data_url

WIDTH, HEIGHT = 12192000, 6858000
"""Size of a slide, 13.333 × 7.5 inches, in EMU: 914,400 per inch, 12,700 per point."""

TITLE_HEIGHT = 685800
"""Height in EMU of the area for the title, above the clip."""

MARGIN = WIDTH * 45 // 1280
"""Minimum distance in EMU of a title from the slide's edges."""

MAX_FONT_SIZE, MIN_FONT_SIZE = 28, 16
"""Maximum and minimum font size of a title in points."""

TITLE_SLIDE, TITLE_ONLY = 0, 5
"""Indices of python-pptx's slide layouts: one with a title and a subtitle in the middle, and one with only a title."""

CARD_WIDTH, CARD_HEIGHT = 0.8, 0.55
"""Maximum width of the words of a card as a fraction of the slide's width, and height as one of its height."""

CARD_TYPE, CAPTION_TYPE = 0.055, 0.025
"""Maximum font size of the words of a card, and font size of its caption, as fractions of the slide's width."""

BALANCE = 1.25
"""Width of the words of a card in several lines, as a multiple of what lines of the same width would need."""

NOTES_FONT_SIZE = 12
"""Font size of the speaker's notes in points."""

CAPTION_GAP = 0.02
"""Distance of the caption of a card from its words, as a fraction of the slide's width."""

LINE_HEIGHT = 1.25
"""Distance of two lines of a card as a multiple of the font size."""

APP_PROPERTIES = """<?xml version="1.0" encoding="UTF-8" standalone="yes"?>
<Properties xmlns="http://schemas.openxmlformats.org/officeDocument/2006/extended-properties">\
<Application>animopt</Application><PresentationFormat>Widescreen</PresentationFormat></Properties>"""
"""The properties of a PowerPoint file that python-pptx has no interface to."""

TITLE_STYLE = """
<a:lvl1pPr algn="l" xmlns:a="http://schemas.openxmlformats.org/drawingml/2006/main">
  <a:defRPr sz="{size}" b="1"/>
</a:lvl1pPr>
"""

# PowerPoint writes this for a video that starts with its slide, loops, and pauses when it is clicked.
TIMING = """
<p:timing xmlns:p="http://schemas.openxmlformats.org/presentationml/2006/main">
  <p:tnLst><p:par><p:cTn id="1" dur="indefinite" restart="never" nodeType="tmRoot"><p:childTnLst>
    <p:seq concurrent="1" nextAc="seek">
      <p:cTn id="2" dur="indefinite" nodeType="mainSeq"><p:childTnLst>
        <p:par><p:cTn id="3" fill="hold">
          <p:stCondLst>
            <p:cond delay="indefinite"/>
            <p:cond evt="onBegin" delay="0"><p:tn val="2"/></p:cond>
          </p:stCondLst>
          <p:childTnLst><p:par><p:cTn id="4" fill="hold">
            <p:stCondLst><p:cond delay="0"/></p:stCondLst>
            <p:childTnLst><p:par>
              <p:cTn id="5" presetID="1" presetClass="mediacall" presetSubtype="0" fill="hold" nodeType="afterEffect">
                <p:stCondLst><p:cond delay="0"/></p:stCondLst>
                <p:childTnLst><p:cmd type="call" cmd="playFrom(0.0)"><p:cBhvr>
                  <p:cTn id="6" dur="{milliseconds}" fill="hold"/>
                  <p:tgtEl><p:spTgt spid="{shape}"/></p:tgtEl>
                </p:cBhvr></p:cmd></p:childTnLst>
              </p:cTn>
            </p:par></p:childTnLst>
          </p:cTn></p:par></p:childTnLst>
        </p:cTn></p:par>
      </p:childTnLst></p:cTn>
      <p:prevCondLst><p:cond evt="onPrev" delay="0"><p:tgtEl><p:sldTgt/></p:tgtEl></p:cond></p:prevCondLst>
      <p:nextCondLst><p:cond evt="onNext" delay="0"><p:tgtEl><p:sldTgt/></p:tgtEl></p:cond></p:nextCondLst>
    </p:seq>
    <p:video><p:cMediaNode vol="80000">
      <p:cTn id="7" repeatCount="indefinite" fill="hold" display="0">
        <p:stCondLst><p:cond delay="indefinite"/></p:stCondLst>
      </p:cTn>
      <p:tgtEl><p:spTgt spid="{shape}"/></p:tgtEl>
    </p:cMediaNode></p:video>
    <p:seq concurrent="1" nextAc="seek">
      <p:cTn id="8" restart="whenNotActive" fill="hold" evtFilter="cancelBubble" nodeType="interactiveSeq">
        <p:stCondLst><p:cond evt="onClick" delay="0"><p:tgtEl><p:spTgt spid="{shape}"/></p:tgtEl></p:cond></p:stCondLst>
        <p:endSync evt="end" delay="0"><p:rtn val="all"/></p:endSync>
        <p:childTnLst><p:par><p:cTn id="9" fill="hold">
          <p:stCondLst><p:cond delay="0"/></p:stCondLst>
          <p:childTnLst><p:par><p:cTn id="10" fill="hold">
            <p:stCondLst><p:cond delay="0"/></p:stCondLst>
            <p:childTnLst><p:par>
              <p:cTn id="11" presetID="2" presetClass="mediacall" presetSubtype="0" fill="hold" nodeType="clickEffect">
                <p:stCondLst><p:cond delay="0"/></p:stCondLst>
                <p:childTnLst><p:cmd type="call" cmd="togglePause"><p:cBhvr>
                  <p:cTn id="12" dur="1" fill="hold"/>
                  <p:tgtEl><p:spTgt spid="{shape}"/></p:tgtEl>
                </p:cBhvr></p:cmd></p:childTnLst>
              </p:cTn>
            </p:par></p:childTnLst>
          </p:cTn></p:par></p:childTnLst>
        </p:cTn></p:par></p:childTnLst>
      </p:cTn>
      <p:nextCondLst>
        <p:cond evt="onClick" delay="0"><p:tgtEl><p:spTgt spid="{shape}"/></p:tgtEl></p:cond>
      </p:nextCondLst>
    </p:seq>
  </p:childTnLst></p:cTn></p:par></p:tnLst>
</p:timing>
"""


class LocalText(NamedTuple):
    """A text and the code of its language."""

    text: str
    lang: str


@dataclass(frozen=True)
class SlideClip:
    """The clip of a slide: an MP4 file of a number of seconds, and a PNG file as its poster.

    Both are of `size` (width, height) in pixels. `name` is what they show, and `alt` their alt text. `inset` is the
    left margin of their content and of the title, as a fraction of their width. `page` is the interactive page that a
    slide of an HTML deck opens in place of the clip, or "".
    """

    name: str
    path: Path
    poster: Path
    size: tuple[int, int]
    seconds: float
    alt: str
    inset: float
    page: str = ""


@dataclass(frozen=True)
class Slide:
    """A title with a clip, or without one as a card: large words in the middle, and a caption below them.

    The title of a card can have several lines. `lang` is the language of the clip, of its alt text and of the beats.
    `about` are paragraphs for the speaker's notes, and `beats` are the events of the race, each with its second of the
    clip. The slide has the background and the text color of `theme`.
    """

    title: LocalText
    lang: str
    theme: Theme
    about: Sequence[LocalText]
    clip: SlideClip | None = None
    beats: Sequence[tuple[float, str]] = ()
    caption: LocalText | None = None

    @property
    def label(self) -> str:
        """The title in one line."""
        return " ".join(self.title.text.split())

    @property
    def ems(self) -> float:
        """Approximate width of the title, as a multiple of its font size."""
        return _ems(self.title.text)

    @property
    def card_type(self) -> float:
        """Font size of the words of a card, as a fraction of the slide's width."""
        size = CARD_TYPE
        while self.card_lines(size) * LINE_HEIGHT * size > CARD_HEIGHT * HEIGHT / WIDTH:
            size *= 0.9
        return size

    def card_lines(self, size: float) -> int:
        """Return the approximate number of lines of the words of a card in a font size."""
        return sum(_lines(text, size) for text in self.title.text.splitlines())

    @property
    def card_width(self) -> float:
        """Width of the words of a card as a fraction of the slide's width. Their lines have about the same length."""
        size = self.card_type
        texts = [(_ems(text) * size, _lines(text, size)) for text in self.title.text.splitlines()]
        if all(lines == 1 for _, lines in texts):
            return CARD_WIDTH
        return min(CARD_WIDTH, max(BALANCE * width / lines for width, lines in texts))

    @property
    def notes(self) -> list[LocalText]:
        """The speaker's notes, as paragraphs."""
        cues = [f"{format_seconds(second, self.lang)}: {sentence}" for second, sentence in self.beats]
        heading = [language(self.lang).gettext("Point at:")] if cues else []
        return [*self.about, *(LocalText(each, self.lang) for each in (*heading, *cues))]


def _lines(text: str, size: float) -> int:
    """Return the approximate number of lines of a text without line breaks on a card."""
    return ceil(_ems(text) * size / CARD_WIDTH)


def _ems(text: str) -> float:
    """Return the approximate width of a text, as a multiple of its font size."""
    # A letter is about half as wide as high; Chinese, Japanese and Korean characters are as wide as high.
    wide = sum(unicodedata.east_asian_width(letter) in "WF" for letter in text)
    return max(1.0, wide + 0.55 * (len(text) - wide))


def format_seconds(second: float, code: str) -> str:
    """Write a second of a clip with its unit in a language."""
    return language(code).gettext("{seconds} s", seconds=format_number(second, 1, code))


def plain_text(text: str) -> str:
    r"""Return a text in one line, without control characters and math: "β = 0.9" for `\(\beta = 0.9\)`."""
    text = re.sub(r"\\\((.+?)\\\)", lambda math: re.sub(r"\\([A-Za-z]+) ?", _greek_letter, math[1]), text)
    kept = (letter for letter in text if letter.isspace() or unicodedata.category(letter) not in ("Cc", "Cs"))
    return " ".join("".join(kept).split())


def _greek_letter(command: re.Match[str]) -> str:
    case = "CAPITAL" if command[1][0].isupper() else "SMALL"
    try:
        return unicodedata.lookup(f"GREEK {case} LETTER {command[1]}")
    except KeyError:
        return command[0]


def paragraphs(text: str) -> list[str]:
    """Return the paragraphs of a docstring, each in one line."""
    return [plain_text(paragraph) for paragraph in re.split(r"\n\s*\n", text) if paragraph.strip()]


def render_page(name: str, code: str, **values: object) -> Iterator[str]:
    """Yield the parts of a page in a language: a template, filled with messages and values that are all escaped."""
    # Only some commands write pages, and the import takes a noticeable time.
    from jinja2 import Environment, StrictUndefined

    environment = Environment(autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)
    environment.filters["data_url"] = lambda path, media_type: data_url(media_type, path.read_bytes())
    words = language(code)
    environment.globals |= {
        "lang": code,
        "gettext": words.gettext,
        "ngettext": words.ngettext,
        "pgettext": words.pgettext,
        "number": lambda value: format_number(value, 1, code),
        "seconds": lambda value: format_seconds(value, code),
    }
    template = files("animopt.publish").joinpath("templates", f"{name}.html")
    return environment.from_string(template.read_text(encoding="utf-8")).generate(values)


def save_html(path: Path, heading: str, slides: Sequence[Slide], code: str) -> None:
    """Write an HTML page in a language with the title, the clip, the alt text and the notes of each slide."""
    pages = any(slide.clip and slide.clip.page for slide in slides)
    with path.open("w", encoding="utf-8", newline="\n") as file:
        file.writelines(render_page("deck", code, heading=heading, slides=slides, pages=pages))


def import_pptx() -> Any:
    """Return python-pptx. Raises MissingExtraError if it is not installed."""
    with required_extra("decks", "deck: a .pptx", "python-pptx"):
        import pptx
    return pptx


def save_powerpoint(path: Path, heading: str, slides: Sequence[Slide], code: str) -> None:
    """Write a PowerPoint file in a language with the title, the clip, the alt text and the notes of each slide.

    Raises Error if python-pptx is not installed.
    """
    presentation = _widescreen(import_pptx().Presentation())
    _replace_document_properties(presentation.part.package)
    properties = presentation.core_properties
    properties.title, properties.author, properties.last_modified_by = heading, "animopt", "animopt"
    properties.language = code
    properties.comments = properties.subject = properties.keywords = ""
    properties.created = properties.modified = datetime.now()
    for slide in slides:
        _add(presentation, slide)
    presentation.save(path)


def _replace_document_properties(package: Any) -> None:
    """Remove the thumbnail of python-pptx's template, and its statement that the slides are 4:3."""
    from pptx.opc.constants import CONTENT_TYPE, RELATIONSHIP_TYPE
    from pptx.opc.package import Part
    from pptx.opc.packuri import PackURI

    for relationship in list(package.iter_rels()):
        if relationship.reltype in (RELATIONSHIP_TYPE.EXTENDED_PROPERTIES, RELATIONSHIP_TYPE.THUMBNAIL):
            package.drop_rel(relationship.rId)
    path = PackURI("/docProps/app.xml")
    part = Part(path, CONTENT_TYPE.OFC_EXTENDED_PROPERTIES, package, APP_PROPERTIES.encode())
    package.relate_to(part, RELATIONSHIP_TYPE.EXTENDED_PROPERTIES)


def _widescreen(presentation: Any) -> Any:
    """Return python-pptx's default presentation with slides of 16:9, and titles at the left above the clip."""
    from pptx.enum.text import MSO_ANCHOR
    from pptx.oxml import parse_xml

    horizontal, vertical = WIDTH / presentation.slide_width, HEIGHT / presentation.slide_height
    presentation.slide_width, presentation.slide_height = WIDTH, HEIGHT
    # The template states a type of screen beside the size.
    presentation.element.xpath("p:sldSz")[0].attrib.pop("type", None)
    master = presentation.slide_master
    for part in (master, *master.slide_layouts):
        for shape in part.placeholders:
            # A placeholder without a position has that of the master.
            if shape.element.xpath(".//a:xfrm"):
                shape.left, shape.width = (round(each * horizontal) for each in (shape.left, shape.width))
                shape.top, shape.height = (round(each * vertical) for each in (shape.top, shape.height))
    title = master.slide_layouts[TITLE_ONLY].placeholders[0]
    title.left, title.width = MARGIN, WIDTH - 2 * MARGIN
    title.top, title.height = round(0.15 * TITLE_HEIGHT), round(0.85 * TITLE_HEIGHT)
    frame = title.text_frame
    frame.margin_left = frame.margin_right = frame.margin_top = frame.margin_bottom = 0
    frame.vertical_anchor = MSO_ANCHOR.BOTTOM
    title.element.xpath(".//a:lstStyle")[0].append(parse_xml(TITLE_STYLE.format(size=100 * MAX_FONT_SIZE)))
    return presentation


def _add(presentation: Any, slide: Slide) -> None:
    from pptx.dml.color import RGBColor

    layout = presentation.slide_layouts[TITLE_ONLY if slide.clip else TITLE_SLIDE]
    page = presentation.slides.add_slide(layout)
    fill = page.background.fill
    fill.solid()
    fill.fore_color.rgb = RGBColor.from_string(slide.theme.background.removeprefix("#"))
    if slide.clip:
        _fill_with_clip(page, slide, slide.clip)
    else:
        _fill_with_words(page, slide)
    if slide.notes:
        page.notes_slide.notes_text_frame.text = "\n".join(note.text for note in slide.notes)
        lines = page.notes_slide.notes_placeholder.element.xpath(".//a:p")
        for line, note in zip(lines, slide.notes, strict=True):
            for run in line.xpath("a:r"):
                properties = run.get_or_add_rPr()
                properties.set("lang", note.lang)
                # LibreOffice does not know the size of the notes that PowerPoint has by default.
                properties.set("sz", str(100 * NOTES_FONT_SIZE))


def _fill_with_clip(page: Any, slide: Slide, clip: SlideClip) -> None:
    """Add the title, and below it the clip, as large as it fits."""
    from pptx.oxml import parse_xml
    from pptx.util import Pt

    scale = min(WIDTH / clip.size[0], (HEIGHT - TITLE_HEIGHT) / clip.size[1])
    width, height = (round(side * scale) for side in clip.size)
    left, top = (WIDTH - width) // 2, TITLE_HEIGHT + (HEIGHT - TITLE_HEIGHT - height) // 2
    title, layout_title = page.shapes.title, page.slide_layout.placeholders[0]
    title.left = left + round(width * clip.inset)
    title.width = WIDTH - MARGIN - title.left
    title.top, title.height = layout_title.top, layout_title.height
    _write(title, slide.title, max(MIN_FONT_SIZE, min(MAX_FONT_SIZE, title.width / Pt(1) / slide.ems)), slide.theme.ink)
    movie = page.shapes.add_movie(str(clip.path), left, top, width, height, str(clip.poster), "video/mp4")
    movie.name = language(slide.lang).gettext("Clip of {name}", name=clip.name)
    # python-pptx has no other interface to alt text and animations.
    movie.element.xpath(".//p:cNvPr")[0].set("descr", clip.alt)
    (timing,) = page.element.xpath("p:timing")
    # python-pptx's parser removes the white space between the tags.
    timing.getparent().replace(
        timing, parse_xml(TIMING.format(shape=movie.shape_id, milliseconds=round(1000 * clip.seconds)))
    )


def _fill_with_words(page: Any, slide: Slide) -> None:
    """Write the title in the middle, and the caption below it."""
    from pptx.enum.text import MSO_ANCHOR
    from pptx.util import Pt

    title, caption = page.placeholders
    points = WIDTH / Pt(1)
    height = round(slide.card_lines(slide.card_type) * LINE_HEIGHT * slide.card_type * WIDTH)
    gap = round(CAPTION_GAP * WIDTH)
    below = gap + round(LINE_HEIGHT * CAPTION_TYPE * WIDTH) if slide.caption else 0
    bottom = (HEIGHT + height - below) // 2
    boxes = ((title, slide.card_width, 0, bottom), (caption, CARD_WIDTH, bottom + gap, HEIGHT))
    for shape, width, top, end in boxes:
        shape.left, shape.width = round((1 - width) / 2 * WIDTH), round(width * WIDTH)
        shape.top, shape.height = top, end - top
    # The words end, and the caption begins, at the same height, however many lines they take.
    title.text_frame.vertical_anchor, caption.text_frame.vertical_anchor = MSO_ANCHOR.BOTTOM, MSO_ANCHOR.TOP
    _write(title, slide.title, slide.card_type * points, slide.theme.ink)
    for paragraph in title.text_frame.paragraphs:
        paragraph.runs[0].font.bold = True
    if slide.caption:
        _write(caption, slide.caption, CAPTION_TYPE * points, slide.theme.muted)
    else:
        caption.element.getparent().remove(caption.element)


def _write(shape: Any, text: LocalText, points: float, color: str) -> None:
    """Write a text into a shape, in whole points."""
    from pptx.dml.color import RGBColor
    from pptx.util import Pt

    shape.text_frame.text = text.text
    for paragraph in shape.text_frame.paragraphs:
        if text.lang == "ko":
            # Korean words have spaces between them.
            paragraph._p.get_or_add_pPr().set("eaLnBrk", "0")
        for run in paragraph.runs:
            run.font.size = Pt(int(points))
            run.font.color.rgb = RGBColor.from_string(color.removeprefix("#"))
            # python-pptx has no other interface to any language.
            run.font._element.set("lang", text.lang)
