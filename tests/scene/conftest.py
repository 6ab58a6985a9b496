"""Fixtures of decks and galleries: a scene with Korean texts, and what a reader meets on a page."""

import json
import re
from html.parser import HTMLParser

import pytest

KOREAN = '''"""Momentum overshoots.

This docstring is on no Korean page.
"""

from animopt import Racer, Scene
from animopt.functions import ravine

scene = Scene(
    title={"en": "Two racers in a ravine", "ko": "골짜기의 두 최적화 기법"},
    caption={"en": "Momentum overshoots", "ko": "모멘텀은 지나친다"},
    notes={"ko": "모멘텀은 최소점을 지나친다. 그리고 되돌아온다.\\n\\nSGD는 지그재그로 움직인다."},
    function=ravine,
    racers=[
        Racer("SGD", lr=0.9),
        Racer("SGD", lr=0.1, momentum=0.9, name={"en": "Momentum", "ko": "모멘텀"}),
        Racer("Adam", lr=0.9),
    ],
    start=(-7, 2),
    steps=10,
)
'''

SAID = ("alt", "aria-label", "aria-roledescription", "data-count", "data-next", "data-said", "placeholder", "title")
"""Attributes that are shown or read aloud."""


class Page(HTMLParser):
    """The texts of a page, also those that its script shows, and the language of each element that has one."""

    def __init__(self, source):
        super().__init__()
        self.texts, self.languages, self.element = [], [], ""
        self.feed(source)

    def handle_starttag(self, tag, attrs):
        self.element = tag
        self.texts += [value for name, value in attrs if name in SAID]
        self.languages += [(tag, value) for name, value in attrs if name == "lang"]

    def handle_endtag(self, tag):
        self.element = ""

    def handle_data(self, data):
        if self.element == "script":
            (messages,) = re.findall("^const messages = (.*);$", data, re.MULTILINE)
            self.texts += json.loads(messages).values()
        elif self.element != "style":
            self.texts.append(data)

    @property
    def words(self):
        """The Latin words of two letters or more in the texts."""
        return words_in(" ".join(self.texts))


def words_in(text):
    """Return the Latin words of two letters or more in a text, without the placeholders of values."""
    return set(re.findall("[A-Za-z]{2,}", re.sub(r"\{\w+\}", "", text)))


@pytest.fixture
def read_page():
    """Return the class that reads a page's source."""
    return Page


@pytest.fixture
def latin_words():
    """Return a function that finds the Latin words in a text."""
    return words_in


@pytest.fixture(scope="session")
def korean_file(tmp_path_factory):
    """Return a scene file whose texts are in English and Korean."""
    path = tmp_path_factory.mktemp("korean") / "two_racers.py"
    path.write_text(KOREAN, encoding="utf-8")
    return path
