"""Decks, read by python-pptx and LibreOffice, and opened in Chromium."""

import io
import re
import subprocess
import sys
import warnings
import zipfile
from base64 import b64decode
from pathlib import Path

import imageio_ffmpeg
import numpy as np
import pytest
from PIL import Image, ImageChops

import animopt
from animopt import Output
from animopt.core.errors import Error
from animopt.deck import save_deck
from animopt.drawing.layout import arrange_panels, layout_for_shape, pixel_unit
from animopt.drawing.theme import DARK, LIGHT
from animopt.publish.slides import plain_text
from animopt.recording.timeline import Timeline
from animopt.scene.render import film_of

TITLE = r"""<script>alert(1)</script> & "quotes" 'n' ]]> \(x^2\)"""
SHOWN = TITLE.replace(r"\(", "").replace(r"\)", "")
HOSTILE = f'''"""A docstring <b>that</b> "bites" & more,
on two lines.

A second paragraph.
"""

from animopt import Racer, Scene
from animopt.functions import ravine

scene = Scene(
    title={TITLE!r},
    function=ravine,
    racers=[Racer("SGD", lr=0.5, name="<i>S&D</i>"), Racer("Adam", lr=0.5)],
    start=(-7, 2),
    steps=10,
    theme="dark",
    loop="seamless",
)
'''
BROKEN = """from animopt import Output, Racer, Scene
scene = Scene(function=lambda x: x[0] * undefined, racers=[Racer("SGD", lr=0.1)], start=(0, 0))
"""
SMALL = {"size": (320, 180), "fps": 5, "seconds": 2.0}
NS = {
    "a": "http://schemas.openxmlformats.org/drawingml/2006/main",
    "p": "http://schemas.openxmlformats.org/presentationml/2006/main",
}


@pytest.fixture(scope="module")
def files(tmp_path_factory, scenes):
    """Return two scene files. The second one contains characters that HTML and XML must escape."""
    hostile = tmp_path_factory.mktemp("scenes") / "a&b.py"
    hostile.write_text(HOSTILE, encoding="utf-8")
    return [scenes["ravine_race"], hostile]


@pytest.fixture(scope="module")
def deck(tmp_path_factory, files):
    """Return a function that makes a deck of both scenes, once for each suffix."""
    made = {}

    def make(suffix):
        if suffix not in made:
            made[suffix] = tmp_path_factory.mktemp("deck") / f"a & b{suffix}"
            calls, frames = [], []
            report = {
                "progress": lambda *each: calls.append(each),
                "frame_progress": lambda *each: frames.append(each),
            }
            save_deck(made[suffix], files, **SMALL, **report)
            assert calls == [(1, 2, "ravine-race"), (2, 2, "a&b")]
            assert frames == [(number, 20) for number in range(1, 21)]
            assert [path.name for path in made[suffix].parent.iterdir()] == [made[suffix].name]
        return made[suffix]

    return make


@pytest.fixture(scope="module")
def slides(deck):
    """Return the slides of a PowerPoint file, read by python-pptx."""
    from pptx import Presentation

    presentation = Presentation(deck(".pptx"))
    assert presentation.slide_width / presentation.slide_height == pytest.approx(16 / 9)
    assert presentation.core_properties.title == "a & b"
    assert presentation.core_properties.author == "animopt"
    assert not presentation.core_properties.comments
    return list(presentation.slides)


def movie_of(slide):
    (movie,) = [shape for shape in slide.shapes if shape.element.findall(".//a:videoFile", NS)]
    return movie


def movie_data(slide):
    (link,) = movie_of(slide).element.findall(".//a:videoFile", NS)
    (relationship,) = link.attrib.values()
    return slide.part.related_part(relationship).blob


def decoded(data, path):
    """Return the frames of a small MP4, decoded by ffmpeg."""
    path.write_bytes(data)
    command = [imageio_ffmpeg.get_ffmpeg_exe(), "-v", "error", "-i", path, "-f", "rawvideo", "-pix_fmt", "rgb24", "-"]
    frames = subprocess.run(command, check=True, capture_output=True, stdin=subprocess.DEVNULL).stdout
    return np.frombuffer(frames, np.uint8).reshape(-1, 180, 320, 3)


def test_slide_title_is_text(slides):
    assert [slide.shapes.title.text for slide in slides] == ["Five optimizers in a ravine", SHOWN]


def test_title_and_clip_are_apart_and_inside_the_slide(slides):
    for slide in slides:
        title, movie = slide.shapes.title, movie_of(slide)
        assert title.top + title.height <= movie.top
        for shape in (title, movie):
            assert 0 <= shape.left <= shape.left + shape.width <= 12192000
            assert 0 <= shape.top <= shape.top + shape.height <= 6858000
        assert movie.width / movie.height == pytest.approx(16 / 9, abs=1e-4)
        # It is as large as possible below the title.
        assert movie.width > 0.89 * 12192000


def test_slide_has_the_background_of_its_clip(slides):
    grounds = [str(slide.background.fill.fore_color.rgb) for slide in slides]
    assert grounds == [theme.background[1:].upper() for theme in (LIGHT, DARK)]


def test_clips_in_powerpoint_can_be_decoded(slides, tmp_path):
    for number, slide in enumerate(slides):
        frames = decoded(movie_data(slide), tmp_path / f"{number}.mp4")
        assert frames.shape == (10, 180, 320, 3)
        assert np.abs(frames[5].astype(int) - frames[0]).max() > 100


