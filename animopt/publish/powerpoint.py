"""Slides as a PowerPoint file, whose clips start by themselves and loop."""

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

from animopt.core.errors import Error
from animopt.publish.slides import Slide

WIDTH, HEIGHT = 12192000, 6858000
"""A slide of 13.333 × 7.5 inches, in EMU, of which an inch has 914,400 and a point 12,700."""

HEADING = 685800
"""The height of the room for the title, above the clip."""

MARGIN = WIDTH * 45 // 1280
"""How far from the slide's edges a title keeps."""

TYPE = 28, 16
"""The title's size in points, and the least one."""

TITLE_ONLY = 5
"""The number of python-pptx's layout with nothing but a title."""

STYLE = """
<a:lvl1pPr algn="l" xmlns:a="http://schemas.openxmlformats.org/drawingml/2006/main">
  <a:defRPr sz="{size}" b="1"/>
</a:lvl1pPr>
"""

# What PowerPoint itself writes for a video that starts after what was before it, that loops until it is stopped, and
# that a click pauses.
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


def check() -> None:
    """Raise Error where python-pptx is not installed."""
    _pptx()


def save_slides(path: Path, heading: str, slides: Sequence[Slide]) -> None:
    """Write a PowerPoint file with a slide each: title, clip, alt text and speaker notes; `heading` names the file.

    Raises Error without python-pptx.
    """
    presentation = _wide(_pptx().Presentation())
    said, now = presentation.core_properties, datetime.now()
    said.title, said.author, said.last_modified_by = heading, "", "animopt"
    said.created = said.modified = now
    for slide in slides:
        _add(presentation, slide)
    presentation.save(path)


def _add(presentation: Any, slide: Slide) -> None:
    from pptx.dml.color import RGBColor
    from pptx.oxml import parse_xml
    from pptx.oxml.ns import qn
    from pptx.util import Emu, Pt

    page = presentation.slides.add_slide(presentation.slide_layouts[TITLE_ONLY])
    fill = page.background.fill
    fill.solid()
    fill.fore_color.rgb = RGBColor.from_string(slide.theme.background.removeprefix("#"))

    left, top, width, height = _place(slide.size)
    title, layout_title = page.shapes.title, page.slide_layout.placeholders[0]
    title.left = Emu(left + round(width * slide.inset))
    title.width = Emu(WIDTH - MARGIN - title.left)
    title.top, title.height = layout_title.top, layout_title.height
    title.text_frame.text = slide.title
    run = title.text_frame.paragraphs[0].runs[0]
    most, least = TYPE
    run.font.size = Pt(max(least, min(most, int(title.width / Pt(1) / slide.ems))))
    run.font.color.rgb = RGBColor.from_string(slide.theme.ink.removeprefix("#"))
    run._r.get_or_add_rPr().set("lang", slide.lang)

    movie = page.shapes.add_movie(
        str(slide.clip), Emu(left), Emu(top), Emu(width), Emu(height), str(slide.poster), "video/mp4"
    )
    movie.name = f"Clip of {slide.name}"
    movie._element._nvXxPr.cNvPr.set("descr", slide.alt)
    timing = page.element.find(qn("p:timing"))
    # python-pptx's parser leaves out the blanks between the tags.
    ours = parse_xml(TIMING.format(shape=movie.shape_id, milliseconds=round(1000 * slide.seconds)))
    timing.getparent().replace(timing, ours)
    page.notes_slide.notes_text_frame.text = "\n".join(slide.notes)


def _wide(presentation: Any) -> Any:
    """A presentation of python-pptx's, which is 4:3, with every placeholder in the place that it has in 16:9."""
    from pptx.enum.text import MSO_ANCHOR
    from pptx.oxml import parse_xml
    from pptx.oxml.ns import qn
    from pptx.util import Emu

    wider, higher = WIDTH / presentation.slide_width, HEIGHT / presentation.slide_height
    presentation.slide_width, presentation.slide_height = Emu(WIDTH), Emu(HEIGHT)
    master = presentation.slide_master
    for part in (master, *master.slide_layouts):
        for shape in part.placeholders:
            # Others have the place that the master says.
            if shape.element.spPr.find(qn("a:xfrm")) is not None:
                shape.left, shape.width = (Emu(round(each * wider)) for each in (shape.left, shape.width))
                shape.top, shape.height = (Emu(round(each * higher)) for each in (shape.top, shape.height))
    title = master.slide_layouts[TITLE_ONLY].placeholders[0]
    title.left, title.width = Emu(MARGIN), Emu(WIDTH - 2 * MARGIN)
    title.top, title.height = Emu(round(0.15 * HEADING)), Emu(round(0.85 * HEADING))
    frame = title.text_frame
    frame.margin_left = frame.margin_right = frame.margin_top = frame.margin_bottom = Emu(0)
    frame.vertical_anchor = MSO_ANCHOR.BOTTOM
    style = frame._txBody.find(qn("a:lstStyle"))
    style.append(parse_xml(STYLE.format(size=100 * TYPE[0])))
    return presentation


def _place(size: tuple[int, int]) -> tuple[int, int, int, int]:
    """The left, top, width and height of a clip of `size` pixels, as large as it can be under the title."""
    room = HEIGHT - HEADING
    scale = min(WIDTH / size[0], room / size[1])
    width, height = round(size[0] * scale), round(size[1] * scale)
    return (WIDTH - width) // 2, HEADING + (room - height) // 2, width, height


def _pptx() -> Any:
    try:
        import pptx
    except ImportError as error:
        raise Error(
            'deck: a .pptx needs python-pptx; install it with pip install -c constraints.txt ".[decks]"'
        ) from error
    return pptx
