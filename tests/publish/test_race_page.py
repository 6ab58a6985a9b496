"""The page of a race in a browser, opened from the disk without a network."""

import base64
import hashlib
import io
import json
import re
import zlib
from dataclasses import replace
from graphlib import CycleError
from importlib.resources import files
from itertools import pairwise

import imageio.v3 as imageio
import numpy as np
import pytest
from fontTools.ttLib import TTFont

import animopt
from animopt.drawing.geometry import Camera
from animopt.drawing.loss_curves import fit_axis
from animopt.drawing.viewpoint import ScaledSurface
from animopt.engine.dropped_starts import run_dropped_starts
from animopt.publish.slides import plain_text
from animopt.publish.web_data import Blob, packed
from animopt.publish.web_page import content_hash, embedded_json, page_words, race_page
from animopt.publish.web_scene import page_staging, race_values
from animopt.publish.web_script import inline_script
from animopt.recording.results import Results
from animopt.recording.sentences import remarks
from animopt.recording.starts import AbsentRacer, LossScale, Note
from animopt.scene.races import recordings, staging_of, timeline_of
from animopt.video.film import Film

ALT = "Five racers in a ravine."
GRID = 12
WEB = files("animopt.publish").joinpath("web")
RUN = "window.broken = 1"
HOSTILE_TEXTS = [
    f"</script><script>{RUN}</script>",
    f'<img src=x onerror="{RUN}">',
    f"\"'><svg onload={RUN}>",
    f"<!--<script>{RUN}//",
    f"]]></style><script>{RUN}</script>",
    f"javascript:{RUN}",
    f"{{{{ {RUN} }}}} ${{{RUN}}} {{name}} {{step}} {{% endif %}}",
    f"\\u003cscript>{RUN}\\u003c/script>",
    "__proto__",
    "constructor",
    "$& $1 $$ \\0",
    "\u202e\u2066abc\u200b\u200d\ufeff\u2028\u2029",
    "🏁👩‍👩‍👧 e\u0301 한글 العربية",
    "very long " * 60,
    "unbroken" * 60,
    " ",
]
"""Titles, names and other texts, some of which a careless page would run."""

# The smallest PNG: one pixel.
POSTER = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
)


@pytest.fixture(scope="module")
def scene(scenes):
    return animopt.load_scene(scenes["ravine_race"])


@pytest.fixture(scope="module")
def starts(scene):
    """Races from a grid of starts, without the last racer."""
    (race,) = recordings(scene)
    low, high = fit_axis(Results(race)).low, race.surface
    rectangle = tuple(zip(high.low.tolist(), high.high.tolist(), strict=True))
    *racers, _ = scene.racers
    found = run_dropped_starts(
        scene.functions[0], racers, rectangle, race.last_step, LossScale.of_gaps(low), columns=GRID, rows=GRID
    )
    sensitive = found.sensitive.copy()
    sensitive[1, 3, 4] = True
    last = len(racers)
    absent = (AbsentRacer(last, Note(f"{race.names[last]} cannot be run from dropped starts: a test.")),)
    return replace(found, sensitive=sensitive, absent=absent)


@pytest.fixture(scope="module")
def values(scene, starts):
    found = race_values(recordings(scene), timeline_of(scene), page_staging(staging_of(scene)), ALT)
    return {**found, "notes": ["A note."], "starts": starts}


def made(values, **changes):
    """The page of a race with some values changed."""
    values, blob = {**values, **changes}, Blob()
    starts = values["starts"]
    payload = blob.referenced({**values, "starts": None})
    payload["starts"] = packed(starts).into(blob) if starts else None
    return race_page(payload, blob.text, POSTER)


@pytest.fixture(scope="module")
def folder(tmp_path_factory, values):
    folder = tmp_path_factory.mktemp("a page's folder #1")
    (folder / "race.html").write_text(made(values), encoding="utf-8", newline="\n")
    return folder


@pytest.fixture
def visit(browse, folder):
    """A function that opens a page and waits for its race."""

    def opened(query="", file="race.html", *, live=True, **options):
        page = browse(folder / file, query, **options)
        if live:
            page.wait_for_selector(".live")
        return page

    return opened


def until(page, condition):
    """Wait until a condition in JavaScript is met. The page forbids `wait_for_function`, which evaluates text in it."""
    for _ in range(500):
        if page.evaluate(condition):
            return
        page.wait_for_timeout(20)
    pytest.fail(f"not met in 10 seconds: {condition}")


def heads(page, panel):
    """The heads in a panel, (racers, 2), in pixels of the layout."""
    return np.array(page.evaluate(f"Array.from(animopt.picture.{panel}.heads)")).reshape(-1, 2)


def said(page):
    until(page, "document.querySelector('#status').textContent")
    return page.locator("#status").text_content()


def canvas_of(page, size=(1280, 720)):
    """The picture in a size, (height, width, 3)."""
    url = page.evaluate(
        """([width, height]) => {
          Object.assign(animopt.canvas, { width, height });
          animopt.draw();
          return animopt.canvas.toDataURL();
        }""",
        list(size),
    )
    return imageio.imread(io.BytesIO(base64.b64decode(url.partition(",")[2])))[..., :3].astype(int)


def step_of(page):
    return page.evaluate("animopt.moment.step")


def has_layout(page, width):
    until(page, f"animopt.layout.size[0] === {width}")


# The script


