"""Decks of lectures: their parts as slides, read by python-pptx and LibreOffice, and opened in Chromium."""

import io
import re
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import animopt
from animopt.deck import save_deck
from animopt.drawing.theme import DARK, LIGHT

SCENE = '''"""The docstring of {name}."""

from animopt import Racer, Scene
from animopt.functions import ravine

scene = Scene(
    title={{"en": "Race {name}", "ko": "경주 {name}"}},
    notes={{"ko": "{name}의 노트."}},
    function=ravine,
    racers=[Racer("{name}", lr=0.5)],
    start=(-7, 2),
    steps=2,
    seconds=2,
)
'''

LECTURE = """
from animopt import Card, Compare, Lecture, Part, Question

lecture = Lecture(
    title={"en": "Two <ways>", "ko": "두 방법"},
    theme="dark",
    parts=[
        Card(
            {"en": "Where is\\nthe <minimum>?", "ko": "최소점은\\n어디일까?"},
            caption={"en": "A start", "ko": "시작"},
            say={"en": "Welcome.\\n\\nLet us begin.", "ko": "환영합니다."},
        ),
        Part(
            "sgd",
            title={"en": "A zigzag", "ko": "지그재그"},
            question=Question({"en": "Where?", "ko": "어디?"}, step=0, seconds=0.5),
            say={"en": "It zigzags. {ends} It is slow.", "ko": "지그재그입니다. {ends} 느립니다."},
            audio="no/such/voice.wav",
        ),
        Compare("sgd", "adam", say={"en": "Both.", "ko": "둘 다."}),
        Part("adam"),
        Card({"en": "The end", "ko": "끝"}),
    ],
)
"""

PARTS = """
from animopt import Card, Compare, Lecture, Part

lecture = Lecture(parts=[{part}])
"""

