"""Sidecars of a clip, as a browser, another decoder and the page around a snippet read them."""

import functools
import html.parser
import shutil
import threading
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from itertools import pairwise

import numpy as np
import pytest
from PIL import Image

from animopt import Function, Output, Question, Racer, Scene, SlowMotion, UsageError
from animopt.functions import ravine, rotated
from animopt.publish.captions import Cue, webvtt
from animopt.publish.sidecars import (
    MAX_CAPTION_SECONDS,
    MIN_CAPTION_SECONDS,
    SUFFIXES,
    cues,
    html_snippet,
    markdown_snippet,
)
from animopt.recording.sentences import alt_text, remarks
from animopt.recording.timeline import Timeline
from animopt.video.film import RACE_PANELS, Film, Staging

SMALL = (320, 180)
QUICK = ["--size", "320x180", "--fps", "5", "--seconds", "4", "--workers", "0"]
KINDS = [kind for kind in SUFFIXES if kind != "iframe"]
"""Kinds of sidecars of clips."""

ALL_KINDS = ",".join(KINDS)
CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
needs_chromium = pytest.mark.skipif(
    CHROMIUM is None, reason="needs Chromium: apt install chromium, or google-chrome from its maker, on the PATH"
)

NAMES = ("A & <b>", 'B "--> quoted"', "*C* [d](e) $x$ \\(y\\) é")


def bowl(x):
    return x[0] ** 2 / 20 + x[1] ** 2 / 4


def scene(**changes):
    racers = [Racer("SGD", lr=rate, name=name) for rate, name in zip((0.9, 1.8, 0.4), NAMES, strict=True)]
    function = Function(bowl, x=(-10, 10), y=(-5, 5), minima=[(0, 0)])
    fields = {"function": function, "racers": racers, "start": (-7, 2), "steps": 40, "seconds": 10}
    fields |= {"title": "A <race> & more"}
    return Scene(**fields | changes)


@pytest.fixture(scope="module")
def recording():
    """Return a race of three racers, two of which reach the minimum."""
    return scene().record()


def check_cues(found, seconds):
    """Assert that captions follow each other without overlaps until the end of the clip."""
    assert found
    assert all(before.end <= after.start for before, after in pairwise(found))
    assert all(0 <= cue.start < cue.end <= seconds for cue in found)
    assert found[-1].end == seconds


def test_caption_appears_at_the_second_of_its_event(recording):
    timeline = Timeline(40, 10)
    found = cues([recording], timeline)
    check_cues(found, 10)
    seconds = {line.casefold(): cue.start for cue in found for line in cue.lines}
    for event in remarks(recording):
        late = seconds[" ".join(event.text.split()).casefold()] - timeline.second_of(event.step)
        assert -0.001 <= late <= MIN_CAPTION_SECONDS
    assert found[0].start == 0
    assert all(cue.end - cue.start >= MIN_CAPTION_SECONDS - 0.001 for cue in found)
    assert all(cue.end - cue.start <= MAX_CAPTION_SECONDS + 0.001 for cue in found[:-1])


@pytest.mark.parametrize(
    ("timeline", "seconds"),
    [
        # The race takes 6 of the 10 seconds, after the card, and the question stops it at step 10.
        (Timeline(40, 10, card=2), [2.0, 8.0]),
        (Timeline(40, 10, question=Question("Who?", step=10, seconds=2)), [0.0, 8.0]),
        (Timeline(40, 10, slow=[SlowMotion(0, 20, times=3)]), [0.0, 8.0]),
        (Timeline(40, 10, loop="seamless"), [0.0, 8.0]),
    ],
    ids=["card", "question", "slow", "seamless"],
)
def test_captions_follow_card_question_and_slow_motion(recording, timeline, seconds):
    found = cues([recording], timeline)
    check_cues(found, 10)
    assert [found[0].start, found[-1].start] == seconds
    reached = next(event for event in remarks(recording) if event.racer == 1)
    cue = next(cue for cue in found if any("at step" in line and line[0] == "B" for line in cue.lines))
    assert timeline.moment(cue.start).step == pytest.approx(reached.step, abs=0.1)


@pytest.mark.parametrize("seconds", [0.5, 1, 2, 3, 5])
def test_captions_of_a_short_clip_are_within_it(recording, seconds):
    found = cues([recording], Timeline(40, seconds))
    check_cues(found, seconds)
    lines = [line for cue in found for line in cue.lines]
    assert len(lines) == len(set(lines)) == len(remarks(recording))