def test_modules_have_scopes_of_their_own():
    script = inline_script(
        {
            "page": 'import { twice } from "./one.js";\nconst helper = 1;\nprint(twice(helper));\n',
            "one": "/** Doc. */\nconst helper = 2;\nexport function twice(x) {\n  return helper * x;\n}\n",
        }
    )
    assert script.index("$one") < script.index("$page")
    assert "const { twice } = $one;" in script
    assert "return { twice };" in script
    assert "export" not in script
    assert "Doc" not in script


@pytest.mark.parametrize(
    "line",
    [
        'import "./one.js";',
        'import * as one from "./one.js";',
        'import one from "./one.js";',
        'import {\n  a,\n} from "./one.js";',
        'import { a } from "https://example.com/one.js";',
        "export { a };",
        "export default 1;",
        "export let a = 1;",
        'const one = await import("./one.js");',
        "const here = import.meta.url;",
    ],
)
def test_other_forms_of_modules_are_refused(line):
    with pytest.raises(ValueError, match="module page"):
        inline_script({"page": f"{line}\n", "one": "export const a = 1;\n"})


def test_missing_names_and_modules_are_refused():
    with pytest.raises(ValueError, match="one does not export b"):
        inline_script({"page": 'import { a, b } from "./one.js";\n', "one": "export const a = 1;\n"})
    with pytest.raises(ValueError, match="module one: not found"):
        inline_script({"page": 'import { a } from "./one.js";\n'})


def test_circle_of_modules_is_refused():
    with pytest.raises(CycleError):
        inline_script(
            {
                "page": 'import { a } from "./one.js";\nexport const b = 1;\n',
                "one": 'import { b } from "./page.js";\nexport const a = 1;\n',
            }
        )


def test_script_that_would_end_its_element_is_refused():
    with pytest.raises(ValueError, match="end early"):
        inline_script({"page": 'const text = "</SCRIPT>";\n'})


def test_json_cannot_end_its_element():
    text = embedded_json({"title": "</script><!--", "number": 1.5})
    assert "<" not in text
    assert json.loads(text) == {"title": "</script><!--", "number": 1.5}


def test_every_word_of_the_script_is_in_the_payload():
    sources = "".join(path.read_text("utf-8") for path in WEB.iterdir() if path.name.endswith(".js"))
    used = set(re.findall(r"\bwords\.(\w+)\b(?!\()", sources)) | {"diverged", "left", "divergedAt", "leftAt"}
    for counts_steps in (False, True):
        assert set(page_words("en", counts_steps=counts_steps)) == used
    # Names in braces are filled by the script.
    for word, text in page_words("ko").items():
        assert set(re.findall(r"\{\w+\}", text)) == set(re.findall(r"\{\w+\}", page_words("en")[word]))


# The picture


@pytest.mark.parametrize("size", [(1280, 860), (768, 1024), (360, 640)])
def test_page_replays_the_recording_at_each_step(visit, values, scene, size):
    page = visit("?step=0", viewport=dict(zip(("width", "height"), size, strict=True)))
    (race,) = recordings(scene)
    layout = page.evaluate("({ size: animopt.layout.size, view: animopt.layout.view, boxes: animopt.layout.boxes })")
    window = page.evaluate("animopt.layout.window")
    scaled, sweep, clip = ScaledSurface(race.surface), values["sweep"], values["clip"]
    for step in range(race.last_step + 1):
        frame = page.evaluate("step => { animopt.seek(step); animopt.draw(); return animopt.frame; }", step)
        turned = np.interp(frame, np.arange(len(clip["turned"])), clip["turned"])
        assert np.interp(frame, np.arange(len(clip["step"])), clip["step"]) == pytest.approx(step, abs=1e-4)
        camera = Camera(sweep["azimuth"] + sweep["turn"] * turned, sweep["elevation"])
        projected, _ = camera.project(scaled.to_camera(np.column_stack([race.xy[:, step], race.z[:, step]])))
        for panel, box, points, low, high in (
            ("above", layout["boxes"]["wireframe"], projected, *zip(*layout["view"].values(), strict=True)),
            ("beside", layout["boxes"]["contour"], race.xy[:, step], *window),
        ):
            parts = (points - low) / (np.array(high) - low)
            wanted = np.column_stack([box[0] + parts[:, 0] * box[2], box[1] + (1 - parts[:, 1]) * box[3]])
            np.testing.assert_allclose(heads(page, panel), wanted, atol=0.5)


@pytest.fixture(scope="module")
def frames(scene, drawn_heads):
    """The clip's first and last frame, and the heads on the surface in each, (racers, 2)."""
    with drawn_heads(720) as drawn:
        timeline = timeline_of(scene)
        film = Film(recordings(scene), timeline, (1280, 720), 25, page_staging(staging_of(scene)))
        pictures = [film.at(0.0)[..., :3].astype(int), film.at(timeline.seconds)[..., :3].astype(int)]
    return pictures, [drawn[0], drawn[2]]


@pytest.mark.parametrize(("step", "index"), [(0, 0), (40, 1)])
def test_page_looks_like_the_clip(visit, values, frames, step, index):
    page = visit(f"?step={step}", viewport={"width": 1280, "height": 860})
    has_layout(page, 1280)
    picture, frame = canvas_of(page), frames[0][index]
    np.testing.assert_allclose(heads(page, "above"), frames[1][index], atol=2)
    left, top, width, height = (round(each) for each in values["layouts"][0]["boxes"]["wireframe"])
    own, clip = (each[top : top + height, left : left + width] for each in (picture, frame))
    difference = np.abs(own - clip).max(axis=-1)
    assert np.median(difference) <= 1
    assert (difference > 12).mean() < 0.06
    # A head whose middle no other head covers has the same color.
    colors = values["themes"]["light"]["hues"]
    for racer, (x, y) in enumerate(np.rint(frames[1][index]).astype(int)):
        others = np.delete(frames[1][index], racer, axis=0)
        if np.abs(others - [x, y]).max(axis=1).min() > 12:
            hue = [int(colors[racer][at : at + 2], 16) for at in (1, 3, 5)]
            np.testing.assert_allclose(picture[y, x], hue, atol=1)
            np.testing.assert_allclose(frame[y, x], hue, atol=1)