def test_poster_shows_the_end_of_the_race(slides, tmp_path):
    for number, slide in enumerate(slides):
        poster = np.asarray(Image.open(io.BytesIO(movie_of(slide).poster_frame.blob)).convert("RGB")).astype(int)
        assert poster.shape == (180, 320, 3)
        frames = decoded(movie_data(slide), tmp_path / f"{number}.mp4").astype(int)
        away = [np.abs(frame - poster).mean() for frame in frames]
        # The seamless clip ends with its first frame.
        assert int(np.argmin(away)) in ((9,), (8,))[number], away
        assert away[0] > 1.5 * min(away)


def test_slide_has_alt_text_and_notes(slides):
    for slide, name in zip(slides, ("Adagrad", "<i>S&D</i>"), strict=True):
        alt = movie_of(slide).element.find(".//p:cNvPr", NS).get("descr")
        assert slide.shapes.title.text.rstrip(".") in alt
        assert name in alt
    first, second = (slide.notes_slide.notes_text_frame.text.split("\n") for slide in slides)
    assert first[0].startswith("Five optimizers")
    assert second[:2] == ['A docstring <b>that</b> "bites" & more, on two lines.', "A second paragraph."]
    cues = second[second.index("Point at:") + 1 :]
    assert cues[0] == "0.0 s: <i>S&D</i> and Adam start at (−7, 2)"
    # The race takes three quarters of a clip of two seconds; the hold takes the rest.
    assert cues[-1].startswith("1.5 s: At the end ")


def test_clips_start_with_their_slide_and_loop(slides):
    for slide in slides:
        timing = slide.element.find("p:timing", NS)
        numbers = [node.get("id") for node in timing.iter(f"{{{NS['p']}}}cTn")]
        assert len(set(numbers)) == len(numbers)
        targets = {each.get("spid") for each in timing.findall(".//p:spTgt", NS)}
        assert targets == {str(movie_of(slide).shape_id)}
        root = timing.find("p:tnLst/p:par/p:cTn", NS)
        assert root.get("nodeType") == "tmRoot"
        main = root.find("p:childTnLst/p:seq/p:cTn", NS)
        assert main.get("nodeType") == "mainSeq"
        # It starts with the main sequence, without a click.
        started = main.find("p:childTnLst/p:par/p:cTn/p:stCondLst/p:cond[@evt='onBegin']", NS)
        assert started.get("delay") == "0"
        assert started.find("p:tn", NS).get("val") == main.get("id")
        effect = main.find(".//p:cTn[@presetClass='mediacall']", NS)
        assert effect.get("nodeType") == "afterEffect"
        command = effect.find("p:childTnLst/p:cmd", NS)
        assert command.get("cmd") == "playFrom(0.0)"
        assert command.find("p:cBhvr/p:cTn", NS).get("dur") == "2000"
        assert root.find("p:childTnLst/p:video/p:cMediaNode/p:cTn", NS).get("repeatCount") == "indefinite"


def test_titles_have_a_language_and_the_style_of_their_layout(slides):
    for slide, lang in zip(slides, ("en", "en"), strict=True):
        (run,) = slide.shapes.title.element.findall(".//a:rPr", NS)
        assert run.get("lang") == lang
        (style,) = slide.slide_layout.placeholders[0].element.findall(".//a:lstStyle/a:lvl1pPr", NS)
        assert style.get("algn") == "l"
        assert style.find("a:defRPr", NS).get("sz") == "2800"


@pytest.mark.long
def test_blank_title_is_replaced_by_the_name_of_the_scene(tmp_path, files):
    from pptx import Presentation

    save_deck(tmp_path / "mine.pptx", [animopt.load_scene(files[1]).replace(title=" ")], **SMALL, workers=0)
    (slide,) = Presentation(tmp_path / "mine.pptx").slides
    assert slide.shapes.title.text == "scene 1"


def test_powerpoint_file_is_widescreen_everywhere_and_has_no_thumbnail(deck):
    """python-pptx's template has a thumbnail of an empty slide, and says in two places that slides are 4:3."""
    with zipfile.ZipFile(deck(".pptx")) as archive:
        assert not [name for name in archive.namelist() if "thumbnail" in name]
        assert "<PresentationFormat>Widescreen<" in archive.read("docProps/app.xml").decode()
        (size,) = re.findall(r"<p:sldSz[^>]*>", archive.read("ppt/presentation.xml").decode())
        assert "type=" not in size
        texts = [archive.read(name).decode() for name in archive.namelist() if name.endswith(".xml")]
    # A time such as 14:30 is in the file, too.
    assert not any(re.search(r"(?<!\d)4[:x]3(?!\d)", text) for text in texts)


@pytest.mark.parametrize(
    ("suffix", "options", "size", "frames"),
    [
        (".html", {}, (1280, 720), 50),
        (".pptx", {}, (1920, 1080), 30),
        (".pptx", {"preset": "keynote"}, (1920, 1080), 50),
        (".html", {"preset": "powerpoint", "size": (320, 180)}, (320, 180), 30),
        (".html", {"draft": True}, (640, 360), 15),
    ],
)
def test_clips_have_the_size_and_rate_of_their_destination(suffix, options, size, frames, tmp_path, monkeypatch):
    outputs = []

    def stop(scene, output, *_, **__):
        outputs.append(output)
        raise Error("stopped")

    monkeypatch.setattr("animopt.scene.deck.save_with_poster", stop)
    scene = animopt.Scene(function=lambda x: x[0] ** 2, racers=[animopt.Racer("Adam", lr=0.5)], start=(1, 1), seconds=1)
    with pytest.raises(Error, match="stopped"):
        save_deck(tmp_path / f"a{suffix}", [scene], **options)
    assert [(output.size, output.fps) for output in outputs] == [(size, frames)]