WORDS = ["Where is\nthe <minimum>?", "A zigzag", "Race SGD | Race Adam", "Race Adam", "The end"]
SMALL = {"size": (160, 160), "fps": 2, "workers": 0}


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Return a folder with a lecture and its two scenes."""
    path = tmp_path_factory.mktemp("lecture")
    for name in ("SGD", "Adam"):
        (path / f"{name.lower()}.py").write_text(SCENE.format(name=name), encoding="utf-8")
    (path / "talk.py").write_text(LECTURE, encoding="utf-8")
    return path


@pytest.fixture(scope="module")
def presentation(folder):
    """Return the lecture as a PowerPoint file, read by python-pptx."""
    from pptx import Presentation

    save_deck(folder / "talk.pptx", [folder / "talk.py"], **SMALL)
    return Presentation(folder / "talk.pptx")


@pytest.fixture(scope="module")
def html(folder):
    """Return the lecture as the text of an HTML page."""
    path = folder / "talk.html"
    save_deck(path, [folder / "talk.py"], **SMALL)
    return path.read_text(encoding="utf-8")


def notes_of(slide):
    return slide.notes_slide.notes_text_frame.text.split("\n") if slide.has_notes_slide else []


def movies_of(slide):
    return [shape for shape in slide.shapes if shape.shape_type == 16]


def test_each_part_is_a_slide_in_the_theme_of_the_lecture(presentation):
    assert presentation.core_properties.title == "Two <ways>"
    assert [slide.shapes.title.text for slide in presentation.slides] == WORDS
    assert [len(movies_of(slide)) for slide in presentation.slides] == [0, 1, 1, 1, 0]
    grounds = {str(slide.background.fill.fore_color.rgb) for slide in presentation.slides}
    assert grounds == {DARK.background[1:].upper()}


def test_card_is_text_in_the_middle_with_its_caption(presentation):
    first, *_, last = presentation.slides
    title, caption = first.placeholders
    assert caption.text_frame.text == "A start"
    assert title.top + title.height < caption.top < 0.65 * presentation.slide_height
    for shape, color in ((title, DARK.ink), (caption, DARK.muted)):
        assert shape.left + shape.width / 2 == pytest.approx(presentation.slide_width / 2, abs=2)
        for paragraph in shape.text_frame.paragraphs:
            assert str(paragraph.runs[0].font.color.rgb) == color[1:].upper()
    assert title.text_frame.paragraphs[0].runs[0].font.size.pt > 45
    # A placeholder without text would ask for one.
    assert [shape.text_frame.text for shape in last.placeholders] == ["The end"]


def test_notes_are_the_spoken_text_and_what_to_point_at(presentation):
    card, part, comparison, other, last = map(notes_of, presentation.slides)
    assert card == ["Welcome.", "Let us begin."]
    assert part[:3] == ["It zigzags. It is slow.", "Point at:", "0.0 s: SGD starts at (−7, 2)"]
    assert comparison[:2] == ["Both.", "Point at:"]
    assert {"0.0 s: Race SGD: SGD starts at (−7, 2)", "0.0 s: Race Adam: Adam starts at (−7, 2)"} < set(comparison)
    seconds = [float(each.partition(" ")[0]) for each in comparison[2:]]
    assert seconds == sorted(seconds)
    # Without a spoken text, the notes are those of the scene.
    assert other[:2] == ["The docstring of Adam.", "Point at:"]
    assert last == []


def test_printed_notes_have_the_size_of_powerpoints_notes(presentation):
    paragraphs = presentation.slides[1].notes_slide.notes_text_frame.paragraphs
    assert {run.font.size.pt for paragraph in paragraphs for run in paragraph.runs} == {12}


def test_comparison_describes_each_race(presentation):
    (movie,) = movies_of(presentation.slides[2])
    described = movie._element.xpath(".//p:cNvPr")[0]
    assert described.get("name") == "Clip of sgd and adam"
    assert described.get("descr").startswith("Races in one picture, at the same step. Race SGD.")
    assert "Race Adam. An animation of 2 steps" in described.get("descr")


def test_clip_has_its_own_length_and_the_question_of_the_part(folder, presentation, tmp_path):
    import av

    lengths = []
    for slide in presentation.slides:
        for movie in movies_of(slide):
            (link,) = movie._element.xpath(".//a:videoFile")
            (relationship,) = link.attrib.values()
            path = tmp_path / "clip.mp4"
            path.write_bytes(slide.part.related_part(relationship).blob)
            with av.open(path) as clip:
                lengths.append(sum(1 for _ in clip.decode(video=0)))
    assert lengths == [4, 4, 4]
    asked = animopt.load_scene(folder / "sgd.py").replace(question=animopt.Question("Where?", step=0, seconds=0.5))
    second = re.search(r"([0-9.]+) s: SGD ends", "\n".join(notes_of(presentation.slides[1])))
    from animopt.scene.races import timeline_of

    assert float(second[1]) == pytest.approx(timeline_of(asked).second_of(2), abs=0.05)


@pytest.mark.long
def test_page_has_cards_as_text(html):
    assert "<title>Two &lt;ways&gt;</title>" in html
    sections = re.findall("<section .*?</section>", html, re.DOTALL)
    assert [each.count("<video ") for each in sections] == [0, 1, 1, 1, 0]
    assert "<h2>Where is\nthe &lt;minimum&gt;?</h2><p>A start</p>" in sections[0]
    assert 'aria-label="1 of 5: Where is the &lt;minimum&gt;?"' in sections[0]
    assert 'data-next="Next: The end"' in sections[3]
    assert "<p>Let us begin.</p>" in sections[0]
    assert all(f"--ground: {DARK.background}" in each for each in sections)


@pytest.mark.long
def test_lectures_and_scenes_are_mixed_in_order_and_in_a_language(folder, tmp_path):
    short = folder / "short.py"
    parts = 'Card({"en": "A", "ko": "하나\\n둘"}), Compare("sgd", "adam", say={"ko": "둘 다. {ends} 끝."})'
    short.write_text(PARTS.format(part=parts), encoding="utf-8")
    path = tmp_path / "한.html"
    called = []
    save_deck(
        path,
        [folder / "adam.py", short, animopt.load_scene(folder / "sgd.py")],
        **SMALL,
        seconds=1,
        lang="ko",
        theme="dark",
        progress=lambda done, total, name: called.append((done, total, name)),
    )
    names = ["adam", "short: part 1", "short: part 2 'sgd' and 'adam'", "scene 3"]
    assert called == [(number, 4, name) for number, name in enumerate(names, 1)]
    page = path.read_text(encoding="utf-8")
    assert '<html lang="ko">' in page
    assert "<title>한</title>" in page
    titles = re.findall("<h2>(?:<span>)?([^<]+)<", page)
    assert titles == ["경주 Adam", "하나\n둘", "경주 SGD | 경주 Adam", "경주 SGD"]
    assert "<p>둘 다. 끝.</p>" in page
    assert "<p>Adam의 노트.</p>" in page
    assert page.count(f"--ground: {DARK.background}") == 4
    assert LIGHT.background not in page


@pytest.mark.parametrize(
    ("part", "lang", "code", "said"),
    [
        ('Card({"en": "A"})', "ko", 2, "talk: part 1: text: has no Korean text; add 'ko', or choose another --lang"),
        ('Card("A"), Part("one", say={"ko": "가"})', "en", 2, "talk: part 2 'one': say: has no English text; add 'en'"),
        ('Part("one", say="An {open")', "en", 2, "talk: part 1 'one': say: has a '{' that belongs to no mark"),
        ('Part("no-such")', "en", 2, "talk: part 1 'no-such': there is no scene 'no-such'"),
        ('Card("A"), Part("broken")', "en", 1, "talk: part 2 'broken': broken.py, line 2"),
        ('Card("A"), Part("failing")', "en", 1, "talk: part 2 'failing': "),
        ('Compare("one", "failing")', "en", 1, "talk: part 1 'one' and 'failing': "),
        ('"A"', "en", 1, "talk.py, line 4"),
    ],
)
def test_part_that_fails_is_named_and_leaves_no_file(part, lang, code, said, animopt_here):
    Path("one.py").write_text(SCENE.format(name="SGD"), encoding="utf-8")
    Path("broken.py").write_text("\nraise ValueError('no')\n", encoding="utf-8")
    failing = SCENE.format(name="SGD").replace("function=ravine", "function=lambda x: x[0] * undefined")
    Path("failing.py").write_text(failing, encoding="utf-8")
    Path("talk.py").write_text(PARTS.format(part=part), encoding="utf-8")
    before = {path.name for path in Path().iterdir()}
    done = animopt_here(
        "deck", "a.html", "talk.py", "--lang", lang, "--size", "160x160", "--fps", "2", "--workers", "0"
    )
    assert done.returncode == code, done.stderr
    assert done.stderr.splitlines()[-1].startswith(f"animopt: {said}"), done.stderr
    assert {path.name for path in Path().iterdir()} == before


def test_command_takes_the_name_of_a_lecture(animopt_here):
    Path("scenes").mkdir()
    Path("scenes/my_talk.py").write_text(PARTS.format(part='Card("Begin")'), encoding="utf-8")
    done = animopt_here("deck", "a.html", "my-talk", "--workers", "0")
    assert (done.returncode, done.stdout, done.stderr) == (0, "a.html\n", "1/1 my-talk: part 1: done\n")
    assert "<title>a</title>" in Path("a.html").read_text(encoding="utf-8")
    done = animopt_here("deck", "b.html", "my-tolk")
    assert done.returncode == 2
    assert done.stderr == "animopt: there is no scene 'my-tolk'; did you mean 'my-talk'?\n"
    assert not Path("b.html").exists()


def test_defaults_of_the_folder_are_those_of_its_lecture(tmp_path):
    (tmp_path / "animopt.toml").write_text('theme = "dark"\nlanguage = "ko"\n', encoding="utf-8")
    (tmp_path / "talk.py").write_text(PARTS.format(part='Card({"en": "A", "ko": "가"})'), encoding="utf-8")
    save_deck(tmp_path / "a.html", [tmp_path / "talk.py"], workers=0)
    page = (tmp_path / "a.html").read_text(encoding="utf-8")
    assert f"--ground: {DARK.background}" in page
    assert "<h2>가</h2>" in page


def test_deck_does_not_replace_a_file_of_the_lecture(folder, tmp_path):
    # A voice can have any name.
    lecture = tmp_path / "talk.py"
    lecture.write_text(PARTS.format(part='Card("A", say="B", audio="talk.html")'), encoding="utf-8")
    with pytest.raises(animopt.UsageError, match=r"talk\.html"):
        save_deck(tmp_path / "talk.html", [lecture], workers=0)
    assert not (tmp_path / "talk.html").exists()


def test_long_words_of_a_card_are_smaller_and_in_lines_of_one_length(tmp_path):
    from pptx import Presentation

    words = "Many words that nobody can read from the last row of the room. " * 12
    (tmp_path / "talk.py").write_text(
        PARTS.format(part=f'Card("A"), Card("{"정확히 " * 6}"), Card("{words}")'), encoding="utf-8"
    )
    save_deck(tmp_path / "a.pptx", [tmp_path / "talk.py"], workers=0)
    short, two_lines, long = (slide.shapes.title for slide in Presentation(tmp_path / "a.pptx").slides)
    sizes = [each.text_frame.paragraphs[0].runs[0].font.size.pt for each in (short, two_lines, long)]
    assert sizes[0] == sizes[1]
    assert 10 < sizes[2] < sizes[0] / 2
    assert two_lines.width < 0.9 * short.width
    assert two_lines.left > short.left


def test_libreoffice_prints_cards_in_the_middle_of_the_slide(folder, presentation, libreoffice):
    import pypdf

    pages = pypdf.PdfReader(libreoffice(folder / "talk.pptx")).pages
    assert len(pages) == 5
    assert pages[0].extract_text().split() == ["Where", "is", "the", "<minimum>?", "A", "start"]
    # All pages share their list of pictures, so the operator that draws one is counted.
    drawn = [each.get_contents().get_data().count(b" Do") for each in pages]
    assert [count > 0 for count in drawn] == [False, True, True, True, False]


@pytest.fixture
def opened(chromium, folder, html):
    """Return a function that opens the deck in a browser, without errors."""
    contexts, troubles = [], []

    def opening(**settings):
        contexts.append(chromium.new_context(**{"viewport": {"width": 1280, "height": 720}, **settings}))
        tab = contexts[-1].new_page()
        tab.on("pageerror", lambda error: troubles.append(str(error)))
        tab.on("console", lambda message: message.type in ("error", "warning") and troubles.append(message.text))
        tab.goto((folder / "talk.html").as_uri())
        return tab

    yield opening
    for context in contexts:
        context.close()
    assert not troubles


def shown(tab):
    return tab.evaluate("[...document.querySelectorAll('section')].findIndex((slide) => !slide.hidden)")


def ink_box(picture, ground):
    """Return the left, upper, right and lower edge of what differs from the background."""
    away = np.abs(np.asarray(picture.convert("RGB")).astype(int) - ground).max(axis=2) > 40
    (rows,), (columns,) = away.any(axis=1).nonzero(), away.any(axis=0).nonzero()
    return columns[0], rows[0], columns[-1], rows[-1]


@pytest.mark.parametrize("size", [(1280, 720), (1024, 768), (420, 800), (800, 360)], ids=str)
def test_card_is_in_the_middle_of_any_window(opened, size):
    tab = opened(viewport={"width": size[0], "height": size[1]})
    room = tab.locator("section:not([hidden]) .room").bounding_box()
    picture = Image.open(io.BytesIO(tab.screenshot(clip=room)))
    left, top, right, bottom = ink_box(picture, tuple(bytes.fromhex(DARK.background[1:])))
    assert left + right == pytest.approx(picture.width, abs=0.03 * picture.width)
    assert top + bottom == pytest.approx(picture.height, abs=0.1 * picture.height)
    assert right - left > 0.25 * min(picture.width, picture.height * 16 / 9)


@pytest.mark.parametrize("motion", ["reduce", "no-preference"])
def test_slides_without_a_clip_are_turned_as_others(opened, motion):
    tab = opened(reduced_motion=motion)
    play = tab.locator("#play")
    assert play.is_disabled()
    for key in ("k", "p", "b", "b"):
        tab.keyboard.press(key)
    for expected in (1, 2, 3, 4):
        tab.keyboard.press("ArrowRight")
        assert shown(tab) == expected
        assert play.is_disabled() == (expected == 4)
    tab.get_by_role("button", name="Previous slide").click()
    # A button that was pressed does not hold back the keys after it is disabled.
    play.click()
    tab.keyboard.press("ArrowRight")
    assert shown(tab) == 4
    tab.keyboard.press("ArrowLeft")
    assert shown(tab) == 3
    tab.evaluate("location.hash = '#slide-1'")
    tab.wait_for_function("!document.querySelector('section').hidden")
    tab.mouse.click(640, 300)
    assert shown(tab) == 0


def test_presenter_view_shows_the_words_of_the_next_card(opened):
    tab = opened()
    with tab.context.expect_page() as window:
        tab.keyboard.press("s")
    view = window.value
    image, card = view.locator("main img"), view.locator("main .room")
    assert "Let us begin." in view.locator(".notes").inner_text()
    assert image.is_visible()
    assert not card.is_visible()
    view.keyboard.type("4")
    view.keyboard.press("Enter")
    assert view.locator("main h2").first.inner_text() == "Next: The end"
    assert not image.is_visible()
    assert card.inner_text().strip() == "The end"
    box = card.bounding_box()
    assert box["width"] == pytest.approx(box["height"] * 16 / 9, rel=0.02)
    view.keyboard.press("End")
    assert not image.is_visible()
    assert not card.is_visible()


def test_cards_are_printed_as_pages(opened):
    import pypdf

    tab = opened()
    # Notes that are shown on the screen are not printed.
    tab.keyboard.press("n")
    pages = pypdf.PdfReader(io.BytesIO(tab.pdf(prefer_css_page_size=True))).pages
    assert [len(each.images) > 0 for each in pages] == [False, True, True, True, False]
    assert pages[0].extract_text().split() == ["Where", "is", "the", "<minimum>?", "A", "start"]


def test_cards_have_no_accessibility_violation(opened):
    from axe_playwright_python.sync_playwright import Axe

    tab = opened()
    for key in (None, "n", "End"):
        if key:
            tab.keyboard.press(key)
        found = Axe().run(tab)
        assert not found.violations_count, found.generate_report()
    with tab.context.expect_page() as window:
        tab.keyboard.press("s")
    tab.keyboard.press("4")
    tab.keyboard.press("Enter")
    found = Axe().run(window.value)
    assert not found.violations_count, found.generate_report()