def test_surface_of_a_small_picture_has_faces(visit, values):
    page = visit("?step=0", viewport={"width": 360, "height": 640})
    has_layout(page, 360)
    frame = canvas_of(page, (360, 590))
    left, top, width, height = (int(each) for each in page.evaluate("animopt.layout.boxes.wireframe"))
    ground = np.array([int(values["themes"]["light"]["background"][at : at + 2], 16) for at in (1, 3, 5)])
    shown = np.abs(frame[top : top + height, left : left + width] - ground).max(axis=-1) > 20
    # The lines alone cover a twentieth.
    assert shown.mean() > 0.1


# The controls


def test_page_plays_to_the_end_and_again(visit):
    page = visit()
    until(page, "animopt.moment.step > 2")
    page.get_by_role("combobox", name="Speed").select_option("4")
    until(page, "animopt.atEnd && !animopt.playing")
    assert said(page).startswith("step 40 of 40. SGD 0.0017")
    page.get_by_role("button", name="Play again").click()
    until(page, "animopt.playing && animopt.moment.step < 30")
    page.get_by_role("button", name="Pause").click()
    assert not page.evaluate("animopt.playing")


def test_events_are_said_while_the_race_plays(visit, scene):
    expected = [f"{each.text}." for each in remarks(recordings(scene)[0]) if 0 < each.step < 40]
    page = visit("?step=0")
    page.evaluate(
        """() => {
          window.heard = [];
          new MutationObserver(() => window.heard.push(document.querySelector("#status").textContent))
            .observe(document.querySelector("#status"), { childList: true });
          animopt.speed = 4;
          animopt.play();
        }"""
    )
    until(page, "animopt.atEnd && !animopt.playing")
    heard = " ".join(page.evaluate("window.heard"))
    assert expected
    assert all(sentence in heard for sentence in expected)


def test_keys_play_and_go_to_steps(visit):
    page = visit("?step=5")
    page.keyboard.press("ArrowRight")
    assert step_of(page) == 6
    assert said(page).startswith("step 6 of 40. SGD ")
    page.keyboard.press("ArrowLeft")
    page.keyboard.press("ArrowLeft")
    assert step_of(page) == 4
    page.keyboard.press("End")
    assert step_of(page) == 40
    page.keyboard.press("Home")
    assert step_of(page) == 0
    page.keyboard.press(" ")
    until(page, "animopt.playing && animopt.moment.step > 0")
    page.keyboard.press(" ")
    assert not page.evaluate("animopt.playing")


def test_slider_goes_to_steps_and_says_them(visit):
    page = visit("?step=5")
    slider = page.get_by_role("slider", name="Step")
    slider.focus()
    page.keyboard.press("ArrowRight")
    assert step_of(page) == 6
    until(page, "document.querySelector('#step').getAttribute('aria-valuetext') === 'step 6 of 40'")


def test_drag_turns_the_surface_until_the_view_is_reset(visit):
    page = visit("?step=5")
    before = page.evaluate("animopt.currentAngles")
    box = page.locator("#surface").bounding_box()
    page.mouse.move(box["x"] + 200, box["y"] + 200)
    page.mouse.down()
    page.mouse.move(box["x"] + 300, box["y"] + 160, steps=4)
    page.mouse.up()
    after = page.evaluate("animopt.currentAngles")
    assert after["azimuth"] != pytest.approx(before["azimuth"])
    assert after["elevation"] < before["elevation"]
    page.get_by_role("button", name="Reset view").click()
    assert page.evaluate("animopt.currentAngles") == before
    page.wait_for_selector("#reset-view", state="hidden")


def test_keys_turn_the_surface(visit):
    page = visit("?step=5")
    page.locator("#surface").focus()
    before = page.evaluate("animopt.currentAngles")
    page.keyboard.press("ArrowLeft")
    page.keyboard.press("ArrowDown")
    after = page.evaluate("animopt.currentAngles")
    assert after["azimuth"] == pytest.approx(before["azimuth"] + 5)
    assert after["elevation"] == pytest.approx(before["elevation"] - 5)
    assert said(page) == f"Azimuth {round(after['azimuth'])}°, elevation {round(after['elevation'])}°"
    page.keyboard.press("Escape")
    assert page.evaluate("animopt.currentAngles") == before


@pytest.mark.parametrize("area", ["surface", "contour"])
def test_shortcuts_of_the_browser_are_left_to_it(visit, area):
    page = visit("?step=5")
    page.locator(f"#{area}").focus()
    assert (
        page.evaluate(
            """area => ["ctrlKey", "metaKey", "altKey"].flatMap(modifier => ["0", "ArrowLeft", " ", "Enter"].map(
              key => document.getElementById(area).dispatchEvent(
                new KeyboardEvent("keydown", { key, [modifier]: true, bubbles: true, cancelable: true })
              )
            ))""",
            area,
        )
        == [True] * 12
    )
    assert page.evaluate("[animopt.angles, animopt.cell]") == [None, None]


