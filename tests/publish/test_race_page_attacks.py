"""Hostile texts, addresses, data and browsers against the page of a race: it works, or says in a sentence why not."""

import base64
import json
import re
import zlib
from urllib.parse import quote

import numpy as np
import pytest
import torch

from animopt import Function, Output, Racer, Scene, regression
from animopt.functions import ravine
from animopt.publish.slides import plain_text
from animopt.publish.web_page import race_page

POSTER = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
)
STEPS = 12
DAMAGED = "The data of this page is damaged; copy or make the file again."
TOO_OLD = "This browser cannot show the race; a newer one can."


@pytest.fixture(scope="module")
def original(tmp_path_factory):
    """The file of a page."""
    racers = [
        Racer("SGD", lr=0.9),
        Racer("Adam", lr=0.9),
        Racer("SGD", lr=0.3, name="a,b"),
        Racer("SGD", name="a", lr=1),
    ]
    scene = Scene(function=ravine, racers=[*racers, Racer("SGD", lr=0.6, name="b")], start=(-7, 2), steps=STEPS)
    path = tmp_path_factory.mktemp("page") / "race.html"
    scene.save(Output(path, (320, 180), grid=8), workers=0)
    return path


@pytest.fixture(scope="module")
def text(original):
    return original.read_text(encoding="utf-8")


def content(text, name):
    return re.search(rf'id="{name}">(.*?)</script>', text, re.DOTALL)[1]


@pytest.fixture(scope="module")
def payload(text):
    return json.loads(content(text, "payload"))


@pytest.fixture(scope="module")
def raw(text):
    """The inflated bytes of the page."""
    return zlib.decompress(base64.b64decode(content(text, "blob")))


def with_content(text, name, new):
    return text.replace(content(text, name), new)


def with_payload(text, payload):
    return with_content(text, "payload", json.dumps(payload).replace("<", "\\u003c"))


def with_bytes(text, data):
    return with_content(text, "blob", base64.b64encode(zlib.compress(data, 9)).decode())


@pytest.fixture
def visit(browse, original):
    """A function that opens a page, which may contain another one, and run nothing of what it is given."""

    def opened(file=original, query="", **options):
        return browse(file, query, schemes=("file", "data", "blob", "about"), **options)

    return opened


@pytest.fixture
def visit_text(visit, tmp_path):
    """A function that opens a page with a text."""

    def opened(text, *arguments, encoding="utf-8", **options):
        (tmp_path / "hostile.html").write_bytes(text.encode(encoding))
        return visit(tmp_path / "hostile.html", *arguments, **options)

    return opened


def until(page, condition):
    """Wait until a condition in JavaScript is met."""
    for _ in range(500):
        if page.evaluate(condition):
            return
        page.wait_for_timeout(20)
    pytest.fail(f"not met in 10 seconds: {condition}")


def check_works(page):
    """Check that a page shows its race, goes to its end, runs another one, and fits the window."""
    page.wait_for_selector(".live")
    assert page.locator("canvas").is_visible()
    for state in (
        "",
        "animopt.seek(animopt.payload.last)",
        "animopt.drop({ column: 2, row: 3 })",
        "animopt.drop(null)",
    ):
        page.evaluate(f"{state}; animopt.draw()")
        assert has_picture(page), state
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    assert page.evaluate("document.querySelectorAll('main img[onerror], main b, body > script').length") == 3


def has_picture(page):
    """Whether not all pixels of the picture are equal."""
    return page.evaluate(
        """() => {
          const context = new OffscreenCanvas(160, 90).getContext("2d", { willReadFrequently: true });
          context.drawImage(animopt.canvas, 0, 0, 160, 90);
          const pixels = new Uint32Array(context.getImageData(0, 0, 160, 90).data.buffer);
          return pixels.some(pixel => pixel !== pixels[0]);
        }"""
    )


def check_says(page, sentence):
    """Check that a page shows its poster and a sentence."""
    page.get_by_text(sentence).wait_for()
    assert page.locator(".still img").is_visible()
    assert not page.locator("#bar").is_visible()


def said(page):
    until(page, "document.querySelector('#status').textContent")
    return page.locator("#status").text_content()


# Data