def test_powerpoint_file_is_a_complete_zip_with_media_types(deck):
    with zipfile.ZipFile(deck(".pptx")) as parts:
        assert parts.testzip() is None
        types = parts.read("[Content_Types].xml").decode()
        assert re.search(r'Extension="mp4" ContentType="video/mp4"|video/mp4', types)
        assert sum(name.endswith(".mp4") for name in parts.namelist()) == 2


@pytest.fixture(scope="module")
def pdf(deck, libreoffice):
    """Return the PowerPoint file printed by LibreOffice."""
    return libreoffice(deck(".pptx"))


def test_libreoffice_prints_one_page_per_slide(pdf):
    data = pdf.read_bytes()
    assert len(re.findall(rb"/Type\s*/Page\b", data)) == 2
    # Each page contains a picture of the poster's size.
    pictures = re.findall(rb"/Subtype\s*/Image[^>]*", data)
    assert sum(b"/Width 320" in each and b"/Height 180" in each for each in pictures) >= 2


@pytest.fixture
def opened(chromium, deck):
    """Return a function that opens the deck in a browser, without errors and network requests."""
    contexts, troubles = [], []

    def opening(**settings):
        contexts.append(chromium.new_context(**{"viewport": {"width": 1280, "height": 720}, **settings}))
        page = contexts[-1].new_page()
        page.on("pageerror", lambda error: troubles.append(str(error)))
        page.on("dialog", lambda dialog: (troubles.append(dialog.message), dialog.dismiss()))
        page.on("console", lambda message: message.type in ("error", "warning") and troubles.append(message.text))
        page.on("request", lambda request: request.url.startswith(("file:", "data:")) or troubles.append(request.url))
        page.goto(deck(".html").as_uri())
        return page

    yield opening
    for context in contexts:
        context.close()
    assert not troubles


STATE = """() => [...document.querySelectorAll("video")].map((video) => ({
    shown: video.checkVisibility(), paused: video.paused, at: video.currentTime, size: video.videoWidth,
    looping: video.loop, muted: video.muted, posted: video.poster.startsWith("data:image/png"),
}))"""


def plays(page, number):
    page.wait_for_function(
        "(number) => { const video = document.querySelectorAll('video')[number];"
        " return !video.paused && video.currentTime > 0.1; }",
        arg=number,
        timeout=10_000,
    )


def shown(page):
    (number,) = [number for number, video in enumerate(page.evaluate(STATE)) if video["shown"]]
    return number


def test_clip_plays_and_loops_while_its_slide_is_shown(opened):
    page = opened()
    plays(page, 0)
    first, second = page.evaluate(STATE)
    assert first["size"] == 320
    assert first["looping"]
    assert first["muted"]
    assert first["posted"]
    assert not second["shown"]
    assert second["paused"]
    page.evaluate("document.querySelector('video').currentTime = 1.3")
    page.wait_for_function("() => document.querySelector('video').currentTime < 1", timeout=10_000)
    plays(page, 0)

    page.keyboard.press("ArrowRight")
    plays(page, 1)
    first, second = page.evaluate(STATE)
    assert first["paused"]
    assert first["at"] == 0
    assert not first["shown"]
    assert second["shown"]


def test_keys_clicks_and_buttons_turn_slides(opened):
    page = opened()
    paths = [
        *[(lambda key=key: page.keyboard.press(key), 1) for key in ("ArrowRight", "ArrowDown", "PageDown", " ", "End")],
        (lambda: page.mouse.click(1200, 300), 1),
        (lambda: page.get_by_role("button", name="Next slide").click(), 1),
    ]
    back = [
        *[(lambda key=key: page.keyboard.press(key), 0) for key in ("ArrowLeft", "ArrowUp", "PageUp", "Home")],
        (lambda: page.mouse.click(80, 300), 0),
        (lambda: page.get_by_role("button", name="Previous slide").click(), 0),
        (lambda: page.keyboard.press("Home"), 0),
    ]
    for forth, home in zip(paths, back, strict=True):
        for go, expected in (forth, home):
            go()
            assert shown(page) == expected
            assert page.locator("#count").inner_text().startswith(f"{expected + 1} / 2")
            page.evaluate("document.activeElement.blur()")
    page.keyboard.press("ArrowLeft")
    assert shown(page) == 0
    page.keyboard.press("End")
    page.keyboard.press("ArrowRight")
    assert shown(page) == 1
    # The address contains the slide's number.
    page.reload()
    assert shown(page) == 1


def test_touch_turns_slides(opened):
    page = opened(has_touch=True)
    page.touchscreen.tap(1200, 300)
    assert shown(page) == 1
    page.touchscreen.tap(80, 300)
    assert shown(page) == 0