def test_surface_fits_its_box_from_every_side(visit, values):
    page = visit("?step=5")
    page.evaluate("animopt.angles = { azimuth: 10, elevation: 15 }; animopt.draw()")
    left, top, width, height = page.evaluate("animopt.layout.boxes.wireframe")
    pixels = np.array(page.evaluate("Array.from(animopt.surface.pixels)")).reshape(-1, 2)
    pixels = pixels[np.isfinite(pixels).all(axis=1)]
    assert (pixels >= [left, top]).all()
    assert (pixels <= [left + width, top + height]).all()


def center_of(page, point):
    """The pixel of the window at a point of the contour plot."""
    return page.evaluate(
        """([x, y]) => {
          const box = animopt.canvas.getBoundingClientRect(), scale = box.width / animopt.layout.size[0];
          const contour = animopt.backdrop.contour;
          return [box.x + contour.pixelX(x) * scale, box.y + contour.pixelY(y) * scale];
        }""",
        list(point),
    )


def test_click_drops_a_start_from_which_all_racers_run(visit, starts):
    page = visit("?step=5")
    point = starts.x[5] + 0.2, starts.y[7] - 0.1
    page.mouse.click(*center_of(page, point))
    assert page.evaluate("[animopt.cell.column, animopt.cell.row]") == [5, 7]
    assert said(page).startswith("Start at (")
    assert "Adam cannot be run from dropped starts: a test." in page.locator("#about-start").text_content()
    until(page, "animopt.playing && animopt.moment.step > 1")
    page.evaluate("animopt.pause()")
    assert page.evaluate("animopt.run.racers[4]") is None
    for index in range(4):
        points, losses = starts.race(index, 7, 5)
        run = page.evaluate(f"(run => [Array.from(run.xy), Array.from(run.values)])(animopt.run.racers[{index}])")
        np.testing.assert_allclose(np.reshape(run[0], (-1, 2))[1:], points[1:], rtol=1e-5, atol=1e-5)
        np.testing.assert_allclose(run[1], losses, rtol=1e-5)
        np.testing.assert_allclose(run[0][:2], [starts.x[5], starts.y[7]], rtol=1e-6)
    page.get_by_role("button", name="Scene's start").click()
    assert page.evaluate("animopt.run === animopt.own")
    assert said(page) == "This is the scene's own start."


def test_absent_racers_are_named_before_a_start_is_dropped(visit):
    page = visit("?step=5")
    assert page.locator("#about-start").text_content() == (
        "Click on the contour plot to drop a start. The racers then run from there. "
        "Adam cannot be run from dropped starts: a test."
    )


def test_dragged_start_shows_the_whole_race(visit, starts):
    page = visit("?step=5")
    page.mouse.move(*center_of(page, (starts.x[5], starts.y[7])))
    page.mouse.down()
    page.mouse.move(*center_of(page, (starts.x[6], starts.y[6])), steps=4)
    assert page.evaluate("[animopt.cell.column, animopt.cell.row]") == [6, 6]
    assert step_of(page) == 40
    page.mouse.up()
    until(page, "animopt.playing && animopt.moment.step < 40")


def test_touch_drops_a_start(visit, starts):
    page = visit("?step=5", viewport={"width": 360, "height": 640}, has_touch=True, is_mobile=True)
    page.touchscreen.tap(*center_of(page, (starts.x[5], starts.y[7])))
    assert page.evaluate("[animopt.cell.column, animopt.cell.row]") == [5, 7]


def test_keys_drop_a_start(visit, starts):
    page = visit("?step=5")
    page.locator("#surface").focus()
    page.keyboard.press("Tab")
    row, column = starts.nearest(np.array([-7.0, 2.0]))
    for key in ("ArrowRight", "ArrowRight", "ArrowDown"):
        page.keyboard.press(key)
    assert said(page).startswith("(")
    page.keyboard.press("Enter")
    assert page.evaluate("[animopt.cell.column, animopt.cell.row]") == [column + 2, row - 1]
    assert said(page).startswith("Start at (")


def test_crosshair_and_start_stay_in_the_plot(visit, folder, values, starts):
    wide = replace(starts, x=2 * starts.x, y=2 * starts.y)
    (folder / "wide.html").write_text(made(values, starts=wide), encoding="utf-8", newline="\n")
    page = visit("?step=5", "wide.html")
    (left, low), (right, high) = page.evaluate("animopt.layout.window")
    shown = np.flatnonzero((wide.y >= low) & (wide.y <= high))
    page.locator("#surface").focus()
    page.keyboard.press("Tab")
    for _ in range(GRID):
        page.keyboard.press("ArrowUp")
    assert page.evaluate("animopt.crosshair[1]") == pytest.approx(wide.y[shown[-1]])
    page.keyboard.press("Enter")
    assert page.evaluate("animopt.cell.row") == shown[-1]
    page.mouse.move(*center_of(page, ((left + right) / 2, (low + high) / 2)))
    page.mouse.down()
    page.mouse.move(1270, 700, steps=4)
    row, column = page.evaluate("[animopt.cell.row, animopt.cell.column]")
    page.mouse.up()
    assert (row, column) == (shown[0], np.flatnonzero(wide.x <= right)[-1])


def test_start_that_the_plot_does_not_show_is_not_drawn(visit, folder, values, starts):
    wide = replace(starts, x=2 * starts.x, y=2 * starts.y)
    (folder / "wide.html").write_text(made(values, starts=wide), encoding="utf-8", newline="\n")
    page = visit("?step=0", "wide.html")
    (_, (_, high)), (_, top, *_) = page.evaluate("[animopt.layout.window, animopt.layout.boxes.contour]")
    row = int(np.flatnonzero(wide.y > high)[0])
    header = canvas_of(page)[: int(top) - 2]
    page.evaluate("row => animopt.drop({ column: 5, row })", row)
    np.testing.assert_array_equal(canvas_of(page)[: int(top) - 2], header)


