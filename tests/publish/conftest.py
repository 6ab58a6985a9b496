"""Fixtures of the tests of pages: pages in a browser, and the heads that a clip draws."""

from contextlib import contextmanager
from urllib.parse import urlsplit

import numpy as np
import pytest

from animopt.drawing.artists import Trails


@pytest.fixture
def browse(chromium):
    """A function that opens a file, which must not complain, unless it may, and not use the network.

    Its arguments are the file, the query of its address, the `schemes` of addresses that it may request, a script that
    runs `before` its own ones, whether it `complains`, and options of the browser's context.
    """
    contexts, complaints = [], []

    def opened(file, query="", *, schemes=("file", "data", "blob"), before="", complains=False, **options):
        def check(url):
            if urlsplit(url).scheme not in schemes:
                complaints.append(url)

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

    yield opened
    for context in contexts:
        context.close()
    assert complaints == []


@pytest.fixture(scope="session")
def drawn_heads():
    """A context that gathers the heads that are drawn in a picture of a height in pixels, from its upper left.

    Each panel that is drawn at a moment adds one array (racers, 2).
    """

    @contextmanager
    def gathered(height):
        heads = []
        place = Trails.place

        def note(self, trails, positions, moment):
            heads.append(np.array(positions) * [1, -1] + [0, height])
            return place(self, trails, positions, moment)

        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(Trails, "place", note)
            yield heads

    return gathered