def test_clip_can_be_paused(opened):
    page = opened()
    plays(page, 0)
    paths = [
        (
            lambda: page.get_by_role("button", name="Pause").click(),
            lambda: page.get_by_role("button", name="Play").click(),
        ),
        (lambda: page.keyboard.press("k"), lambda: page.keyboard.press("K")),
        (lambda: page.keyboard.press("p"), lambda: page.keyboard.press("p")),
        (lambda: page.mouse.click(640, 400), lambda: page.mouse.click(640, 400)),
    ]
    for pause, play in paths:
        pause()
        page.get_by_role("button", name="Play", exact=True).wait_for()
        assert page.evaluate(STATE)[0]["paused"]
        play()
        page.get_by_role("button", name="Pause", exact=True).wait_for()
        plays(page, 0)
    # The space bar presses a focused button, and then does not turn the slide.
    page.get_by_role("button", name="Pause").focus()
    page.keyboard.press(" ")
    assert shown(page) == 0
    assert page.evaluate(STATE)[0]["paused"]


def test_markup_in_titles_is_escaped(opened):
    page = opened()
    page.keyboard.press("End")
    assert page.get_by_role("heading", name=SHOWN, level=2).inner_text() == SHOWN
    assert "<i>S&D</i>" in page.locator("section:not([hidden]) img").get_attribute("alt")
    assert page.title() == "a & b"


def test_notes_can_be_shown_and_hidden(opened):
    page = opened()
    notes = page.get_by_role("complementary", name="Speaker notes")
    assert notes.count() == 0
    for press in (lambda: page.keyboard.press("n"), lambda: page.get_by_role("button", name="Notes").click()):
        press()
        assert page.get_by_role("button", name="Notes").get_attribute("aria-pressed") == "true"
        assert "start at (−7, 2)" in notes.inner_text()
        # The clip is smaller now.
        box, clip = notes.bounding_box(), page.locator("section:not([hidden]) .clip").bounding_box()
        assert clip["y"] + clip["height"] <= box["y"] + 1
        press()
        assert notes.count() == 0
    page.keyboard.press("k")
    page.keyboard.press("n")
    page.get_by_role("button", name="Go to second 1.5 of the clip").click()
    page.wait_for_function("() => document.querySelector('video').currentTime === 1.5", timeout=10_000)
    assert page.evaluate(STATE)[0]["paused"]


def clip_shown(page):
    box = page.locator("section:not([hidden]) .clip").bounding_box()
    return Image.open(io.BytesIO(page.screenshot(clip=box))).convert("RGB")


def poster(page):
    data = page.locator("section:not([hidden]) img").get_attribute("src").partition(",")[2]
    return Image.open(io.BytesIO(b64decode(data))).convert("RGB")


def away(one, other):
    """Return the mean difference of two pictures, reduced so that their scaling does not matter."""
    small = (each.resize((80, 45), Image.Resampling.BOX) for each in (one, other))
    return np.asarray(ImageChops.difference(*small)).mean()


def test_clips_do_not_start_with_reduced_motion(opened):
    page = opened(reduced_motion="reduce")
    for _ in range(2):
        page.wait_for_timeout(400)
        state = page.evaluate(STATE)[shown(page)]
        assert state["paused"]
        assert state["at"] == 0
        # The poster is shown.
        resting = away(clip_shown(page), poster(page))
        assert resting < 1.5
        page.get_by_role("button", name="Play").click()
        plays(page, shown(page))
        page.get_by_role("button", name="Pause").click()
        page.wait_for_timeout(100)
        assert away(clip_shown(page), poster(page)) > 2 * resting
        page.keyboard.press("End")
    page.emulate_media(reduced_motion="no-preference")
    page.keyboard.press("Home")
    plays(page, 0)
    page.emulate_media(reduced_motion="reduce")
    page.get_by_role("button", name="Play").wait_for()


def test_page_has_the_colors_of_the_clip(opened):
    page = opened(reduced_motion="reduce")
    for theme in (LIGHT, DARK):
        colours = {
            clip_shown(page).getpixel((2, 2)),
            Image.open(io.BytesIO(page.screenshot())).convert("RGB").getpixel((3, 3)),
        }
        wanted = tuple(bytes.fromhex(theme.background[1:]))
        assert all(max(abs(a - b) for a, b in zip(wanted, colour, strict=True)) <= 3 for colour in colours), colours
        page.keyboard.press("End")


@pytest.mark.parametrize("size", [(1280, 720), (1920, 1080), (1024, 768), (420, 800), (800, 360)], ids=str)
@pytest.mark.sampled(0, 3)
def test_whole_slide_is_visible_at_any_window_size(opened, size):
    page = opened(viewport={"width": size[0], "height": size[1]})
    bar = page.locator("nav").bounding_box()["y"]
    for _ in range(2):
        title, clip = (page.locator(f"section:not([hidden]) {each}").bounding_box() for each in ("h2", ".clip"))
        assert title["y"] >= 0
        assert title["y"] + title["height"] <= clip["y"] + 1
        assert clip["y"] + clip["height"] <= bar + 1
        assert clip["x"] >= -1
        assert clip["x"] + clip["width"] <= size[0] + 1
        assert clip["width"] / clip["height"] == pytest.approx(16 / 9, rel=0.01)
        assert page.get_by_role("button", name=re.compile("Play|Pause")).is_visible()
        page.keyboard.press("End")
    assert page.evaluate("document.scrollingElement.scrollHeight") <= size[1]


def test_printed_slides_are_pages_with_posters(opened):
    page = opened()
    plays(page, 0)
    page.emulate_media(media="print")
    for each, expected in (("section", 2), ("section img", 2), ("h2", 2), ("video", 0), ("nav", 0), (".notes", 0)):
        assert sum(found.is_visible() for found in page.locator(each).all()) == expected, each
    assert len(re.findall(rb"/Type\s*/Page\b", page.pdf(prefer_css_page_size=True))) == 2