@pytest.mark.parametrize("column", [0, GRID - 1])
@pytest.mark.parametrize("row", [0, GRID - 1])
def test_link_to_a_start_in_a_corner_leads_there(visit, folder, values, starts, column, row):
    (folder / "third.html").write_text(
        made(values, starts=replace(starts, x=starts.x / 3, y=starts.y / 3)), encoding="utf-8", newline="\n"
    )
    page = visit("?step=5", "third.html", permissions=["clipboard-read", "clipboard-write"])
    page.evaluate("cell => animopt.drop(cell)", {"column": column, "row": row})
    page.get_by_role("button", name="Copy link").click()
    assert said(page) == "The link is copied."
    page.goto(page.evaluate("navigator.clipboard.readText()"))
    page.wait_for_selector(".live")
    assert page.evaluate("[animopt.cell?.column, animopt.cell?.row]") == [column, row]


@pytest.mark.parametrize(("cells", "accepted"), [(0.49, True), (0.51, False)])
def test_link_to_the_outer_half_of_a_cell_leads_to_its_start(visit, starts, cells, accepted):
    page = visit(f"?step=5&start={starts.x[0] - cells * (starts.x[1] - starts.x[0])},{starts.y[0]}")
    assert page.evaluate("animopt.cell?.column ?? null") == (0 if accepted else None)


@pytest.mark.parametrize("size", [(1280, 720), (768, 1024), (360, 640), (640, 320)])
def test_name_of_a_winner_beside_the_smallest_loss_is_whole(visit, folder, values, starts, size):
    losses = starts.losses.copy()
    racers = range(len(losses))
    for racer in racers:
        losses[..., racer] = 0
        losses[racer, ..., racer] = starts.scale.lowest
    (folder / "least.html").write_text(made(values, starts=replace(starts, losses=losses)), "utf-8", newline="\n")
    page = visit("?step=40", "least.html", viewport=dict(zip(("width", "height"), size, strict=True)))
    cut, winners = page.evaluate(
        """count => {
          const cut = [], winners = [], write = CanvasRenderingContext2D.prototype.fillText;
          CanvasRenderingContext2D.prototype.fillText = function (words, ...place) {
            if (words.endsWith("…")) cut.push(words);
            write.call(this, words, ...place);
          };
          for (let column = 0; column < count; column++) {
            animopt.drop({ column, row: 5 });
            animopt.draw();
            winners.push(animopt.run.winner);
          }
          return [cut, winners];
        }""",
        len(losses),
    )
    assert winners == [*racers]
    names = page.evaluate("animopt.layout.entries?.names ?? []")
    assert [each for each in cut if any(name.startswith(each[:-1]) for name in names)] == []


def test_sensitive_start_is_marked(visit, starts):
    page = visit(f"?start={starts.x[4]},{starts.y[3]}&step=3")
    assert "From here, small differences change the race of Momentum." in page.locator("#about-start").text_content()
    assert page.evaluate("animopt.sensitive")


def test_racers_are_hidden_and_shown(visit):
    page = visit("?step=20")
    page.get_by_role("checkbox", name="Adam").uncheck()
    until(page, "Number.isNaN(animopt.picture.above.heads[8])")
    assert said(page) == "Adam is hidden."
    until(page, "location.search.includes('racers=SGD,Momentum,Adagrad,RMSprop')")
    page.get_by_role("checkbox", name="Adam").check()
    until(page, "!Number.isNaN(animopt.picture.above.heads[8])")


def test_pointer_and_focus_read_a_racer(visit, scene):
    page = visit("?step=20")
    (race,) = recordings(scene)
    x, y = page.evaluate(
        """() => {
          const box = animopt.canvas.getBoundingClientRect(), scale = box.width / animopt.layout.size[0];
          const heads = animopt.picture.beside.heads;
          return [box.x + heads[0] * scale, box.y + heads[1] * scale];
        }"""
    )
    page.mouse.move(x, y)
    tip = page.locator("#tip")
    tip.wait_for()
    assert tip.text_content().startswith("SGD, step 20 of 40: (")
    assert tip.text_content().endswith(f"loss above the minimum {race.gap[0, 20]:.4f}")
    page.mouse.move(5, 5)
    tip.wait_for(state="hidden")
    page.get_by_role("button", name="Save PNG").focus()
    page.keyboard.press("Tab")
    tip.wait_for()
    assert said(page) == tip.text_content()


def test_reading_of_a_clicked_box_ends_with_the_pointer(visit):
    page = visit("?step=20&racers=SGD")
    name, tip = page.get_by_text("Adam", exact=True), page.locator("#tip")
    name.hover()
    # There is no reading of a hidden racer.
    page.wait_for_timeout(100)
    assert not tip.is_visible()
    name.click()
    tip.wait_for()
    page.mouse.move(5, 5)
    tip.wait_for(state="hidden")


def test_reading_under_a_finger_remains_until_the_next_touch(visit):
    page = visit("?step=20", viewport={"width": 360, "height": 640}, has_touch=True, is_mobile=True)
    left, top, scale = page.evaluate(
        """(box => [box.x, box.y, box.width / animopt.layout.size[0]])(animopt.canvas.getBoundingClientRect())"""
    )
    x, y = heads(page, "above")[4]
    page.touchscreen.tap(left + x * scale, top + y * scale)
    page.wait_for_timeout(200)
    tip = page.locator("#tip")
    assert tip.text_content().startswith("Adam, step 20 of 40: (")
    assert tip.is_visible()
    page.get_by_role("button", name="Dark").tap()
    tip.wait_for(state="hidden")


