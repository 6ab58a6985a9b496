"""Hostile texts, addresses, data and browsers against the page of a race: it works, or says in a sentence why not."""

import base64
import json
import re
import zlib
from urllib.parse import urlsplit

import numpy as np
import pytest

from animopt import Output, Racer, Scene
from animopt.functions import ravine

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
def visit(chromium, original):
    """A function that opens a page, which may not use the network, and run nothing of what it is given."""
    contexts, complaints = [], []

    def opened(file=original, query="", *, before="", complains=False, **options):
        context = chromium.new_context(**{"viewport": {"width": 1280, "height": 720}, "offline": True} | options)
        contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(10_000)
        if not complains:
            page.on("console", lambda message: complaints.append(message.text))
            page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on("request", lambda request: check(request.url))
        if before:
            page.add_init_script(before)
        page.goto(file.as_uri() + query)
        return page

    def check(url):
        if urlsplit(url).scheme not in ("file", "data", "blob", "about"):
            complaints.append(url)

    yield opened
    for context in contexts:
        context.close()
    assert complaints == []


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
          const { width, height } = animopt.canvas;
          const pixels = new Uint32Array(animopt.context.getImageData(0, 0, width, height).data.buffer);
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