def test_question_mark_shows_the_keys(opened):
    page = opened()
    keys = page.get_by_role("dialog", name="Keys")
    for close in ("?", "Escape"):
        page.keyboard.press("?")
        assert "presenter view" in keys.inner_text()
        # The other keys wait until the list is closed.
        page.keyboard.press("ArrowRight")
        assert shown(page) == 0
        page.keyboard.press(close)
        assert keys.count() == 0
    page.get_by_role("button", name="Keys").click()
    assert keys.is_visible()


def test_hint_on_the_first_slide_disappears(opened):
    page = opened()
    page.clock.install()
    page.reload()
    hint = page.locator("#hint")
    assert hint.is_visible()
    assert "all keys" in hint.inner_text()
    page.clock.run_for(6500)
    page.wait_for_function("() => getComputedStyle(document.querySelector('#hint')).visibility === 'hidden'")


def test_b_blanks_the_screen_and_pauses_the_clip(opened):
    page = opened()
    plays(page, 0)
    page.keyboard.press("b")
    assert np.asarray(Image.open(io.BytesIO(page.screenshot())))[..., :3].max() == 0
    assert page.evaluate(STATE)[0]["paused"]
    # Any key ends it, and does nothing else.
    page.keyboard.press("ArrowRight")
    assert shown(page) == 0
    plays(page, 0)


def test_digits_and_enter_turn_to_a_slide(opened):
    page = opened()
    page.keyboard.press("2")
    assert page.locator("#count").inner_text().startswith("→ 2")
    assert shown(page) == 0
    page.keyboard.press("Enter")
    assert shown(page) == 1
    for number, expected in (("1", 0), ("99", 1)):
        page.keyboard.type(number)
        page.keyboard.press("Enter")
        assert shown(page) == expected


def test_presenter_view_shows_notes_the_next_slide_and_a_timer(opened):
    page = opened()
    with page.context.expect_page() as window:
        page.keyboard.press("s")
    view = window.value
    titles = page.locator("section h2").all_text_contents()
    assert view.locator("h1").inner_text() == titles[0].strip()
    assert view.locator("main h2").inner_text() == f"Next: {titles[1].strip()}"
    assert view.locator("img").get_attribute("src") == page.locator("section img").nth(1).get_attribute("src")
    assert "start at (−7, 2)" in view.locator(".notes").inner_text()
    view.get_by_role("timer").filter(has_text="0:01").wait_for()
    view.get_by_role("button", name="Restart the timer").click()
    assert view.get_by_role("timer").inner_text() == "0:00"
    view.get_by_role("button", name="Go to second 1.5 of the clip").click()
    page.wait_for_function("() => document.querySelector('video').currentTime >= 1.5", timeout=10_000)
    # The keys work in both windows.
    view.keyboard.press("ArrowRight")
    assert shown(page) == 1
    assert view.locator("h1").inner_text() == SHOWN
    assert view.locator("main h2").inner_text() == "This is the last slide."
    assert view.locator("img").is_hidden()
    page.keyboard.press("Home")
    assert view.locator("h1").inner_text() == titles[0].strip()


def test_keys_of_the_presenter_change_only_the_presenters_window(opened):
    page = opened()
    with page.context.expect_page() as window:
        page.keyboard.press("s")
    view = window.value
    look = """() => [
        document.querySelector("dialog").open, document.querySelector(".notes").checkVisibility(),
        document.fullscreenElement !== null, (document.querySelector("#hint") ?? document.body).className,
        document.querySelector("#count span, .count").textContent,
    ]"""
    audience = page.evaluate(look)
    presenter = view.evaluate(look)
    assert (audience[:3], presenter[:3]) == ([False, False, False], [False, True, False])
    for key, place, changed in (("?", 0, True), ("n", 1, False), ("f", 2, True), ("2", 4, "→ 2")):
        view.keyboard.press(key)
        view.wait_for_function(f"([place, value]) => ({look})()[place] === value", arg=[place, changed])
        assert page.evaluate(look) == audience
        if key == "?":
            assert view.get_by_role("dialog", name="Keys").get_by_text("black screen").is_visible()
            # The other keys wait until the list is closed.
            view.keyboard.press("ArrowRight")
            assert shown(page) == 0
        if key != "2":
            view.keyboard.press(key)
            view.wait_for_function(f"([place, value]) => ({look})()[place] === value", arg=[place, presenter[place]])
    # These keys are for the audience.
    view.keyboard.press("Enter")
    assert shown(page) == 1
    view.keyboard.press("b")
    assert np.asarray(Image.open(io.BytesIO(page.screenshot())))[..., :3].max() == 0
    assert np.asarray(Image.open(io.BytesIO(view.screenshot())))[..., :3].max() > 0
    view.keyboard.press("b")
    plays(page, 1)
    view.keyboard.press("k")
    assert page.evaluate(STATE)[1]["paused"]
    # The list of keys of one window leaves the keys of the other one alone.
    page.keyboard.press("?")
    view.keyboard.press("Home")
    assert shown(page) == 0
    assert not view.get_by_role("dialog").count()


@pytest.mark.parametrize(("name", "expected"), [("#2", 1), ("#slide-2", 1), ("#slide-99", 1), ("#slide-", 0)])
def test_address_names_a_slide_by_its_number_or_its_id(name, expected, opened, deck):
    page = opened()
    other = page.context.new_page()
    other.goto(f"{deck('.html').as_uri()}{name}")
    assert shown(other) == expected
    page.evaluate("name => { location.hash = name; }", name)
    page.wait_for_function(
        "number => [...document.querySelectorAll('section')].findIndex((slide) => !slide.hidden) === number",
        arg=expected,
    )
    for each in (page, other):
        assert each.evaluate("[scrollY, document.body.scrollTop, document.documentElement.scrollTop]") == [0, 0, 0]