def test_controls_are_large_enough_for_a_finger(visit):
    page = visit("?step=20", viewport={"width": 360, "height": 640}, has_touch=True, is_mobile=True)
    for control in page.locator("#bar :is(button, select, label, #step):visible").all():
        assert control.bounding_box()["height"] >= 44


def test_names_on_the_plots_prefer_the_winner_of_the_race(visit):
    page = visit("?step=5")
    cell = page.evaluate(
        """() => {
          for (let row = 0; row < 12; row++)
            for (let column = 0; column < 12; column++) {
              animopt.drop({ column, row });
              const { winner } = animopt.run;
              if (winner !== null && winner !== animopt.own.winner) {
                const { surfaceLabels, contourLabels } = animopt.picture;
                return [winner, surfaceLabels.order[0], contourLabels.order[0]];
              }
            }
        }"""
    )
    assert cell[1:] == [cell[0]] * 2


def test_word_beside_the_start_is_clear_of_trails_or_missing(visit):
    page = visit("?step=40", viewport={"width": 640, "height": 320})
    places = page.evaluate(
        """() => {
          const places = [];
          for (let row = 0; row < 12; row++)
            for (let column = 0; column < 12; column++) {
              animopt.drop({ column, row });
              const { wordSide, beside, contour, run, layout, payload } = animopt.picture;
              if (!wordSide) continue;
              const letters = Math.max(layout.minText, payload.sizes.labelText * layout.unit);
              const x = contour.pixelX(run.start[0]) + wordSide[0], y = contour.pixelY(run.start[1]) + wordSide[1];
              for (const trail of beside.trails)
                for (let at = 0, { points } = trail?.fine ?? { points: [] }; at < points.length; at += 2)
                  places.push([Math.abs(points[at] - x) / letters, Math.abs(points[at + 1] - y) / letters]);
            }
          return places;
        }"""
    )
    apart = np.array(places)
    assert len(apart) > 100
    assert not ((apart[:, 0] < 0.9) & (apart[:, 1] < 0.4)).any()


def test_address_holds_the_state(visit, starts):
    query = f"?step=12&start={starts.x[4]},{starts.y[3]}&racers=Adam,SGD&theme=dark"
    page = visit(query)
    assert step_of(page) == 12
    assert page.evaluate("[animopt.cell.column, animopt.cell.row]") == [4, 3]
    assert page.evaluate("animopt.shown") == [True, False, False, False, True]
    assert page.evaluate("animopt.theme") == "dark"
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(15, 19, 23)"
    page.keyboard.press("ArrowRight")
    until(page, "location.search.startsWith('?step=13&start=')")
    again = visit(page.evaluate("location.search"))
    assert step_of(again) == 13
    assert again.evaluate("[animopt.cell.column, animopt.cell.row]") == [4, 3]
    assert again.evaluate("animopt.shown") == [True, False, False, False, True]
    assert again.evaluate("animopt.theme") == "dark"


@pytest.mark.parametrize(
    ("query", "names"),
    [
        ("?step=-1", "step"),
        ("?step=41", "step"),
        ("?step=NaN", "step"),
        ("?step=1e999", "step"),
        ("?step=%3Cscript%3E", "step"),
        ("?start=1", "start"),
        ("?start=1,2,3", "start"),
        ("?start=1e9,0", "start"),
        ("?start=,", "start"),
        ("?racers=Nobody", "racers"),
        ("?racers=", None),
        ("?racers=Adam,,SGD", "racers"),
        ("?theme=__proto__", "theme"),
        ("?theme=constructor", "theme"),
        ("?theme=blue&step=x", "step, theme"),
        ("?other=1#step=3", None),
    ],
)
@pytest.mark.sampled(0, 6)
def test_wrong_parameters_are_ignored(visit, query, names):
    page = visit(query, reduced_motion="reduce")
    assert step_of(page) == 0
    assert page.evaluate("animopt.run === animopt.own")
    if names:
        sentence = f"Ignored in the address, as the value is wrong: {names}."
        assert said(page) == sentence
        about = page.locator("#about-start")
        assert about.text_content().startswith(sentence)
        page.keyboard.press("ArrowRight")
        assert about.text_content().startswith("Click on")


def test_picture_is_saved(visit):
    page = visit("?step=12")
    with page.expect_download() as download:
        page.get_by_role("button", name="Save PNG").click()
    assert download.value.suggested_filename == "race-step-12.png"
    picture = imageio.imread(download.value.path())
    assert picture.shape[:2] == (1440, 2560)
    assert picture[..., :3].std() > 5
    assert said(page) == "The picture is saved."


def test_button_changes_the_theme(visit):
    page = visit("?step=12")
    page.get_by_role("button", name="Dark").click()
    until(page, "location.search === '?step=12&theme=dark'")
    assert canvas_of(page)[2, 2].tolist() == [15, 19, 23]
    page.get_by_role("button", name="Light").click()
    until(page, "location.search === '?step=12'")


def test_reduced_motion_neither_plays_nor_turns(visit):
    page = visit(reduced_motion="reduce")
    page.wait_for_timeout(300)
    assert step_of(page) == 0
    angles = page.evaluate("animopt.currentAngles")
    page.get_by_role("button", name="Play").click()
    until(page, "animopt.moment.step > 1")
    assert page.evaluate("animopt.currentAngles") == angles


# Safety and accessibility