def test_simultaneous_events_share_captions():
    racers = [Racer("SGD", lr=5 + 0.01 * number, name=f"racer {number}") for number in range(6)]
    lost = scene(racers=racers).record()
    found = cues([lost], Timeline(40, 10))
    check_cues(found, 10)
    assert max(len(cue.lines) for cue in found) >= 6
    assert all(cue.end - cue.start >= MIN_CAPTION_SECONDS - 0.001 for cue in found)


def test_with_many_racers_captions_describe_only_the_race():
    many = scene(racers=[Racer("SGD", lr=0.01 * rate, name=f"rate {rate}") for rate in range(1, 10)]).record()
    assert cues([many], Timeline(40, 10))[0].lines[0].startswith("9 racers")
    assert len(cues([many], Timeline(40, 10))) == 2


def test_caption_announces_the_other_races(recording):
    timeline = Timeline(40, 20, races=5)
    cue = next(cue for cue in cues([recording] * 5, timeline) if any("4 more functions" in line for line in cue.lines))
    assert 0 <= cue.start - timeline.other_races_start <= MIN_CAPTION_SECONDS
    assert timeline.moment(timeline.other_races_start - 0.01).race == 0
    assert timeline.moment(timeline.other_races_start + 0.3 * (20 - timeline.other_races_start)).race > 0


def test_timestamps_after_an_hour_are_valid():
    assert "01:02:03.500 --> 02:00:00.000" in webvtt([Cue(3723.5, 7200, ("Late",))])


@pytest.fixture(scope="module")
def pasted(tmp_path_factory):
    """Return a folder with a clip, all its sidecars, and a page with its snippet."""
    folder = tmp_path_factory.mktemp("pasted")
    shown = scene(seconds=4)
    shown.save(Output(folder / "a #1 (é)%20.mp4", SMALL, 5), sidecars=KINDS, workers=0)
    shown.save(Output(folder / "b&c.gif", SMALL, 5), sidecars=["html"], workers=0)
    for name in ("a #1 (é)%20", "b&c"):
        snippet = (folder / f"{name}.html").read_text(encoding="utf-8")
        # The page does not name its encoding.
        (folder / f"{name[0]}-page.html").write_text(f"<!doctype html><title>Page</title>{snippet}", encoding="utf-8")
    return folder, shown


@pytest.fixture(scope="module")
def page(pasted):
    """Return a function that opens a file of the folder in Chromium."""
    playwright = pytest.importorskip("playwright.sync_api", reason='needs playwright: pip install ".[test]"')

    class Quiet(SimpleHTTPRequestHandler):
        def log_message(self, *_):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(Quiet, directory=pasted[0]))
    serving = threading.Thread(target=server.serve_forever)
    serving.start()
    try:
        with playwright.sync_playwright() as driver:
            browser = driver.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])

            def opened(name):
                tab = browser.new_page()
                tab.goto(f"http://127.0.0.1:{server.server_port}/{name}")
                return tab

            yield opened
            browser.close()
    finally:
        server.shutdown()
        serving.join()
        server.server_close()


@needs_chromium
def test_chromium_plays_the_snippet_with_captions_and_poster(pasted, page):
    shown = pasted[1]
    tab = page("a-page.html")
    tab.wait_for_function("document.querySelector('video').readyState >= 2")
    tab.evaluate("document.querySelector('video').textTracks[0].mode = 'hidden'")
    tab.wait_for_function("document.querySelector('video').textTracks[0].cues?.length > 0")
    seen = tab.evaluate(
        """() => {
            const video = document.querySelector('video');
            const cues = [...video.textTracks[0].cues].map(
                cue => [cue.startTime, cue.endTime, cue.getCueAsHTML().textContent]);
            return {size: [video.videoWidth, video.videoHeight, video.width, video.height], seconds: video.duration,
                    plays: [video.autoplay, video.muted, video.loop, video.playsInline, video.controls],
                    kind: video.textTracks[0].kind, label: video.ariaLabel, poster: video.poster, cues};
        }"""
    )
    assert seen["size"] == [320, 180, 320, 180]
    assert seen["seconds"] == pytest.approx(4)
    assert seen["plays"] == [True] * 5
    assert seen["kind"] == "captions"
    assert seen["label"] == alt_text([shown.record()], RACE_PANELS)
    expected = [[cue.start, cue.end, "\n".join(cue.lines)] for cue in cues([shown.record()], Timeline(40, 4))]
    assert seen["cues"] == expected
    assert any(NAMES[0] in text and "-->" in text for _, _, text in seen["cues"])
    loaded = "url => new Promise(done => {const image = new Image(); image.onload = () => done(image.width);"
    assert tab.evaluate(f"{loaded} image.onerror = () => done(0); image.src = url}})", seen["poster"]) == 320