@pytest.mark.exhaustive
def test_clips_far_from_the_slide_are_released(chromium, files, tmp_path):
    path = tmp_path / "long.html"
    save_deck(path, files * 3, **SMALL)
    page = chromium.new_page()
    page.goto(path.as_uri())
    held = "[...document.querySelectorAll('video')].flatMap((video, number) => video.src ? [number] : [])"
    for number, near in enumerate([[0, 1], [1, 2], [2, 3], [3, 4], [4, 5], [5]]):
        assert page.evaluate(held) == near
        plays(page, number)
        page.keyboard.press("ArrowRight")
    page.keyboard.press("Home")
    plays(page, 0)
    page.close()


def test_clip_fills_the_width_of_an_upright_phone(opened):
    page = opened(viewport={"width": 390, "height": 844}, is_mobile=True, has_touch=True)
    assert page.locator("section:not([hidden]) .clip").bounding_box()["width"] == 390
    bar = [each.bounding_box() for each in page.locator("nav button:visible, #count").all()]
    assert all(box["x"] >= 0 and box["x"] + box["width"] <= 390 and box["height"] < 50 for box in bar)


def test_page_has_no_accessibility_violation(opened):
    from axe_playwright_python.sync_playwright import Axe

    page = opened()
    for key in (None, "n", "?"):
        if key:
            page.keyboard.press(key)
        found = Axe().run(page)
        assert not found.violations_count, found.generate_report()


def test_without_scripts_slides_are_below_each_other(opened):
    page = opened(java_script_enabled=False)
    assert all(each.is_visible() for each in page.locator("section, video, .notes").all())
    for video in page.locator("video").all():
        assert video.get_attribute("controls") is not None
        assert video.get_attribute("poster").startswith("data:image/png;base64,")


@pytest.mark.long
def test_command_writes_decks(animopt_here, files, korean_file):
    small = ["--size", "320x180", "--fps", "2", "--seconds", "1", "--workers", "0"]
    done = animopt_here("deck", "talk.HTML", *map(str, files), *small)
    assert (done.returncode, done.stdout) == (0, "talk.HTML\n"), done.stderr
    assert [line for line in done.stderr.splitlines() if "done" in line] == ["1/2 ravine-race: done", "2/2 a&b: done"]
    assert [path.name for path in Path().iterdir()] == ["talk.HTML"]
    page = Path("talk.HTML").read_text(encoding="utf-8")
    assert page.count("<section ") == 2
    assert not re.search(r"(src|href)=\"(?!data:)", page)
    korean = animopt_here("deck", "talk.html", str(korean_file), "--lang", "ko", "--theme", "dark", *small)
    assert (korean.returncode, korean.stderr) == (0, "1/1 two-racers: done\n")
    page = Path("talk.html").read_text(encoding="utf-8")
    assert '<html lang="ko">' in page
    assert "<h2><span>골짜기의 두 최적화 기법</span></h2>" in page
    assert DARK.background in page


@pytest.fixture(scope="module")
def korean_deck(tmp_path_factory, korean_file):
    """Return a function that makes a deck with two Korean slides, once for each suffix."""
    made = {}

    def make(suffix):
        if suffix not in made:
            made[suffix] = tmp_path_factory.mktemp("korean") / f"강의{suffix}"
            save_deck(made[suffix], [korean_file, korean_file], **SMALL, lang="ko", workers=0)
        return made[suffix]

    return make


KEYS = {"Home", "End", "Enter", "Esc", "Shift"}
"""Words on the keys of a Korean keyboard."""


@pytest.mark.long
def test_korean_page_has_no_english_word(korean_deck, read_page):
    page = read_page(korean_deck(".html").read_text(encoding="utf-8"))
    assert page.words == {"SGD", "Adam", *KEYS}
    assert page.languages == [("html", "ko")]
    assert {"2장 중 1번째: 골짜기의 두 최적화 기법", "슬라이드", "발표자 노트", "이전 슬라이드"} <= set(page.texts)
    assert {"다음: 골짜기의 두 최적화 기법", "마지막 슬라이드입니다."} <= set(page.texts)
    assert {"SGD는 지그재그로 움직인다.", "0.0초", "SGD, 모멘텀과 Adam이 (−7, 2)에서 출발한다"} <= set(page.texts)


@pytest.mark.long
def test_korean_powerpoint_file_has_no_english_word(korean_deck, latin_words):
    from pptx import Presentation

    presentation = Presentation(korean_deck(".pptx"))
    assert (presentation.core_properties.language, presentation.core_properties.title) == ("ko", "강의")
    for slide in presentation.slides:
        properties = movie_of(slide).element.find(".//p:cNvPr", NS)
        assert properties.get("name") == "two-racers 클립"
        assert slide.shapes.title.text == "골짜기의 두 최적화 기법"
        notes = slide.notes_slide.notes_text_frame.text
        assert notes.startswith("모멘텀은 최소점을 지나친다.")
        assert "\n짚어 줄 순간:\n0.0초: SGD, 모멘텀과 Adam이 (−7, 2)에서 출발한다\n" in notes
        assert latin_words(notes + properties.get("descr")) == {"SGD", "Adam"}
        runs = [*slide.shapes.title.element.iter(), *slide.notes_slide.notes_placeholder.element.iter()]
        runs = [each for each in runs if each.tag == f"{{{NS['a']}}}r"]
        assert len(runs) == 1 + len(notes.split("\n"))
        assert {each.find("a:rPr", NS).get("lang") for each in runs} == {"ko"}


