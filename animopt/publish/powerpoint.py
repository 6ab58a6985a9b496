"""Slides as a PowerPoint file, whose clips start by themselves and loop."""

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

from animopt.core.errors import Error
from animopt.publish.slides import Slide

WIDTH, HEIGHT = 12192000, 6858000
"""Size of a slide, 13.333 × 7.5 inches, in EMU: 914,400 per inch, 12,700 per point."""

TITLE_HEIGHT = 685800
"""Height in EMU of the area for the title, above the clip."""

MARGIN = WIDTH * 45 // 1280
"""Minimum distance in EMU of a title from the slide's edges."""

MAX_FONT_SIZE, MIN_FONT_SIZE = 28, 16
"""Maximum and minimum font size of a title in points."""

TITLE_ONLY = 5
"""Index of python-pptx's slide layout that has only a title."""

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


def import_pptx() -> Any:
    """Return python-pptx. Raises Error if it is not installed."""
    try:
        import pptx
    except ImportError as error:
        raise Error(
            'deck: a .pptx needs python-pptx; install it with pip install -c constraints.txt ".[decks]"'
        ) from error
    return pptx


def save_slides(path: Path, heading: str, slides: Sequence[Slide]) -> None:
    """Write a PowerPoint file with the title, the clip, the alt text and the notes of each slide.

    Raises Error if python-pptx is not installed.
    """
    presentation = _widescreen(import_pptx().Presentation())
    properties = presentation.core_properties
    properties.title, properties.author, properties.last_modified_by = heading, "", "animopt"
    properties.created = properties.modified = datetime.now()
    for slide in slides:
        _add(presentation, slide)
    presentation.save(path)


def _widescreen(presentation: Any) -> Any:
    """Return python-pptx's default presentation with slides of 16:9, and titles at the left above the clip."""
    from pptx.enum.text import MSO_ANCHOR
    from pptx.oxml import parse_xml
    from pptx.util import Emu

    horizontal, vertical = WIDTH / presentation.slide_width, HEIGHT / presentation.slide_height
    presentation.slide_width, presentation.slide_height = Emu(WIDTH), Emu(HEIGHT)
    master = presentation.slide_master
    for part in (master, *master.slide_layouts):
        for shape in part.placeholders:
            # A placeholder without a position has that of the master.
            if _find(shape, "a:xfrm") is not None:
                shape.left, shape.width = (Emu(round(each * horizontal)) for each in (shape.left, shape.width))
                shape.top, shape.height = (Emu(round(each * vertical)) for each in (shape.top, shape.height))
    title = master.slide_layouts[TITLE_ONLY].placeholders[0]
    title.left, title.width = Emu(MARGIN), Emu(WIDTH - 2 * MARGIN)
    title.top, title.height = Emu(round(0.15 * TITLE_HEIGHT)), Emu(round(0.85 * TITLE_HEIGHT))
    frame = title.text_frame
    frame.margin_left = frame.margin_right = frame.margin_top = frame.margin_bottom = Emu(0)
    frame.vertical_anchor = MSO_ANCHOR.BOTTOM
    _find(title, "a:lstStyle").append(parse_xml(TITLE_STYLE.format(size=100 * MAX_FONT_SIZE)))
    return presentation


def _add(presentation: Any, slide: Slide) -> None:
    from pptx.dml.color import RGBColor
    from pptx.oxml import parse_xml
    from pptx.util import Emu, Pt

    page = presentation.slides.add_slide(presentation.slide_layouts[TITLE_ONLY])
    fill = page.background.fill
    fill.solid()
    fill.fore_color.rgb = RGBColor.from_string(slide.theme.background.removeprefix("#"))

    left, top, width, height = _clip_box(slide.size)
    title, layout_title = page.shapes.title, page.slide_layout.placeholders[0]
    title.left = Emu(left + round(width * slide.inset))
    title.width = Emu(WIDTH - MARGIN - title.left)
    title.top, title.height = layout_title.top, layout_title.height
    title.text_frame.text = slide.title
    font = title.text_frame.paragraphs[0].runs[0].font
    font.size = Pt(max(MIN_FONT_SIZE, min(MAX_FONT_SIZE, int(title.width / Pt(1) / slide.ems))))
    font.color.rgb = RGBColor.from_string(slide.theme.ink.removeprefix("#"))
    _find(title, "a:rPr").set("lang", slide.lang)

    movie = page.shapes.add_movie(
        str(slide.clip), Emu(left), Emu(top), Emu(width), Emu(height), str(slide.poster), "video/mp4"
    )
    movie.name = f"Clip of {slide.name}"
    _find(movie, "p:cNvPr").set("descr", slide.alt)
    timing = _find(page, "p:timing")
    # python-pptx's parser removes the white space between the tags.
    timing.getparent().replace(
        timing, parse_xml(TIMING.format(shape=movie.shape_id, milliseconds=round(1000 * slide.seconds)))
    )
    page.notes_slide.notes_text_frame.text = "\n".join(slide.notes)


def _find(proxy: Any, tag: str) -> Any:
    """Return the first XML element with a tag in a shape or a slide, or None.

    python-pptx has no other interface to alt text, any language, animations, and the style of a layout's title.
    """
    from pptx.oxml.ns import qn

    return proxy.element.find(f".//{qn(tag)}")


def _clip_box(size: tuple[int, int]) -> tuple[int, int, int, int]:
    """Return the left, top, width and height in EMU of a clip of `size` pixels: as large as fits below the title."""
    available = HEIGHT - TITLE_HEIGHT
    scale = min(WIDTH / size[0], available / size[1])
    width, height = round(size[0] * scale), round(size[1] * scale)
    return (WIDTH - width) // 2, TITLE_HEIGHT + (available - height) // 2, width, height