@needs_chromium
def test_chromium_shows_a_gif_with_its_alt_text(pasted, page):
    tab = page("b-page.html")
    tab.wait_for_function("document.querySelector('img').complete")
    image = "document.querySelector('img')"
    seen = tab.evaluate(f"[{image}.naturalWidth, {image}.width, {image}.height, {image}.alt]")
    assert seen == [320, 320, 180, alt_text([pasted[1].record()], RACE_PANELS)]


def test_poster_shows_the_result(pasted):
    folder, shown = pasted
    with Image.open(folder / "a #1 (é)%20.png") as image:
        poster = np.asarray(image.convert("RGB"))
    film = Film(shown.record(), Timeline(40, 4), SMALL, 5, Staging())
    assert np.array_equal(poster, film.at(4))
    seamless = Timeline(40, 10, loop="seamless")
    moment = seamless.moment(seamless.result_second)
    assert (moment.step, moment.hold_progress) == (40, pytest.approx(1))


def test_alt_file_contains_the_alt_text_of_the_race(pasted):
    folder, shown = pasted
    text = (folder / "a #1 (é)%20.txt").read_text(encoding="utf-8")
    assert text == alt_text([shown.record()], RACE_PANELS) + "\n"
    assert "arrives at the minimum" in text
    assert "\\(" not in text


@pytest.mark.long
def test_alt_file_says_what_its_clip_shows(tmp_path):
    def saved(*outputs, **changes):
        short = scene(racers=[Racer("SGD", lr=0.9)], steps=4, seconds=0.2, **changes)
        short.save(*(Output(tmp_path / name, size, 5) for name, size in outputs), sidecars=["alt"], workers=0)
        return (tmp_path / "a.txt").read_text(encoding="utf-8")

    clip = "a.gif", SMALL
    assert "An animation of 4 steps, on contour lines and on the surface. SGD" in saved(clip)
    # animopt replaces its own file, whatever the language and the panels of the clip.
    assert "An animation of 4 steps. SGD" in saved(clip, panels=["loss"])
    assert "등고선 위에 그린 4걸음의 애니메이션. SGD" in saved(clip, lang="ko", layout="contour-only")
    assert " 4걸음의 애니메이션. SGD" in saved(clip, lang="ko", panels=["loss"])
    assert "An animation of 4 steps, on contour lines. SGD" in saved(clip, panels=["multiples"])
    assert "An animation of 4 steps, on the surface. SGD" in saved(clip, panels=["wireframe", "loss"])
    (tmp_path / "a.txt").write_text("An animation of my own.", encoding="utf-8")
    with pytest.raises(UsageError, match=r"a\.txt: exists already and was not written by animopt"):
        saved(clip)


class Page(html.parser.HTMLParser):
    """Return every tag of a page with its attributes, and the text of the page."""

    def __init__(self, text):
        super().__init__()
        self.tags, self.text = [], ""
        self.feed(text)

    def handle_starttag(self, tag, attributes):
        self.tags.append((tag, dict(attributes)))

    def handle_data(self, data):
        self.text += data


AWKWARD = "\" onload='alert(1)' <script> & \\ ` * _ [x](y) $z$ ![i] | ~ -->\n\n# head"


def test_awkward_text_in_snippets_is_escaped():
    for clips in ({"a.mp4": SMALL}, {"a.gif": SMALL}, {"a.zip": SMALL}):
        page = Page(html_snippet(clips, AWKWARD, "a.png", "a.vtt"))
        assert {tag for tag, _ in page.tags} <= {"video", "source", "track", "img", "a"}
        assert not any("onload" in attributes for _, attributes in page.tags)
    text = markdown_snippet({"a.gif": SMALL}, AWKWARD)
    assert text.count("\n") == 3
    body = text.strip().splitlines()[-1]
    for letter in "`*_[]<>&$|~#":
        inside = body[2:].removesuffix("](a.gif)")
        assert all(inside[place - 1] == "\\" for place, each in enumerate(inside) if each == letter), letter


@pytest.mark.parametrize("name", ["it's (1) #a?b%20 é&<.mp4", "a:b.mp4", "[x].mp4"])
def test_file_name_with_special_characters_is_one_link(name):
    from urllib.parse import unquote

    (source,) = (own for tag, own in Page(html_snippet({name: SMALL}, "alt")).tags if tag == "source")
    assert unquote(source["src"]) == name
    link = markdown_snippet({name: SMALL}, "alt").strip().splitlines()[-1].removeprefix("[alt](").removesuffix(")")
    assert unquote(link) == name
    assert not set(link) & set(" ()<>#?:[]")