def test_korean_page_has_no_english_word_while_it_is_used(chromium, korean_deck, read_page):
    from axe_playwright_python.sync_playwright import Axe

    context = chromium.new_context(viewport={"width": 1280, "height": 720}, locale="en-US", reduced_motion="reduce")
    page = context.new_page()
    page.goto(korean_deck(".html").as_uri())
    allowed = {"SGD", "Adam", *KEYS}
    for key, role, name in (
        (None, "button", "재생"),
        ("k", "button", "일시 정지"),
        ("n", "complementary", "발표자 노트"),
        ("?", "dialog", "단축키"),
        ("Escape", "group", "2장 중 1번째: 골짜기의 두 최적화 기법"),
        ("ArrowRight", "group", "2장 중 2번째: 골짜기의 두 최적화 기법"),
    ):
        if key:
            page.keyboard.press(key)
        page.get_by_role(role, name=name, exact=True).wait_for()
        assert read_page(page.content()).words <= allowed
        found = Axe().run(page)
        assert not found.violations_count, found.generate_report()
    with context.expect_page() as window:
        page.keyboard.press("s")
    view = window.value
    assert view.title() == "강의 – 발표자 보기"
    assert view.locator(".count").inner_text() == "슬라이드 2장 중 2번째"
    assert view.locator("main h2").inner_text() == "마지막 슬라이드입니다."
    assert re.fullmatch("(오전|오후) [0-9]{2}:[0-9]{2}", view.locator(".clock").inner_text())
    assert view.locator("html").get_attribute("lang") == "ko"
    found = read_page(view.content())
    assert found.words <= allowed
    assert found.languages[:1] == [("html", "ko")]
    view.keyboard.press("ArrowLeft")
    assert view.locator("main h2").inner_text() == "다음: 골짜기의 두 최적화 기법"
    view.close()
    page.evaluate("window.open = () => null")
    page.keyboard.press("s")
    assert page.locator("#hint").inner_text() == "브라우저가 새 창을 막았습니다. 이 페이지의 팝업을 허용하세요."
    context.close()


QUICK = {"size": (160, 160), "fps": 2, "seconds": 1.0, "workers": 0}


@pytest.mark.parametrize(
    ("languages", "lang", "expected"),
    [(["ko", "ko"], None, "ko"), (["en", "ko"], None, "en"), (["en"], None, "en"), (["en"], "ko", "ko")],
)
@pytest.mark.long
def test_page_is_in_the_language_of_its_slides(languages, lang, expected, tmp_path, korean_file, read_page):
    scenes = [animopt.load_scene(korean_file).replace(lang=each, steps=2) for each in languages]
    save_deck(tmp_path / "a.html", scenes, **QUICK, lang=lang)
    page = read_page((tmp_path / "a.html").read_text(encoding="utf-8"))
    assert page.languages[0] == ("html", expected)
    # Texts in another language than the page have their own.
    others = [each for each in languages if lang is None and each != expected]
    assert set(page.languages[1:]) == {(tag, each) for tag in ("h2", "img", "p", "td") for each in others}


@pytest.mark.long
def test_texts_without_korean_are_marked_as_english_with_a_warning(tmp_path, read_page):
    scene = HOSTILE.replace(f"title={TITLE!r}", "title={'en': 'A race'}")
    for name in ("one", "two"):
        (tmp_path / f"{name}.py").write_text(scene, encoding="utf-8")
    with warnings.catch_warnings(record=True, action="always") as caught:
        save_deck(tmp_path / "a.html", [tmp_path / "one.py", tmp_path / "two.py"], **QUICK, lang="ko")
    assert [str(each.message) for each in caught] == [
        f"{name}: {message}"
        for name in ("one", "two")
        for message in (
            "title: not in Korean, shown in English; add 'ko'",
            "notes: not in Korean, shown in English; add 'ko'",
        )
    ]
    page = read_page((tmp_path / "a.html").read_text(encoding="utf-8"))
    # The docstring has two paragraphs.
    assert page.languages == [("html", "ko"), *[("h2", "en"), ("p", "en"), ("p", "en")] * 2]