def test_without_javascript_poster_and_alt_text_are_shown(visit):
    page = visit(live=False, java_script_enabled=False)
    assert page.locator(".still img").is_visible()
    assert page.locator(".still p", has_text=ALT).is_visible()
    assert page.locator("noscript").inner_text() == "The race runs only with JavaScript."
    assert not page.locator("#bar").is_visible()


def test_print_shows_the_poster(visit):
    page = visit("?step=3")
    assert not page.locator(".still img").is_visible()
    page.emulate_media(media="print")
    assert page.locator(".still img").is_visible()
    assert not page.locator("#bar").is_visible()


def test_network_is_forbidden(chromium, folder):
    page = chromium.new_page()
    page.goto((folder / "race.html").as_uri() + "?step=3")
    page.wait_for_selector(".live")
    blocked = page.evaluate(
        """async () => {
          const blocked = [];
          document.addEventListener("securitypolicyviolation", event => blocked.push(event.violatedDirective));
          await fetch("https://example.com/").catch(() => {});
          const image = new Image();
          image.src = "https://example.com/a.png";
          const script = document.createElement("script");
          script.textContent = "document.title = 'broken'";
          document.body.append(script);
          await new Promise(resolve => setTimeout(resolve, 300));
          return blocked;
        }"""
    )
    assert {each.partition("-elem")[0] for each in blocked} == {"connect-src", "img-src", "script-src"}
    assert page.title() != "broken"
    page.close()


def test_script_has_the_hash_of_the_policy(folder):
    text = (folder / "race.html").read_text("utf-8")
    script = re.search(r'<script type="module">(.*?)</script>', text, re.DOTALL)[1]
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    assert content_hash(script) == f"sha256-{digest}"
    assert f"script-src 'sha256-{digest}'" in text


@pytest.mark.parametrize("text", HOSTILE_TEXTS, ids=range(len(HOSTILE_TEXTS)))
@pytest.mark.sampled(0, 6)
def test_texts_of_a_hostile_scene_do_not_run(visit, folder, values, text):
    racers = [{**racer, "name": text, "settings": text} for racer in values["racers"]]
    layouts = []
    for layout in values["layouts"]:
        line = {**layout["header"]["caption"], "lines": [text]}
        entries = {**layout["entries"], "names": [text] * 5, "settings": [text] * 5}
        header = {**layout["header"], "title": line, "caption": line}
        layouts.append({**layout, "labels": [text] * 5, "header": header, "entries": entries})
    texts = dict.fromkeys(("title", "alt", "heading"), text)
    page = made(values, **texts, racers=racers, layouts=layouts, notes=[text])
    (folder / "hostile.html").write_text(page, encoding="utf-8", newline="\n")
    page = visit("?step=20", "hostile.html")
    assert page.locator("h1").text_content() == plain_text(text)
    assert page.locator(".notes li").last.text_content() == text
    assert page.locator("#racers span").all_text_contents() == [text] * 5
    page.get_by_role("checkbox").first.focus()
    page.keyboard.press("End")
    page.keyboard.press("Tab")
    page.wait_for_timeout(100)
    assert page.evaluate("window.broken") is None
    assert page.locator("script").count() == 3
    assert page.evaluate("document.documentElement.scrollWidth") <= 1280


def damaged_pages(text):
    start = text.index('id="blob">') + len('id="blob">')
    end = text.index("</script>", start)
    blob = text[start:end]
    raw = zlib.decompress(base64.b64decode(blob))
    short = base64.b64encode(zlib.compress(raw[:100])).decode()
    yield "cut", text[:start] + blob[: len(blob) // 2] + text[end:]
    yield "changed", text[:start] + blob[:5000] + ("B" if blob[5000] == "A" else "A") + blob[5001:] + text[end:]
    yield "empty", text[:start] + text[end:]
    yield "no base64", text[:start] + "§" * 100 + text[end:]
    yield "too short", text[:start] + short + text[end:]
    yield "json", re.sub(r'(id="payload">\{)', r"\1,", text)
    yield "end of file", text[:start] + blob[:1000]


def test_damaged_data_is_reported_in_a_sentence(chromium, folder):
    text = (folder / "race.html").read_text("utf-8")
    for name, damaged in damaged_pages(text):
        (folder / "damaged.html").write_text(damaged, encoding="utf-8", newline="\n")
        page = chromium.new_page()
        page.goto((folder / "damaged.html").as_uri())
        if name == "end of file":
            # The script is gone: the poster remains.
            assert page.locator(".still img").is_visible()
        else:
            page.locator("#damaged").wait_for()
            assert page.locator("#damaged").text_content().startswith("The data of this page is damaged"), name
            assert page.locator(".still img").is_visible()
            assert not page.locator("#bar").is_visible()
        page.close()


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"viewport": {"width": 360, "height": 640}, "device_scale_factor": 2},
        {"query": "?theme=dark&step=20"},
        {"file": "ko.html"},
    ],
    ids=["wide", "phone", "dark", "ko"],
)
def test_axe_finds_nothing(visit, folder, values, options):
    from axe_playwright_python.sync_playwright import Axe

    if options.get("file"):
        (folder / "ko.html").write_text(made(values, lang="ko", clock="걸음"), encoding="utf-8", newline="\n")
    page = visit(**{"query": "?step=20", **options})
    result = Axe().run(page)
    assert [each["id"] for each in result.response["violations"]] == []


