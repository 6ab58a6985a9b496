"""Interactive pages of scenes in a browser: dropped starts, galleries and decks."""

import warnings

import numpy as np
import pytest

import animopt
from animopt import Output, Racer, Scene
from animopt.deck import save_deck
from animopt.engine.record import batches_of, run
from animopt.functions import himmelblau

SMALL = (320, 180)


@pytest.fixture(scope="module")
def opened(chromium):
    """A function that opens a file without a network, and returns its page."""
    contexts = []

    def open_file(path, query=""):
        context = chromium.new_context(viewport={"width": 1280, "height": 860}, offline=True, reduced_motion="reduce")
        contexts.append(context)
        page = context.new_page()
        page.goto(path.as_uri() + query)
        return page

    yield open_file
    for context in contexts:
        context.close()


@pytest.mark.sampled(1, 1)
@pytest.mark.parametrize(
    ("name", "starts"), [("ravine_race", 200), ("saddle", 30), ("ravine_noise", 30), ("regression_minibatch", 30)]
)
def test_dropped_starts_end_where_torch_ends(opened, scenes, tmp_path, name, starts):
    scene = animopt.load_scene(scenes[name])
    with warnings.catch_warnings():
        # Some of these scenes have panels that a page leaves out.
        warnings.simplefilter("ignore")
        scene.save(Output(tmp_path / "race.html", SMALL), workers=0)
    page = opened(tmp_path / "race.html")
    page.wait_for_selector(".live")
    grid = page.evaluate(
        "(({columns, rows, quantum, x, y}) => ({columns, rows, quantum, x, y}))(animopt.payload.starts)"
    )
    source = np.random.default_rng(0)
    cells = source.integers([grid["columns"], grid["rows"]], size=(starts, 2)).tolist()
    found = page.evaluate(
        """cells => cells.map(([column, row]) => {
          animopt.drop({ column, row });
          const { start, racers } = animopt.run;
          return [start, racers.map(({ xy, values, steps }) => [xy[2 * steps], xy[2 * steps + 1], values[steps]])];
        })""",
        cells,
    )
    function, batches = scene.functions[0], None
    if scene.batch:
        batches = batches_of(function, scene.batch, scene.steps, scene.batch_order, scene.seed)
    scale = page.evaluate("animopt.payload.starts.losses")
    lowest = function.values(np.array(function.minima)).min() if scale["logarithmic"] else 0.0
    floor = np.exp(scale["quantum"] * scale["lowest"]) if scale["logarithmic"] else -np.inf
    checked = 0
    for (column, row), (start, ends) in zip(cells, found, strict=True):
        for axis, index in ((0, column), (1, row)):
            first, last = grid["xy"[axis]]
            assert start[axis] == pytest.approx(first + (last - first) * index / (grid["columns"] - 1), rel=1e-12)
        for racer, (x, y, loss) in zip(scene.racers, ends, strict=True):
            steps = racer.steps or scene.steps
            end = run(function, racer, "a racer", tuple(start), steps, scene.noise, batches, scene.seed).points[-1]
            if x is None or not np.isfinite(x):
                assert not (np.abs(end) < 1e3).all()
                continue
            assert (np.abs(np.array([x, y]) - end) <= np.array(grid["quantum"]) * 0.501).all()
            expected = max(float(function.values(end)) - lowest, floor)
            precision = {"rel": 0.026} if scale["logarithmic"] else {"abs": scale["quantum"]}
            assert loss == pytest.approx(expected, **precision)
            checked += 1
    assert checked > starts


def test_card_of_a_gallery_opens_the_page(opened, scenes, tmp_path, animopt_here):
    quick = ["--seconds", "1", "--fps", "5", "--grid", "8"]
    result = animopt_here("gallery", str(scenes["ravine_sgd"]), "-o", str(tmp_path / "g"), "--pages", *quick)
    assert result.returncode == 0, result.stderr
    page = opened(tmp_path / "g" / "index.html")
    page.get_by_role("link", name="Open the interactive page of").click()
    page.wait_for_selector(".live")
    assert page.url.endswith("/g/pages/ravine-sgd.html")


def test_gallery_without_pages_has_no_links(opened, scenes, tmp_path, animopt_here):
    quick = ["--seconds", "1", "--fps", "5"]
    assert animopt_here("gallery", str(scenes["ravine_sgd"]), "-o", str(tmp_path / "g"), *quick).returncode == 0
    assert not (tmp_path / "g" / "pages").exists()
    assert opened(tmp_path / "g" / "index.html").get_by_role("link").count() == 0


@pytest.fixture(scope="module")
def deck(tmp_path_factory):
    path = tmp_path_factory.mktemp("deck") / "deck.html"
    racers = [Racer("SGD", lr=0.01), Racer("Adam", lr=0.1)]
    scene = Scene(function=himmelblau, racers=racers, start=(0, 0), steps=9, seconds=1, title="One")
    save_deck(path, [scene, scene.replace(title="Two")], SMALL, 5, pages=True, workers=0)
    return path


def test_key_opens_the_page_of_a_slide_and_closes_it(opened, deck):
    page = opened(deck)
    frame = page.frame_locator("#slide-1 iframe")
    page.keyboard.press("i")
    frame.locator(".live").wait_for(state="attached")
    assert page.locator("#page").get_attribute("aria-pressed") == "true"
    # The focus is in the page.
    page.keyboard.press("End")
    assert frame.locator("#step").input_value() == "9"
    page.keyboard.press("i")
    page.locator("#slide-1 iframe").wait_for(state="hidden")
    assert page.locator("#page").get_attribute("aria-pressed") == "false"


def test_page_of_a_slide_is_forgotten_when_it_is_left(opened, deck):
    page = opened(deck)
    page.locator("#page").click()
    page.frame_locator("#slide-1 iframe").locator(".live").wait_for(state="attached")
    page.keyboard.press("PageDown")
    page.locator("#slide-2").wait_for()
    assert page.locator("#slide-1 iframe").get_attribute("srcdoc") is None
    page.keyboard.press("i")
    page.frame_locator("#slide-2 iframe").locator(".live").wait_for(state="attached")


def test_powerpoint_has_no_pages(tmp_path, animopt_here, scenes):
    result = animopt_here("deck", str(tmp_path / "deck.pptx"), str(scenes["ravine_sgd"]), "--pages")
    assert result.returncode == 2
    assert "only an .html deck has interactive pages; leave out --pages" in result.stderr