def test_arrays_are_read_as_they_were_stored(visit, payload, raw):
    page = visit()
    page.wait_for_selector(".live")
    checked = 0
    for place in (
        "surface.field",
        "surface.normals",
        "layouts[0].fills[3]",
        "layouts[2].lines[5]",
        "xy",
        "values",
        "lost",
    ):
        reference = payload
        for name in re.findall(r"\w+", place):
            reference = reference[int(name) if name.isdigit() else name]
        count = int(np.prod(reference["shape"]))
        array = np.frombuffer(raw, reference["type"], count, reference["offset"]).reshape(reference["shape"])
        if reference.get("delta"):
            array = np.cumsum(array, axis=0, dtype=array.dtype)
            checked += 1
        np.testing.assert_array_equal(page.evaluate(f"Array.from(animopt.payload.{place}.data)"), array.ravel())
    assert checked


def changed_payload(change):
    """A damage of a payload, which is changed in place."""

    def damage(text, raw):
        payload = json.loads(content(text, "payload"))
        change(payload)
        return with_payload(text, payload)

    return damage


def changed_blob(change):
    return lambda text, raw: with_content(text, "blob", change(content(text, "blob")))


def deflated(data):
    return lambda text, raw: with_bytes(text, data(raw))


DAMAGES = {
    "cut after one letter": changed_blob(lambda blob: blob[:1]),
    "cut after four letters": changed_blob(lambda blob: blob[:4]),
    "cut in the middle": changed_blob(lambda blob: blob[: len(blob) // 8 * 4]),
    "cut before the checksum": changed_blob(lambda blob: blob[: len(blob) // 4 * 4 - 8]),
    "one letter changed": changed_blob(lambda blob: blob[:5000] + ("B" if blob[5000] == "A" else "A") + blob[5001:]),
    "one letter added": changed_blob(lambda blob: f"{blob[:5000]}A{blob[5000:]}"),
    "no base64": changed_blob(lambda blob: f"{blob[:5000]}§{blob[5001:]}"),
    "address-safe base64": changed_blob(lambda blob: blob.replace("+", "-").replace("/", "_")),
    "twice": changed_blob(lambda blob: blob.rstrip("=") * 2),
    "empty": changed_blob(lambda blob: ""),
    "not deflated": lambda text, raw: with_content(text, "blob", base64.b64encode(raw).decode()),
    "gzip": lambda text, raw: with_content(text, "blob", base64.b64encode(zlib.compress(raw, wbits=31)).decode()),
    "no bytes": deflated(lambda raw: b""),
    "last bytes missing": deflated(lambda raw: raw[:-8]),
    "more bytes": deflated(lambda raw: raw + bytes(8)),
    "JSON cut": lambda text, raw: with_content(text, "payload", content(text, "payload")[:5000]),
    "JSON empty": lambda text, raw: with_content(text, "payload", ""),
    "JSON null": lambda text, raw: with_content(text, "payload", "null"),
    "JSON list": lambda text, raw: with_content(text, "payload", "[]"),
    "JSON nested": lambda text, raw: with_content(text, "payload", "[" * 200_000 + "]" * 200_000),
    "no element": lambda text, raw: text.replace('id="blob"', 'id="blub"'),
    **{
        f"without {name}": changed_payload(lambda payload, name=name: payload.pop(name))
        for name in (
            "words",
            "racers",
            "surface",
            "layouts",
            "themes",
            "xy",
            "values",
            "lost",
            "clip",
            "paths",
            "numbers",
        )
    },
    "no layouts": changed_payload(lambda payload: payload.update(layouts=[])),
    "theme that is none": changed_payload(lambda payload: payload.update(theme="constructor")),
    "shape beyond the bytes": changed_payload(lambda payload: payload["xy"].update(shape=[10**6, 10, 2])),
    "shape of terabytes": changed_payload(lambda payload: payload["xy"].update(shape=[10**6, 10**6])),
    "negative shape": changed_payload(lambda payload: payload["xy"].update(shape=[-2, -13])),
    "shape of text": changed_payload(lambda payload: payload["xy"].update(shape=["2", "13"])),
    "negative offset": changed_payload(lambda payload: payload["xy"].update(offset=-4)),
    "odd offset": changed_payload(lambda payload: payload["xy"].update(offset=1)),
    "fractional offset": changed_payload(lambda payload: payload["xy"].update(offset=0.5)),
    "huge offset": changed_payload(lambda payload: payload["xy"].update(offset=1e308)),
    "unknown type": changed_payload(lambda payload: payload["xy"].update(type="constructor")),
    "number in place of an array": changed_payload(lambda payload: payload.update(xy=7)),
}


@pytest.mark.parametrize("name", DAMAGES)
@pytest.mark.sampled(0, 15)
def test_damaged_data_is_reported(visit_text, text, raw, name):
    page = visit_text(DAMAGES[name](text, raw), complains=True)
    check_says(page, DAMAGED)


COUNT_INFLATED = """
  globalThis.inflated = 0;
  globalThis.DecompressionStream = class {
    constructor(format) {
      const { writable, readable } = new (Object.getPrototypeOf(this).constructor.own)(format);
      const transform = (chunk, controller) => { inflated += chunk.length; controller.enqueue(chunk); };
      this.writable = writable;
      this.readable = readable.pipeThrough(new TransformStream({ transform }));
    }
    static own = DecompressionStream;
  };
"""


def test_bytes_that_inflate_a_thousandfold_are_not_inflated(visit_text, text, raw):
    size = 200 * len(raw)
    page = visit_text(with_bytes(text, bytes(size)), before=COUNT_INFLATED, complains=True)
    check_says(page, DAMAGED)
    page.wait_for_timeout(200)
    assert 0 < page.evaluate("inflated") < size / 4


def test_fonts_that_are_damaged_or_refused_do_not_matter(visit_text, text):
    page = visit_text(re.sub(r"(data:font/woff;base64,)[^)]{100}", r"\1AAAA", text), complains=True)
    check_works(page)


@pytest.mark.parametrize("encoding", ["utf-16", "utf-8-sig"])
def test_page_in_another_encoding_works(visit_text, text, encoding):
    check_works(visit_text(text, encoding=encoding))


@pytest.mark.parametrize("part", [0.2, 0.5, 0.9])
def test_page_that_is_cut_shows_its_poster(visit_text, text, part):
    end = text.index('id="payload"') if part < 0.5 else int(part * len(text))
    page = visit_text(text[:end], complains=True)
    page.wait_for_timeout(200)
    assert page.locator(".still img").is_visible()
    assert not page.locator("#bar").is_visible()


# Addresses

MARKUP = quote("""<img src=x onerror="document.title = 'broken'"></script>""")
SHOWN = ["SGD", "Adam", "a,b", "a", "b"]
STATES = {
    "?step=3.7": {"step": 3.7},
    "?step=5&step=x": {"step": 5},
    "?step=5?step=6": {"ignored": "step"},
    "?step=": {"ignored": "step"},
    "?step=Infinity": {"ignored": "step"},
    "?step=-0": {"step": 0},
    "?step=0x5": {"ignored": "step"},
    "?step=%EF%BC%95": {"ignored": "step"},
    "?step=5%00": {"ignored": "step"},
    "?step=%E0%A4%A": {"ignored": "step"},
    f"?step={'9' * 400}": {"ignored": "step"},
    "?step=12.0000001": {"ignored": "step"},
    f"?step={MARKUP}": {"ignored": "step"},
    "?start=Infinity,0": {"ignored": "start"},
    "?start=NaN,NaN": {"ignored": "start"},
    "?start=-7,": {"ignored": "start"},
    "?start=-7;2": {"ignored": "start"},
    "?start=%20-7%20,%202e0": {"start": True},
    f"?start={MARKUP},{MARKUP}": {"ignored": "start"},
    "?racers=a,b": {"racers": ["a", "b"]},
    "?racers=a%2Cb": {"racers": ["a,b"]},
    "?racers=a%2Cb,b": {"racers": ["a,b", "b"]},
    "?racers=SGD,SGD,SGD": {"racers": ["SGD"]},
    "?racers=Adam,": {"racers": ["Adam"]},
    "?racers=": {"racers": []},
    "?racers=SGD,Nobody": {"ignored": "racers"},
    "?racers=constructor": {"ignored": "racers"},
    "?racers=__proto__": {"ignored": "racers"},
    "?racers=sgd": {"ignored": "racers"},
    "?racers=%E0%A4%A": {"ignored": "racers"},
    f"?racers={MARKUP}": {"ignored": "racers"},
    f"?racers={'SGD,' * 20_000}": {"racers": ["SGD"]},
    f"?racers={'x' * 100_000}": {"ignored": "racers"},
    "?theme=print": {"ignored": "theme"},
    "?theme=toString": {"ignored": "theme"},
    "?theme=DARK": {"ignored": "theme"},
    f"?theme={MARKUP}": {"ignored": "theme"},
    "?__proto__=1&constructor=2&=3&&&": {},
    f"#step=3&{MARKUP}": {},
    "?step=4#start=1,2": {"step": 4},
    "?step=x&start=x&racers=x&theme=x": {"ignored": "step, start, racers, theme"},
}


@pytest.mark.parametrize("query", STATES, ids=lambda query: query[:40])
@pytest.mark.sampled(0, 12)
def test_address_leads_to_a_state_or_is_ignored(visit, query):
    state = {"step": 0, "start": False, "racers": SHOWN, "ignored": ""} | STATES[query]
    page = visit(query=query, reduced_motion="reduce")
    check_works(page) if query[1] == "s" else page.wait_for_selector(".live")
    page.reload()
    page.wait_for_selector(".live")
    assert page.evaluate("animopt.moment.step") == pytest.approx(state["step"], abs=1e-6)
    assert page.evaluate("animopt.run !== animopt.own") == state["start"]
    assert (
        page.evaluate("animopt.payload.racers.map(({ name }) => name).filter((_, at) => animopt.shown[at])")
        == state["racers"]
    )
    assert page.evaluate("animopt.theme") == "light"
    assert page.title().endswith(" – animopt")
    message = page.locator("#status").text_content()
    assert message == (
        f"Ignored in the address, as the value is wrong: {state['ignored']}." if state["ignored"] else ""
    )


@pytest.mark.parametrize("hidden", [[], [2], [3, 4], [0, 1, 2, 3, 4]], ids=str)
def test_copied_address_leads_to_the_same_racers(visit, hidden):
    page = visit(query="?step=3")
    page.wait_for_selector(".live")
    for racer in hidden:
        page.locator("#racers input").nth(racer).uncheck()
    page.get_by_role("button", name="Copy link").click()
    until(page, "document.querySelector('#status').textContent.includes('ink')")
    page.wait_for_timeout(400)
    page.reload()
    page.wait_for_selector(".live")
    assert page.evaluate("animopt.shown") == [racer not in hidden for racer in range(5)]
    assert page.locator("#status").text_content() == ""


def test_start_on_the_edge_of_a_cell_is_that_of_a_neighbor(visit, payload):
    starts = payload["starts"]
    width = (starts["x"][1] - starts["x"][0]) / (starts["columns"] - 1)
    page = visit(query=f"?start={starts['x'][0] + 1.5 * width!r},{starts['y'][1]!r}")
    page.wait_for_selector(".live")
    assert page.evaluate("animopt.cell.column") in (1, 2)
    assert page.evaluate("animopt.cell.row") == starts["rows"] - 1


# Texts

TEXTS = {
    "end of a script": """</script><script>document.title = "broken"</script><b>bold</b>""",
    "image": """<img src=x onerror="document.title = 'broken'">""",
    "comment": "<!--<script>",
    "CDATA": "<![CDATA[ ]]>",
    "quotes": """'"`\\'\\"\\`""",
    "template": "${document.title = 'broken'} {{ 7 * 7 }} {% raw %} #{x} <%= 1 %>",
    "names in braces": "{name} {step} {steps} {names} {constructor} {0}",
    "replacement": "$& $1 $` $' $$ %s %(name)s %",
    "line separators": "a\u2028b\u2029c\u0085d",
    "direction": "\u202eevil\u2066 \u2067\u200f",
    "zero width": "a\u200b\u200c\u200d\ufeffb",
    "surrogates": "a\ud800b\udfff",
    "controls": "a\x00\x07\x1b[31mb\x7f",
    "constructor": "constructor",
    "prototype": "__proto__",
    "number": "42",
    "space": " ",
    "empty": "",
    "emoji": "👩‍👩‍👧‍👦🇰🇷🏴󠁧󠁢󠁥󠁮󠁧󠁿" * 20,
    "Korean": "모멘텀 경사하강법 " * 20,
    "marks": "e" + "\u0301" * 500,
    "mathtext": r"$\frac{a}{$ \(x_{\) \nonsense{",
    "long": "x" * 10_000,
    "long words": "words of a title " * 600,
    "reference": "&lt;b&gt; &amp; &#0; &nonsense;",
}


@pytest.fixture(scope="module")
def with_texts(payload, text):
    """A function that returns a page with a text in the place of each text of a scene."""

    def made(words):
        def line(each):
            return each and {**each, "lines": [words] * len(each["lines"])}

        def entries(found):
            return found and {**found, "names": [words] * 5, "settings": [words] * 5}

        layouts = [
            {
                **layout,
                "labels": [words] * 5,
                "entries": entries(layout["entries"]),
                "header": {name: line(each) for name, each in layout["header"].items()},
            }
            for layout in payload["layouts"]
        ]
        racers = [{**racer, "name": words, "settings": words} for racer in payload["racers"]]
        texts = dict.fromkeys(("title", "alt", "heading"), words)
        starts = {**payload["starts"], "absent": [{"racer": 4, "reason": words}]}
        changed = {**payload, **texts, "racers": racers, "layouts": layouts, "starts": starts, "notes": [words]}
        return race_page(changed, content(text, "blob"), POSTER, words)

    return made


@pytest.mark.parametrize("name", TEXTS)
@pytest.mark.sampled(0, 8)
def test_text_is_only_text(visit, tmp_path, with_texts, name):
    # As every text of a scene.
    words = plain_text(TEXTS[name])
    (tmp_path / "texts.html").write_bytes(with_texts(words).encode())
    page = visit(tmp_path / "texts.html", "?step=3", viewport={"width": 360, "height": 640})
    check_works(page)
    page.evaluate("animopt.drop({ column: 2, row: 3 })")
    page.keyboard.press("ArrowRight")
    page.locator("#racers input").first.focus()
    page.keyboard.press("Space")
    page.get_by_role("button", name="Copy link").click()
    page.wait_for_timeout(400)
    assert "broken" not in page.title() or "broken" in words
    assert page.title().endswith("– animopt")
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    assert page.evaluate("document.querySelectorAll('main b, main script, img[onerror]').length") == 0
    assert page.evaluate("Math.max(...animopt.times)") < 2000


# Browsers

REFUSALS = {
    "storage": "Object.defineProperty(window, 'localStorage', { get() { throw new Error('refused'); } });",
    "history": "history.replaceState = history.pushState = () => { throw new Error('refused'); };",
    "clipboard": (
        "Object.defineProperty(navigator, 'clipboard', { value: undefined }); document.execCommand = () => false;"
    ),
}


@pytest.mark.parametrize("name", REFUSALS)
def test_page_works_without_what_a_browser_refuses(visit, name):
    page = visit(query="?step=3", before=REFUSALS[name])
    check_works(page)
    page.evaluate("animopt.seek(3)")
    page.keyboard.press("ArrowRight")
    page.wait_for_timeout(400)
    assert page.url.endswith("?step=3" if name == "history" else "?step=4")
    page.get_by_role("button", name="Copy link").click()
    until(page, "document.querySelector('#status').textContent.includes('ink')")
    if name == "clipboard":
        assert said(page).startswith("Copy this link: file:")
        page.locator("#contour").focus()
        page.keyboard.press("Enter")
        page.get_by_role("button", name="Copy link").click()
        until(page, "document.querySelector('#about-start').textContent.startsWith('Copy this link: file:')")
        page.locator("#contour").focus()
        page.keyboard.press("Enter")
        assert said(page).startswith("Start at (")
        assert page.locator("#about-start").text_content().startswith("Start at (")


def test_old_browser_is_named(visit):
    check_says(visit(before="delete globalThis.DecompressionStream;", complains=True), TOO_OLD)


def test_canvas_that_is_refused_is_reported(visit):
    page = visit(before="HTMLCanvasElement.prototype.getContext = () => null;", complains=True)
    check_says(page, TOO_OLD)


@pytest.mark.parametrize(
    "options",
    [
        {"viewport": {"width": 160, "height": 160}},
        {"viewport": {"width": 320, "height": 180}, "device_scale_factor": 4},
        {"viewport": {"width": 160, "height": 1200}},
        {"viewport": {"width": 2000, "height": 200}},
        {"forced_colors": "active"},
        {"forced_colors": "active", "color_scheme": "dark"},
        {"device_scale_factor": 0.25},
        {"locale": "ar", "timezone_id": "Asia/Seoul"},
    ],
    ids=str,
)
def test_page_fits_any_window(visit, options):
    page = visit(query="?step=3", **options)
    check_works(page)
    page.get_by_role("button", name="Play").scroll_into_view_if_needed()
    assert page.get_by_role("button", name="Play").is_visible()


def test_printed_page_with_a_dropped_start_is_the_poster(visit):
    page = visit(query="?step=3&start=-5,1")
    page.wait_for_selector(".live")
    page.emulate_media(media="print")
    assert page.locator(".still img").is_visible()
    assert not page.locator("canvas").is_visible()
    page.emulate_media(media="screen")
    check_works(page)


@pytest.mark.parametrize(
    "attributes", ['sandbox="allow-scripts"', "", 'sandbox="allow-scripts" style="width: 0; height: 0"']
)
@pytest.mark.parametrize("way", ["src", "srcdoc"])
def test_page_works_in_another_page(visit_text, original, text, way, attributes):
    escaped = text.replace("&", "&amp;").replace('"', "&quot;")
    source = f'src="{original.as_uri()}"' if way == "src" else f'srcdoc="{escaped}"'
    page = visit_text(f"<!doctype html><title>outer</title><iframe {attributes} {source}></iframe>", complains=True)
    frame = page.frames[1]
    frame.wait_for_selector(".live", state="attached")
    frame.evaluate("animopt.seek(3); animopt.drop({ column: 2, row: 3 }); animopt.draw()")
    if way == "srcdoc":
        # It has no address that leads to it.
        assert frame.evaluate("document.querySelector('#copy-link').hidden")
        return
    frame.evaluate("document.querySelector('#copy-link').click()")
    for _ in range(100):
        if frame.evaluate("document.querySelector('#status').textContent"):
            break
        page.wait_for_timeout(50)
    assert "ink" in frame.evaluate("document.querySelector('#status').textContent")
    assert page.title() == "outer"


def test_page_without_javascript_shows_poster_and_words(visit):
    page = visit(java_script_enabled=False)
    assert page.locator(".still img").is_visible()
    assert page.locator("noscript").inner_text() == "The race runs only with JavaScript."


# Scenes


class OwnOptimizer(torch.optim.Optimizer):
    """Gradient descent without any of what torch's optimizers have."""

    def __init__(self, params, lr=0.1):
        super().__init__(params, {"lr": lr})

    @torch.no_grad()
    def step(self, closure=None):
        for group in self.param_groups:
            for parameter in group["params"]:
                parameter -= group["lr"] * parameter.grad


def bowl(factor=1.0, middle=0.0, half=2.0, **fields):
    """A function with values of any size around any point."""
    sides = {"x": (middle - half, middle + half), "y": (middle - half, middle + half)}
    return Function(
        lambda x: factor * (((x[0] - middle) / half) ** 2 + ((x[1] - middle) / half) ** 2), **sides | fields
    )


def racers(*rates):
    return [Racer("SGD", lr=rate) for rate in rates]


MIXED = [Racer("SGD", lr=0.5), Racer("Adam", lr=0.5)]
SCENES = {
    "all diverge": {"racers": [Racer("SGD", lr=1e200), Racer("Adam", lr=1e200)]},
    "one never moves": {"racers": racers(0.0, 0.1)},
    "lost after a step": {
        "function": Function(lambda x: torch.where(x[0] > -0.9, torch.sqrt(-x[0] - 0.9), x[0] ** 2 + x[1] ** 2)),
        "start": (-1, 1),
        "racers": racers(5.0, 6.0),
    },
    "huge losses": {"function": bowl(1e300), "start": (1, 1), "racers": racers(1e-301, 1e-300)},
    "tiny losses": {"function": bowl(1e-300), "start": (1, 1), "racers": racers(1e299, 1e298)},
    "constant": {"function": Function(lambda x: 0 * x[0] + 3), "start": (1, 1)},
    "narrow domain": {"function": bowl(half=1e-9), "start": (5e-10, 5e-10), "racers": racers(1e-19, 1e-20)},
    "narrow domain far from 0": {
        "function": bowl(middle=1.0, half=1e-9),
        "start": (1 + 5e-10, 1 + 4e-10),
        "racers": racers(1e-19, 1e-20),
    },
    "wide domain": {"function": bowl(half=1e9), "start": (5e8, 5e8), "racers": racers(1e17, 1e16)},
    "long domain": {
        "function": Function(lambda x: x[0] ** 2 / 1e6 + x[1] ** 2, x=(-1000, 1000), y=(-1, 1)),
        "start": (500, 0.5),
        "racers": racers(0.1, 1.0),
    },
    "one racer and one step": {"racers": racers(0.5), "steps": 1},
    "fifty racers": {"racers": racers(*np.linspace(0.01, 0.5, 50).round(2).tolist()), "steps": 4},
    "many steps": {"racers": racers(0.01), "steps": 2000},
    "start on a corner": {"function": bowl(), "start": (-2, -2)},
    "start outside": {"function": bowl(), "start": (-5, 4)},
    "holes": {"function": Function(lambda x: torch.log(x[0]) + x[1] ** 2, x=(-2, 2), y=(-2, 2)), "start": (1, 1)},
    "noise": {"noise": 2.0},
    "LBFGS": {"racers": [Racer("LBFGS", lr=0.1), Racer("SGD", lr=0.1)]},
    "own optimizer": {"racers": [Racer(OwnOptimizer, lr=0.5), Racer("Adam", lr=0.5)]},
    "scheduler": {
        "racers": [Racer("SGD", lr=0.5, scheduler=lambda each: torch.optim.lr_scheduler.StepLR(each, 3)), MIXED[1]]
    },
    "box": {"function": bowl(box=((0.5, 1.5), (-1, 1))), "start": (1, 1)},
    "steps of each racer": {"racers": [Racer("SGD", lr=0.5, steps=3), Racer("Adam", lr=0.5, steps=8)]},
    "equal names": {"racers": [Racer("SGD", lr=0.5, name="A"), Racer("SGD", lr=0.1, name="A")]},
    "names of letters": {
        "title": "{name} %s ${x} <!-- ]]> </script>",
        "racers": [
            Racer("SGD", lr=0.1, name=each) for each in ("</script>", "<!--", "__proto__", "42", "모멘텀", "x" * 9999)
        ],
    },
    "regression in batches": {"function": regression.line([0, 1, 2, 3], [1, 3, 4, 9]), "start": (4, -1), "batch": 2},
    "print": {"theme": "print", "lang": "ko", "view": "domain"},
}


@pytest.mark.filterwarnings("ignore::UserWarning")
@pytest.mark.sampled(1, 4)
@pytest.mark.parametrize("name", SCENES)
def test_page_of_a_hostile_scene_shows_its_recording(visit, tmp_path, name):
    fields = {"function": ravine, "racers": MIXED, "start": (-7, 2), "steps": 8, "seconds": 1} | SCENES[name]
    scene = Scene(**fields)
    scene.save(Output(tmp_path / "scene.html", (320, 180), grid=8), workers=0)
    page = visit(tmp_path / "scene.html", "?step=0")
    check_works(page)
    recording = scene.record()
    side = recording.surface.high - recording.surface.low
    losses = recording.z if recording.gap is None else recording.gap
    for racer in range(len(recording.names)):
        own = page.evaluate("racer => (own => [[...own.xy], [...own.values]])(animopt.own.racers[racer])", racer)
        seen = recording.in_view[racer]
        found = np.array(own[0], dtype=float).reshape(-1, 2)
        assert (np.abs(found - recording.xy[racer])[seen] <= 2e-5 * side).all()
        np.testing.assert_allclose(np.array(own[1], dtype=float)[seen], losses[racer][seen], rtol=1e-5)
    page.locator("#racers input").first.focus()
    page.keyboard.press("End")
    assert said(page).strip()
