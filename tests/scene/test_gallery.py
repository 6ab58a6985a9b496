"""The gallery: its clips, and its page in a browser."""

import shlex
import shutil
import subprocess
import sys
import warnings
from dataclasses import replace
from pathlib import Path
from urllib.parse import unquote, urlsplit

import imageio.v3 as imageio
import imageio_ffmpeg
import numpy as np
import pytest

import animopt
from animopt import Function, Output, Racer, Scene
from animopt.functions import levy_13, ravine, rotated
from animopt.publish.slides import LocalText, plain_text
from animopt.scene.batch import SceneFacts
from animopt.scene.gallery import Card, render_card, save_page, shown_function

CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
browsing = pytest.mark.skipif(
    CHROMIUM is None, reason="needs a Chromium: apt install chromium, or google-chrome from its maker, on the PATH"
)

TITLE = """</script><script>document.title = "broken"</script> & "two" <b>ravines</b>"""
ODD = "50% off #1 & 'more'"
SCENES = {
    ODD: f'''"""Two <i>racers</i> & a ravine.

Not on the page.
"""
from animopt import Racer, Scene
from animopt.functions import ravine
scene = Scene(title={TITLE!r}, function=ravine, racers=[Racer("SGD", lr=0.9), Racer("Adam", lr=0.9)], start=(-7, 2))
''',
    "levy": '''"""Adagrad on Lévy's function."""
from animopt import Racer, Scene
from animopt.functions import levy_13
scene = Scene(title={"fr": "Chez Lévy"}, function=levy_13, racers=[Racer("Adagrad", lr=0.9)])
''',
    "turning": """from animopt import Racer, Scene
from animopt.functions import ravine, rotated
functions = [rotated(ravine, degrees) for degrees in (0, 20, 40)]
scene = Scene(title="It turns", function=functions, racers=[Racer("Adam", lr=0.3)], start=(-7, 2), steps=5)
""",
    "broken": "1 / 0",
}
LEFT = [name for name in SCENES if name != "broken"]
SMALL = 320, 180
QUICK = ["--size", "320x180", "--seconds", "1.2", "--fps", "10"]


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Return a folder with the gallery of several scenes, one of which is broken."""
    folder = tmp_path_factory.mktemp("a gallery's folder")
    (folder / "mine").mkdir()
    for name, text in SCENES.items():
        (folder / "mine" / f"{name}.py").write_text(text, encoding="utf-8")
    command = [sys.executable, "-m", "animopt", "gallery", "mine", "-o", "out #1", "--workers", "1", *QUICK]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, encoding="utf-8", check=False)
    (folder / "stdout").write_text(done.stdout, encoding="utf-8")
    (folder / "stderr").write_text(f"{done.returncode}\n{done.stderr}", encoding="utf-8")
    return folder


@pytest.fixture(scope="module")
def chromium():
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield browser
        browser.close()


@pytest.fixture
def visit(chromium, folder):
    """Return a function that opens the page from its file, without errors and network requests."""
    complaints, contexts = [], []

    def open_page(fragment="", **options):
        context = chromium.new_context(**{"viewport": {"width": 1400, "height": 900}} | options)
        contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(10_000)
        page.on("console", lambda message: complaints.append(message.text))
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on("requestfailed", lambda request: complaints.append(f"{request.url}: {request.failure}"))
        page.on("request", lambda request: check(request.url))
        page.goto((folder / "out #1" / "index.html").as_uri() + fragment)
        return page

    def check(url):
        if urlsplit(url).scheme not in ("file", "data"):
            complaints.append(url)

    yield open_page
    for context in contexts:
        context.close()
    # The browser stops loading a clip that is paused or left.
    assert [each for each in complaints if "ERR_ABORTED" not in each] == []


def shown(page):
    return [card.get_attribute("data-name") for card in page.locator(".card:visible").all()]


def choose(page, name):
    page.get_by_role("checkbox", name=name).check()


def plays(page, number, *, wanted=True):
    """Wait until a clip plays or pauses, and return whether its time advances."""
    page.wait_for_function(
        "([number, wanted]) => document.querySelectorAll('video')[number].paused !== wanted", arg=[number, wanted]
    )
    time = page.evaluate(f"document.querySelectorAll('video')[{number}].currentTime")
    page.wait_for_timeout(300)
    return page.evaluate(f"document.querySelectorAll('video')[{number}].currentTime") != time


@pytest.mark.long
def test_failed_scene_does_not_stop_the_clips_and_posters_of_others(folder):
    code, *lines = (folder / "stderr").read_text("utf-8").splitlines()
    assert code == "1"
    assert lines[-1] == "animopt: 1 of 4 scenes failed: broken"
    assert any("broken: failed: " in line and "division by zero" in line for line in lines)
    files = ("{}.mp4", "{}.png", "dark/{}.png")
    written = {Path("clips", file.format(name)) for name in LEFT for file in files} | {Path("index.html")}
    assert {Path(line) for line in (folder / "stdout").read_text("utf-8").splitlines()} == {
        Path("out #1") / path for path in written
    }
    assert len((folder / "stdout").read_text("utf-8").splitlines()) == len(written)
    files = {path.relative_to(folder / "out #1") for path in (folder / "out #1").rglob("*") if path.is_file()}
    assert files == written


@pytest.mark.long
def test_clip_is_small_and_poster_shows_the_finished_race(folder, tmp_path):
    clips = folder / "out #1" / "clips"
    assert imageio_ffmpeg.count_frames_and_secs(str(clips / f"{ODD}.mp4")) == (12, pytest.approx(1.2, abs=0.02))
    poster = imageio.imread(clips / "levy.png")
    scene = animopt.load_scene(folder / "mine" / "levy.py").replace(seconds=1.2, title="Chez Lévy")
    scene.still(tmp_path / "end.png", 1.2, SMALL)
    np.testing.assert_array_equal(poster, imageio.imread(tmp_path / "end.png"))


@browsing
def test_markup_in_titles_is_escaped(visit):
    page = visit()
    assert page.title() == "Gallery of races – animopt"
    assert sorted(page.locator("h2").all_text_contents()) == sorted([TITLE, "Chez Lévy", "It turns"])
    assert page.locator("h2 b, h2 script, .words i").count() == 0
    card = page.locator(".card", has_text="two")
    assert card.locator(".words p").inner_text() == "Two <i>racers</i> & a ravine."
    assert card.locator("dd").all_inner_texts() == ["ravine", "SGD, Adam"]
    assert page.locator("h2[lang]").all_inner_texts() == ["Chez Lévy"]
    assert page.locator("h2[lang=fr]").count() == 1
    assert page.get_by_role("status").first.inner_text() == "3 scenes"


@browsing
def test_links_of_the_page_lead_to_clips_and_posters(visit, folder):
    page = visit()
    size = "file => new Promise(done => { file.onload = () => done([file.naturalWidth, file.naturalHeight]); })"
    for card in page.locator(".card").all():
        poster = card.locator("video").evaluate(f"video => ({size})(Object.assign(new Image(), {{src: video.poster}}))")
        assert poster == list(SMALL)
        address = card.locator("video").evaluate("video => video.src")
        assert Path(unquote(urlsplit(address).path)).name == f"{card.get_attribute('data-name')}.mp4"
        card.locator("video").evaluate("video => video.play()")
        assert card.locator("video").evaluate("video => [video.videoWidth, video.videoHeight]") == list(SMALL)
        assert card.locator("video").evaluate("video => video.duration") == pytest.approx(1.2, abs=0.02)


@browsing
def test_filter_by_function_and_optimizer(visit):
    page = visit()
    choose(page, "ravine")
    assert shown(page) == [ODD, "turning"]
    choose(page, "SGD")
    assert shown(page) == [ODD]
    assert page.get_by_role("status").first.inner_text() == "1 of 3 scenes"
    choose(page, "Adagrad")
    choose(page, "Lévy's function no. 13")
    assert shown(page) == [ODD, "levy"]
    page.get_by_role("checkbox", name="SGD").uncheck()
    assert shown(page) == ["levy"]
    page.get_by_role("button", name="Clear the filters").click()
    assert len(shown(page)) == 3
    assert page.url.endswith("#")


@browsing
@pytest.mark.parametrize(
    ("words", "found"),
    [
        ("LEVY", ["levy"]),
        ("ravine  adam", [ODD, "turning"]),
        ("50% #1", [ODD]),
        ("<b>", [ODD]),
        ("it turns", ["turning"]),
        ("racers", [ODD]),
        ("class", []),
        ("nothing", []),
    ],
)
def test_search_finds_scenes(visit, words, found):
    page = visit()
    page.get_by_label("Search").press_sequentially(words)
    assert shown(page) == found
    assert page.get_by_text("No scene fits.").is_visible() is (not found)
    if not found:
        page.get_by_role("button", name="Clear the filters").click()
        assert len(shown(page)) == 3


@browsing
def test_filter_is_in_the_address_of_the_page(visit):
    page = visit()
    choose(page, "Adam")
    page.get_by_label("Search").fill("50% & off")
    page.get_by_label("Search").fill("50% off")
    assert shown(page) == [ODD]
    again = visit("#" + urlsplit(page.url).fragment)
    assert shown(again) == [ODD]
    assert again.get_by_role("checkbox", name="Adam").is_checked()
    assert again.get_by_label("Search").input_value() == "50% off"
    again.evaluate("location.hash = 'function=ravine&optimizer=Lion'")
    again.wait_for_function("document.querySelectorAll('.card:not([hidden])').length == 2")
    assert shown(again) == [ODD, "turning"]


@browsing
@pytest.mark.parametrize("clipboard", ["new", "refused", "none"])
def test_button_copies_the_command(visit, folder, clipboard):
    page = visit(permissions=["clipboard-read", "clipboard-write"] if clipboard == "new" else [])
    if clipboard == "none":
        page.evaluate("Object.defineProperty(navigator, 'clipboard', { value: undefined })")
    if clipboard == "refused":
        page.evaluate("void (navigator.clipboard.writeText = () => Promise.reject(new Error('refused')))")
    # All pages share one clipboard.
    page.get_by_label("Search").fill("what was there before")
    page.keyboard.press("ControlOrMeta+a")
    page.keyboard.press("ControlOrMeta+x")
    button = page.locator(".card", has_text="two").locator(".copy")
    button.focus()
    page.keyboard.press("Enter")
    page.wait_for_function("document.querySelector('.copy.done')?.textContent == 'Copied'")
    assert button.evaluate("button => button === document.activeElement")
    assert page.locator("#said").inner_text() == "The command is copied"
    page.get_by_label("Search").focus()
    page.keyboard.press("ControlOrMeta+v")
    command = page.get_by_label("Search").input_value()
    if sys.platform != "win32":
        assert shlex.split(command) == ["animopt", f"mine/{ODD}.py", "-o", f"{ODD}.gif"]
    assert command == page.locator(".card code", has_text="50%").first.text_content()


@pytest.mark.long
def test_command_names_a_built_in_scene(animopt_here, tmp_path, scenes):
    (tmp_path / "scenes").mkdir()
    shutil.copy(scenes["ravine_sgd"], tmp_path / "scenes" / "ravine_sgd.py")
    done = animopt_here("gallery", "ravine-sgd", *QUICK, "--theme", "dark", "--lang", "en")
    assert done.returncode == 0, done.stderr
    page = (tmp_path / "gallery" / "index.html").read_text("utf-8")
    assert "animopt ravine-sgd -o ravine-sgd.gif --theme dark --lang en" in "".join(page.split("<span>")).replace(
        "</span>", ""
    )
    assert imageio.imread(tmp_path / "gallery" / "clips" / "ravine-sgd.png")[2, 2].max() < 40


@browsing
def test_clip_plays_under_the_pointer(visit):
    page = visit()
    assert page.evaluate(
        "[...document.querySelectorAll('.card video')].every(video => video.paused && !video.controls)"
    )
    page.locator(".screen").nth(1).hover()
    assert plays(page, 1)
    assert page.locator("video").nth(0).evaluate("video => video.paused")
    page.locator("h1").hover()
    assert not plays(page, 1, wanted=False)


LARGE = "document.querySelector('dialog video')"


@browsing
def test_click_opens_the_clip_large_and_stops_nothing(visit):
    page = visit()
    page.locator(".screen").nth(1).hover()
    assert plays(page, 1)
    page.wait_for_function("() => document.querySelectorAll('video')[1].currentTime > 0.2")
    page.locator(".screen").nth(1).click()
    dialog = page.get_by_role("dialog", name=page.locator("h2").nth(1).inner_text())
    small, large = page.locator("video").nth(1).bounding_box(), dialog.locator("video").bounding_box()
    assert large["width"] > 2 * small["width"]
    page.wait_for_function(f"() => !{LARGE}.paused && {LARGE}.currentTime > 0.2 && {LARGE}.controls")
    page.keyboard.press("Escape")
    assert dialog.count() == 0
    # The browser reports the end of a dialog a little later.
    page.wait_for_function(f"() => !{LARGE}.hasAttribute('src')")
    page.locator(".play").nth(0).focus()
    page.keyboard.press("Enter")
    page.wait_for_function(f"() => !{LARGE}.paused && {LARGE}.currentTime > 0.1")
    page.get_by_role("button", name="Close").click()
    assert page.get_by_role("dialog").count() == 0
    assert page.locator(".play").nth(0).evaluate("button => button === document.activeElement")


@browsing
def test_clip_plays_from_the_keyboard(visit):
    page = visit()
    button = page.locator(".play").nth(0)
    page.get_by_role("checkbox").last.focus()
    page.keyboard.press("Tab")
    assert button.evaluate("button => button === document.activeElement")
    assert plays(page, 0)
    assert button.evaluate("button => getComputedStyle(button).outlineStyle") == "solid"
    page.keyboard.press("Tab")
    assert not plays(page, 0, wanted=False)


@browsing
def test_with_reduced_motion_clip_plays_only_on_a_click(visit):
    page = visit(reduced_motion="reduce")
    assert "Press a clip" in page.locator("header").inner_text()
    page.locator(".screen").nth(0).hover()
    page.wait_for_timeout(400)
    assert page.locator("video").nth(0).evaluate("video => video.paused")
    page.locator(".play").nth(0).click()
    page.wait_for_function(f"() => !{LARGE}.paused && {LARGE}.currentTime > 0.1")


@browsing
def test_on_a_phone_clip_plays_while_it_is_visible(visit):
    page = visit(viewport={"width": 360, "height": 640}, has_touch=True, is_mobile=True)
    assert page.evaluate("document.documentElement.scrollWidth") == 360
    page.locator("video").nth(1).scroll_into_view_if_needed()
    assert plays(page, 1)
    page.locator(".play").nth(1).tap()
    assert page.get_by_role("dialog").bounding_box()["width"] > 320
    page.keyboard.press("Escape")
    page.evaluate("scrollTo(0, 0)")
    page.get_by_role("button", name="Filter").tap()
    page.get_by_role("checkbox", name="SGD").check()
    assert shown(page) == [ODD]
    assert page.evaluate("[...document.querySelectorAll('.card[hidden] video')].every(video => video.paused)")


@browsing
@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [360, 800, 1600])
def test_page_fits_any_window_and_is_readable(visit, scheme, width):
    page = visit(viewport={"width": width, "height": 900}, color_scheme=scheme)
    assert page.evaluate("document.documentElement.scrollWidth") == width
    ratios = page.evaluate(
        """() => {
            const light = color => color.match(/[\\d.]+/g).slice(0, 3).map(part => part / 255)
                .map(part => part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4)
                .reduce((sum, part, place) => sum + part * [0.2126, 0.7152, 0.0722][place], 0);
            const behind = element => {
                const color = getComputedStyle(element).backgroundColor;
                return color === 'rgba(0, 0, 0, 0)' ? behind(element.parentElement) : color;
            };
            return [...document.querySelectorAll('h1, h2, p, dt, dd, code, .copy, legend, .choice span, output')]
                .filter(element => element.checkVisibility()).map(element => {
                    const both = [light(getComputedStyle(element).color), light(behind(element))].sort((a, b) => b - a);
                    return (both[0] + 0.05) / (both[1] + 0.05);
                });
        }"""
    )
    assert len(ratios) > 10
    assert min(ratios) >= 4.5


@browsing
def test_every_control_has_an_accessible_name(visit):
    page = visit()
    for card in page.locator(".card").all():
        title = card.locator("h2").inner_text()
        assert card.locator("video").get_attribute("aria-label").startswith(f"{title.rstrip('.')}. An animation of")
        assert card.get_by_role("button", name=f"Open {title}", exact=True).count() == 1
        assert card.get_by_role("button", name=f"Copy the command for {title}", exact=True).count() == 1


@browsing
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_poster_has_the_scheme_of_the_page(visit, scheme):
    page = visit(color_scheme=scheme, reduced_motion="reduce")
    for scheme_now in (scheme, "dark", "light"):
        page.emulate_media(color_scheme=scheme_now)
        page.wait_for_timeout(300)
        video = page.locator(".card video").nth(0)
        video.scroll_into_view_if_needed()
        corner = np.asarray(imageio.imread(video.screenshot()))[4, 4, :3]
        assert (corner.mean() > 128) == (scheme_now == "light")


@browsing
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_page_has_no_accessibility_violation(visit, scheme):
    from axe_playwright_python.sync_playwright import Axe

    page = visit(color_scheme=scheme)
    found = Axe().run(page)
    assert not found.violations_count, found.generate_report()
    page.locator(".play").nth(0).click()
    found = Axe().run(page)
    assert not found.violations_count, found.generate_report()


@browsing
def test_without_scripts_clips_and_commands_are_shown(visit):
    page = visit(java_script_enabled=False)
    assert page.locator(".card video[controls]").count() == 3
    assert page.locator("code:visible").count() == 3
    assert page.locator("input:visible, button:visible").count() == 0


FACTS = SceneFacts(LocalText("One", "en"), LocalText("", "en"), "sphere", ("Adam",), "One.", "en")
CARD = Card("one", "animopt one", FACTS)


@pytest.mark.parametrize(
    ("prepare", "arguments", "said"),
    [
        (lambda here: (here / "gallery").write_text("kept"), [], "gallery: is a file; name another folder"),
        (lambda here: ((here / "gallery").mkdir(), (here / "gallery" / "clips").touch()), [], "clips: is a file"),
        (lambda here: (here / "index.html").write_text("kept"), ["-o", "."], "is not the page of a gallery"),
        (lambda here: (here / "index.html").mkdir(), ["-o", "."], "index.html: is a folder"),
        (lambda here: None, ["--size", "321x180"], "an MP4 needs even sides"),
        (lambda here: None, ["--fps", "0"], "fps 0"),
        (lambda here: None, ["nothing-like-it"], "there is no scene"),
        (lambda here: None, ["--workers", "0"], "--workers"),
    ],
)
def test_bad_gallery_is_refused_before_rendering(animopt_here, tmp_path, prepare, arguments, said):
    (tmp_path / "one.py").write_text(SCENES["turning"])
    prepare(tmp_path)
    before = {path: path.is_file() and path.read_bytes() for path in tmp_path.rglob("*")}
    done = animopt_here("gallery", "one.py", *arguments)
    assert done.returncode == 2
    assert said in done.stderr
    assert done.stderr.count("\n") == 1
    assert {path: path.is_file() and path.read_bytes() for path in tmp_path.rglob("*")} == before


@pytest.mark.long
def test_gallery_replaces_its_own_page_and_keeps_other_files(animopt_here, tmp_path):
    folder = tmp_path / "gallery"
    (folder / "clips").mkdir(parents=True)
    (folder / "clips" / "old.mp4").write_text("kept")
    assert save_page(folder, [CARD], SMALL, dark_posters=True) == folder / "index.html"
    page = (folder / "index.html").read_bytes()
    (tmp_path / "broken.py").write_text("1 / 0")
    done = animopt_here("gallery", "broken.py", "--workers", "1")
    assert done.returncode == 1
    assert done.stderr.endswith("animopt: 1 of 1 scenes failed: broken\n")
    assert (folder / "index.html").read_bytes() == page
    save_page(folder, [CARD, CARD], SMALL, dark_posters=False)
    assert (folder / "index.html").read_bytes() != page
    assert {path.name for path in folder.rglob("*")} == {"clips", "old.mp4", "index.html"}


@pytest.mark.parametrize(
    ("lang", "cards", "shown", "found", "optimizers"),
    [
        (None, 1, "1 scene", "{shown} of 1 scene", "Optimizer"),
        ("en", 2, "2 scenes", "{shown} of 2 scenes", "Optimizers"),
        ("en", 1200, "1,200 scenes", "{shown} of 1,200 scenes", "Optimizer"),
        ("ko", 1, "장면 1개", "장면 1개 중 {shown}개", "최적화 기법"),
        ("ko", 2, "장면 2개", "장면 2개 중 {shown}개", "최적화 기법"),
    ],
)
def test_counts_have_the_plural_of_the_language(lang, cards, shown, found, optimizers, tmp_path, read_page):
    card = replace(CARD, facts=replace(FACTS, optimizers=("Adam", "SGD") if cards == 2 else ("Adam",)))
    save_page(tmp_path, [card] * cards, SMALL, lang, dark_posters=False)
    page = read_page((tmp_path / "index.html").read_text("utf-8"))
    assert {shown, found, optimizers} <= set(page.texts)
    assert page.languages[0] == ("html", lang or "en")


@pytest.fixture(scope="module")
def korean_gallery(tmp_path_factory, korean_file):
    """Return the folder of a Korean gallery, and what the command said."""
    folder = tmp_path_factory.mktemp("korean gallery")
    command = [sys.executable, "-m", "animopt", "gallery", str(korean_file), "--lang", "ko", "--workers", "1", *QUICK]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, encoding="utf-8", check=True)
    return folder / "gallery", done.stderr


NAMES = {"SGD", "Adam"} | {"animopt", "two", "racers", "py", "gif", "lang", "ko"} | {"Ctrl"}
"""Optimizers, words of the command, and a key."""


@pytest.mark.long
def test_korean_gallery_has_no_english_word(korean_gallery, read_page):
    folder, said = korean_gallery
    assert said == "1/1 two-racers: done\n"
    page = read_page((folder / "index.html").read_text("utf-8"))
    assert page.words == NAMES
    assert page.languages == [("html", "ko")]
    assert {"골짜기의 두 최적화 기법", "모멘텀은 최소점을 지나친다.", "골짜기", "장면 1개"} <= set(page.texts)
    assert "--lang ko" in "".join(page.texts)
    (alt,) = [each for each in page.texts if "애니메이션" in each]
    assert alt.startswith("골짜기의 두 최적화 기법. ")


@browsing
def test_korean_gallery_has_no_english_word_while_it_is_used(chromium, korean_gallery, read_page):
    from axe_playwright_python.sync_playwright import Axe

    def check():
        found = read_page(page.content())
        assert found.words <= NAMES
        assert set(found.languages) == {(tag, "ko") for tag, _ in found.languages}
        axe = Axe().run(page)
        assert not axe.violations_count, axe.generate_report()

    for options, said in (
        ({"reduced_motion": "reduce"}, "누르면 크게 재생됩니다."),
        ({"has_touch": True, "is_mobile": True}, "스크롤해서"),
        ({}, "마우스를 올리면"),
    ):
        context = chromium.new_context(viewport={"width": 1400, "height": 900}, locale="en-US", **options)
        page = context.new_page()
        page.set_default_timeout(10_000)
        page.goto((korean_gallery[0] / "index.html").as_uri())
        assert said in page.locator("#how").inner_text()
        check()
        if options:
            context.close()
    page.get_by_label("검색").fill("최소점")
    assert page.locator("output").inner_text() == "장면 1개 중 1개"
    # A syllable that is not typed to its end is found as well.
    page.get_by_label("검색").fill("모메")
    assert page.locator("output").inner_text() == "장면 1개 중 1개"
    page.get_by_label("검색").fill("없는 말")
    assert page.locator("output").inner_text() == "장면 1개 중 0개"
    page.get_by_text("조건에 맞는 장면이 없습니다.").wait_for()
    check()
    page.get_by_role("button", name="필터 지우기").click()
    page.get_by_role("checkbox", name="골짜기").check()
    page.get_by_role("button", name="“골짜기의 두 최적화 기법” 명령 복사", exact=True).click()
    page.get_by_text("복사됨").wait_for()
    assert page.locator("#said").inner_text() == "명령을 복사했습니다"
    page.get_by_role("button", name="“골짜기의 두 최적화 기법” 크게 보기", exact=True).click()
    page.get_by_role("dialog", name="골짜기의 두 최적화 기법").wait_for()
    check()
    page.get_by_role("button", name="닫기").click()
    context.close()


def facts_of(scene, folder):
    """Return the facts that a gallery shows of a scene."""
    steps = render_card(scene.replace(seconds=0.4), [Output(folder / "a.mp4", SMALL, 5)])
    assert [next(steps).name, next(steps).name] == ["a.mp4", "a.png"]
    with pytest.raises(StopIteration) as end:
        next(steps)
    return end.value.value.facts


@pytest.mark.parametrize(
    ("lang", "title", "summary", "function", "said"),
    [
        ("en", "Two racers in a ravine", "Momentum overshoots.", "ravine", "An animation of 10 steps"),
        ("ko", "골짜기의 두 최적화 기법", "모멘텀은 최소점을 지나친다.", "골짜기", "10걸음의 애니메이션"),
    ],
)
@pytest.mark.long
def test_facts_are_in_the_chosen_language(lang, title, summary, function, said, tmp_path, korean_file):
    facts = facts_of(animopt.load_scene(korean_file).replace(lang=lang), tmp_path)
    assert (facts.title, facts.summary) == ((title, lang), (summary, lang))
    assert (facts.function, facts.optimizers, facts.lang) == (function, ("SGD", "Adam"), lang)
    assert facts.alt.startswith(f"{title}. ")
    assert said in facts.alt


@pytest.mark.long
def test_missing_notes_are_a_warning_and_marked_as_english(tmp_path, read_page):
    (tmp_path / "one.py").write_text(SCENES["levy"].replace('"fr"', '"en"'), encoding="utf-8")
    scene = animopt.load_scene(tmp_path / "one.py").replace(lang="ko")
    with warnings.catch_warnings(record=True, action="always") as caught:
        facts = facts_of(scene, tmp_path)
    assert [str(each.message) for each in caught] == [
        "title: not in Korean, shown in English; add 'ko'",
        "notes: not in Korean, shown in English; add 'ko'",
    ]
    save_page(tmp_path, [replace(CARD, facts=facts)], SMALL, "ko", dark_posters=False)
    page = read_page((tmp_path / "index.html").read_text("utf-8"))
    assert page.languages == [("html", "ko"), ("h2", "en"), ("p", "en")]
    assert "Adagrad on Lévy's function." in page.texts


def test_card_in_another_language_than_the_page_is_marked(tmp_path, read_page):
    facts = replace(FACTS, title=LocalText("하나", "ko"), summary=LocalText("하나뿐이다.", "ko"), lang="ko")
    save_page(tmp_path, [replace(CARD, facts=facts)], SMALL, dark_posters=False)
    page = read_page((tmp_path / "index.html").read_text("utf-8"))
    assert page.languages == [("html", "en"), ("video", "ko"), ("h2", "ko"), ("p", "ko"), ("dd", "ko")]


def bowl(x):
    return x[0] ** 2 + x[1] ** 2


@pytest.mark.parametrize(
    ("function", "english", "korean"),
    [
        (ravine, "ravine", "골짜기"),
        (rotated(rotated(ravine, 30), 10), "ravine", "골짜기"),
        (levy_13, "Lévy's function no. 13", "레비 함수 13번"),
        (bowl, "bowl", "bowl"),
        (Function(bowl, name="another bowl"), "another bowl", "another bowl"),
        (lambda x: x[0] ** 2 + x[1] ** 2, "unnamed", "이름 없음"),
    ],
)
def test_function_name_has_no_article_and_no_angle(function, english, korean):
    scene = Scene(function=function, racers=[Racer("SGD", lr=0.1)], start=(1, 1))
    assert shown_function(scene) == english
    assert shown_function(scene.replace(lang="ko")) == korean


@pytest.mark.parametrize(
    ("words", "text"),
    [
        (r"Adam with \(\beta_2 = 0.9\) and \(\Omega\)", "Adam with β_2 = 0.9 and Ω"),
        (r"100 % of $5 & \alpha", r"100 % of $5 & \alpha"),
        (r"\(\nabla f\)", r"\nabla f"),
    ],
)
def test_math_in_titles_becomes_plain_text(words, text):
    assert plain_text(words) == text