def test_everything_is_reached_by_the_keyboard(visit):
    page = visit("?step=20")
    reached = []
    for _ in range(16):
        page.keyboard.press("Tab")
        reached.append(page.evaluate("document.activeElement.id || document.activeElement.parentElement.textContent"))
    order = ["surface", "contour", "play", "step", "speed", "theme", "copy-link", "save-image", "SGD", "Momentum"]
    assert reached[: len(order)] == order


@pytest.mark.parametrize("size", [(360, 640), (640, 360), (768, 1024), (1280, 720), (1920, 1080)])
def test_picture_fits_the_window(visit, size):
    width, height = size
    page = visit("?step=20", viewport={"width": width, "height": height})
    box = page.locator("canvas").bounding_box()
    play = page.locator("#play").bounding_box()
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    assert box["x"] >= 0
    assert box["x"] + box["width"] <= width + 0.5
    assert box["y"] + box["height"] <= play["y"] + 0.5
    assert play["y"] + play["height"] <= height
    assert box["width"] * box["height"] > 0.45 * width * height
    text = page.evaluate("animopt.layout.minText * animopt.canvas.clientWidth / animopt.layout.size[0]")
    assert text >= 8.5


def test_steps_between_are_drawn_between_them(visit):
    page = visit("?step=20")
    places = [
        page.evaluate("frame => { animopt.frame = frame; animopt.draw(); return animopt.moment.step; }", frame)
        for frame in np.linspace(0, 250, 400).tolist()
    ]
    assert all(one <= other for one, other in pairwise(places))


def test_fonts_are_in_the_page(visit):
    page = visit("?step=3")
    loaded = page.evaluate("[...document.fonts].map(font => [font.family, font.weight, font.status])")
    assert [each[2] for each in loaded] == ["loaded"] * len(loaded)
    assert {each[0].strip('"') for each in loaded} == {"Animopt Inter"}


@pytest.mark.long
def test_korean_page_has_a_font_with_all_its_letters(values):
    pytest.importorskip("koreanize_matplotlib")
    page = made(values, lang="ko", clock="걸음", title="뷁")
    found = re.findall(
        r'font-family: "Animopt Korean"; font-weight: 400; src: url\(data:font/woff;base64,(.*?)\)', page
    )
    (font,) = (TTFont(io.BytesIO(base64.b64decode(each))) for each in found)
    hangul = {ord(letter) for letter in page if "가" <= letter <= "힣"}
    assert ord("뷁") in hangul
    assert hangul <= set(font.getBestCmap())


def test_many_racers_have_a_list(visit, folder):
    racers = [animopt.Racer("SGD", lr=0.05 * (each + 1)) for each in range(12)]
    scene = animopt.Scene(function=animopt.functions.ravine, racers=racers, start=(-7, 2), steps=6)
    found = race_values(recordings(scene), timeline_of(scene), page_staging(staging_of(scene)), ALT)
    text = made({**found, "notes": [], "starts": None})
    (folder / "many.html").write_text(text, encoding="utf-8", newline="\n")
    for size in ({"width": 1280, "height": 720}, {"width": 360, "height": 640}):
        page = visit("?step=6", "many.html", viewport=size)
        assert page.evaluate("animopt.picture.scoreboard.areas.length") == 12
        assert not page.locator("#contour").is_visible()


def test_page_says_how_accurate_it_is(visit):
    page = visit("?step=3")
    assert page.locator(".notes li").all_text_contents() == [
        "torch has run every race on this page, which has no optimizer of its own.",
        "After a dropped start, positions are accurate to 0.1\u00a0% of the sides of the plot, losses to 2.5\u00a0%.",
        "A note.",
    ]


def test_page_without_a_racer_in_the_grid_says_why(visit, folder, values, starts):
    absent = tuple(AbsentRacer(racer, Note(f"Racer {racer} is slow.")) for racer in range(5))
    shape = starts.known.shape[1:]
    empty = replace(
        starts,
        racers=(),
        absent=absent,
        positions=np.empty((0, 2, starts.steps + 1, *shape), dtype=np.int16),
        losses=np.empty((0, starts.steps + 1, *shape), dtype=np.int16),
        known=np.empty((0, *shape), dtype=np.int64),
        sensitive=np.empty((0, *shape), dtype=bool),
    )
    (folder / "empty.html").write_text(made(values, starts=empty), encoding="utf-8", newline="\n")
    page = visit("?step=6&start=0,0", "empty.html")
    assert said(page) == "Ignored in the address, as the value is wrong: start."
    assert "Racer 0 is slow. Racer 1 is slow." in page.locator("#about-start").text_content()
    assert not page.locator("#contour").is_visible()


def test_pointer_reads_each_step_of_a_trail(visit):
    page = visit("?step=20")
    for panel, (x, y) in {
        "surface": page.evaluate("Array.from(animopt.picture.stepsOnSurface(4).pixels.slice(8, 10))"),
        "curve": page.evaluate("(end => [end.x, end.y])(animopt.picture.scoreboard.curves.endAt(4, 4))"),
    }.items():
        left, top, scale = page.evaluate(
            """() => {
              const box = animopt.canvas.getBoundingClientRect();
              return [box.x, box.y, box.width / animopt.layout.size[0]];
            }"""
        )
        page.mouse.move(left + x * scale, top + y * scale)
        until(page, "!document.querySelector('#tip').hidden")
        assert page.locator("#tip").text_content().startswith("Adam, step 4 of 40: ("), panel


def test_link_is_copied(visit):
    page = visit("?step=12&theme=dark", permissions=["clipboard-read", "clipboard-write"])
    page.get_by_role("button", name="Copy link").click()
    assert said(page) == "The link is copied."
    assert page.evaluate("navigator.clipboard.readText()") == page.url