def test_video_in_markdown_is_its_poster_with_a_link():
    assert markdown_snippet({"a.mp4": SMALL}, "alt", "a.png").endswith("\n[![alt](a.png)](a.mp4)\n")
    assert markdown_snippet({"a.mp4": SMALL, "a.gif": (80, 45)}, "alt", "a.png").endswith("\n![alt](a.gif)\n")


def test_clip_in_several_formats_is_one_video():
    page = Page(html_snippet({"a.gif": (80, 45), "a.mov": SMALL, "a.webm": SMALL, "a.mp4": SMALL}, "alt"))
    assert [tag for tag, _ in page.tags] == ["video", "source", "source", "source"]
    assert [own["src"] for tag, own in page.tags if tag == "source"] == ["a.webm", "a.mp4", "a.mov"]
    assert page.tags[0][1]["width"] == "320"
    assert "poster" not in page.tags[0][1]


@pytest.mark.long
def test_command_writes_the_requested_sidecars(scenes, tmp_path, animopt_here):
    wanted = ["--sidecars", "alt,captions", "--sidecars", "html"]
    done = animopt_here(str(scenes["ravine_adam"]), "-o", "a.gif", "-o", "a.mp4", *wanted, *QUICK)
    assert (done.returncode, done.stderr) == (0, "")
    assert sorted(done.stdout.split()) == sorted(path.name for path in tmp_path.iterdir())
    assert done.stdout.split() == ["a.gif", "a.mp4", "a.vtt", "a.txt", "a.html"]
    tags = dict(Page((tmp_path / "a.html").read_text(encoding="utf-8")).tags)
    assert tags["track"]["src"] == "a.vtt"
    # Write them again, over the same files.
    assert animopt_here(str(scenes["ravine_adam"]), "-o", "a.gif", "--sidecars", ALL_KINDS, *QUICK).returncode == 0


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (
            ["-o", "a.gif", "--sidecars", "alt,thumbnail"],
            "sidecars 'thumbnail': .*poster, captions, alt, markdown, html, iframe",
        ),
        (["-o", "a.png", "--still", "1", "--sidecars", "alt"], "leave out --sidecars"),
        (["-o", "a.gif", "--sidecars", "html"], "a.html: exists already and was not written by animopt"),
        (["-o", "a.gif", "--sidecars", "markdown"], "a.md: exists already"),
        (["-o", "a.gif", "--sidecars", "alt"], "a.txt: exists already"),
        (["-o", "a.gif", "--sidecars", "captions"], "a.vtt: exists already"),
        (["-o", "b.gif", "--sidecars", "poster"], "b.png: is a folder"),
    ],
)
def test_bad_sidecars_are_refused(scenes, tmp_path, animopt_here, arguments, said):
    import re

    for suffix in (".md", ".html", ".txt", ".vtt"):
        (tmp_path / f"a{suffix}").write_text("My own lecture.")
    (tmp_path / "b.png").mkdir()
    before = {path.name for path in tmp_path.iterdir()}
    done = animopt_here(str(scenes["ravine_adam"]), *arguments, *(QUICK if "--still" not in arguments else []))
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.count("\n") == 1
    assert re.search(said, done.stderr)
    assert {path.name for path in tmp_path.iterdir()} == before
    assert (tmp_path / "a.md").read_text() == "My own lecture."


def test_poster_never_replaces_a_clip(tmp_path, monkeypatch):
    from animopt.publish import sidecars

    monkeypatch.setitem(sidecars.SUFFIXES, "poster", ".gif")
    with pytest.raises(UsageError, match=r"a\.gif: would be the clip and its poster"):
        scene().save(Output(tmp_path / "a.gif", SMALL, 5), sidecars=["poster"])
    assert not list(tmp_path.iterdir())


@pytest.mark.long
def test_scene_with_several_functions_has_all_sidecars(tmp_path):
    turning = scene(function=[rotated(ravine, degrees) for degrees in (0, 20)], seconds=4)
    turning.save(Output(tmp_path / "a.gif", SMALL, 5), sidecars=KINDS, workers=0)
    assert "1 more function" in (tmp_path / "a.vtt").read_text(encoding="utf-8")
    assert {path.suffix for path in tmp_path.iterdir()} == {".gif", *map(SUFFIXES.get, KINDS)}
    turning.replace(seconds=5).save(Output(tmp_path / "a.gif", SMALL, 5), sidecars=KINDS, workers=0)