@pytest.mark.long
def test_warnings_of_a_failed_scene_are_shown(tmp_path, korean_file, monkeypatch):
    def fail(*_):
        raise Error("the disk is full")

    monkeypatch.setattr("animopt.scene.deck.save_still", fail)
    scene = animopt.load_scene(korean_file).replace(title={"ko": "하나"})
    with (
        pytest.warns(UserWarning, match="scene 1: title: not in English"),
        pytest.raises(Error, match="scene 1: the disk is full"),
    ):
        save_deck(tmp_path / "a.html", [scene], **QUICK)


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (["lecture.ppt", "scene.py"], 2, "lecture.ppt: suffix '.ppt'; a deck ends in .html or .pptx"),
        (["lecture", "scene.py"], 2, "lecture: no suffix; a deck ends in .html or .pptx"),
        (["lecture.html"], 2, "lecture.html: a deck needs scenes; name at least one"),
        ([], 2, "Missing argument 'FILE'"),
        (["lecture.html", "no-such-scene"], 2, "there is no scene 'no-such-scene'"),
        (["lecture.html", "nowhere.py"], 2, "nowhere.py: there is no such scene file"),
        (["lecture.html", "empty"], 2, "empty: there is no scene file in this folder"),
        (["no/where.html", "scene.py"], 2, "no/where.html: there is no folder 'no'"),
        (["empty.html", "scene.py", "--size", "321x180"], 2, "size 321x180: an MP4 needs even sides"),
        (["lecture.html", "scene.py", "--fps", "0"], 2, "fps 0.0: give 1 to 120"),
        (["lecture.html", "scene.py", "--seconds", "-1"], 2, "seconds -1"),
        (["lecture.html", "scene.py", "broken.py"], 1, "broken: "),
        (["lecture.pptx", "scene.py", "broken.py"], 1, "broken: "),
        (["lecture.html", "scene.py", "syntax.py"], 1, "syntax.py, line 1"),
    ],
    ids=str,
)
@pytest.mark.sampled(6)
def test_bad_deck_is_refused_and_leaves_no_file(arguments, code, said, animopt_here, files):
    Path("scene.py").write_bytes(files[0].read_bytes())
    Path("broken.py").write_text(BROKEN, encoding="utf-8")
    Path("syntax.py").write_text("scene = (", encoding="utf-8")
    Path("empty").mkdir()
    for name in ("lecture.html", "lecture.pptx"):
        Path(name).write_text("what was there before", encoding="utf-8")
    before = {path.name for path in Path().iterdir()}
    small = ["--workers", "0"] + ([] if "--seconds" in arguments else ["--seconds", "1"])
    small += [] if "--size" in arguments else ["--size", "320x180"]
    small += [] if "--fps" in arguments else ["--fps", "2"]
    done = animopt_here("deck", *arguments, *(small if arguments else []))
    assert done.returncode == code, done.stderr
    last = done.stderr.splitlines()[-1]
    assert last.startswith(f"animopt: {said}"), done.stderr
    assert "Traceback" not in done.stderr
    assert not done.stdout
    assert {path.name for path in Path().iterdir()} == before
    assert {Path(name).read_text(encoding="utf-8") for name in ("lecture.html", "lecture.pptx")} == {
        "what was there before"
    }


def test_missing_python_pptx_is_named_with_the_command_to_install_it(animopt_here, files, monkeypatch):
    monkeypatch.setitem(sys.modules, "pptx", None)
    done = animopt_here("deck", "lecture.pptx", str(files[0]))
    assert done.returncode == 1
    assert "needs python-pptx; install it with pip install" in done.stderr
    assert "[decks]" in done.stderr
    assert not list(Path().iterdir())


@pytest.mark.long
def test_scene_objects_make_a_deck(tmp_path, files):
    scene = animopt.load_scene(files[1])
    save_deck(tmp_path / "mine.pptx", [scene, scene], **SMALL, theme="light", workers=0)
    from pptx import Presentation

    presentation = Presentation(tmp_path / "mine.pptx")
    assert [slide.shapes.title.text for slide in presentation.slides] == [SHOWN, SHOWN]
    assert {str(slide.background.fill.fore_color.rgb) for slide in presentation.slides} == {
        LIGHT.background[1:].upper()
    }
    with pytest.raises(animopt.UsageError, match="a deck needs scenes"):
        save_deck(tmp_path / "none.pptx", [])


@pytest.mark.parametrize("size", [(1280, 720), (1080, 1080), (720, 1280)], ids=str)
def test_untitled_clip_has_more_room_for_the_race(size):
    theme = LIGHT.scaled(pixel_unit(*size), size)
    panels = ("wireframe", "contour", "loss", "standings")
    with_title, without = (
        arrange_panels(size, theme, layout_for_shape(*size), panels, 1, 5, titled) for titled in (True, False)
    )
    assert set(with_title) == set(without)
    assert without["wireframe"].top < with_title["wireframe"].top
    assert without["wireframe"].height > with_title["wireframe"].height
    assert without["header"].top + without["header"].height <= without["wireframe"].top


@pytest.mark.long
def test_untitled_clip_does_not_depend_on_the_title(files):
    scene = animopt.load_scene(files[0]).replace(steps=2, claims=[])
    header = (slice(0, 60), slice(0, 200))
    pictures = []
    for title in ("Something quite different", "Words"):
        film = film_of(scene.replace(title=title), Output("a.mp4", (640, 360), 2), titled=False)
        pictures.append(film.at(1.0))
        film = film_of(scene.replace(title=title), Output("a.mp4", (640, 360), 2))
        pictures.append(film.at(1.0))
    one, one_titled, other, other_titled = pictures
    np.testing.assert_array_equal(one, other)
    assert (one_titled[header] != other_titled[header]).any()


@pytest.mark.parametrize("loop", ["plain", "seamless"])
@pytest.mark.parametrize("seconds", [1.0, 10.0])
def test_result_second_shows_the_finished_race(loop, seconds):
    timeline = Timeline(20, seconds, loop)
    moment = timeline.moment(timeline.result_second)
    assert moment.step == 20
    assert moment.hold_progress == pytest.approx(1)


@pytest.mark.parametrize(
    ("words", "said"),
    [(r"\(x^2\) and \(y\)", "x^2 and y"), ("two\nlines\t here", "two lines here"), ("bell\x07 \x1b[1m", "bell [1m")],
)
def test_plain_text_has_no_math_and_no_control_characters(words, said):
    assert plain_text(words) == said
