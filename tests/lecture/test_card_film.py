"""Cards as frames."""

import pickle

import numpy as np
import pytest

from animopt import UsageError
from animopt.drawing.theme import THEMES
from animopt.lecture.card_film import CardFilm, wrapped


def ink(picture, theme):
    """Return the rows and the columns that show something."""
    background = np.array([int(THEMES[theme].background[start : start + 2], 16) for start in (1, 3, 5)])
    shown = (picture != background).any(axis=2)
    return np.flatnonzero(shown.any(axis=1)), np.flatnonzero(shown.any(axis=0))


@pytest.mark.parametrize("size", [(640, 360), (360, 640), (320, 320)])
@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("text", ["Where is the minimum?", "경사 하강법과 그 뒤에 온 것들은?", r"\(x^2/20 + y^2\)"])
def test_words_are_in_the_middle(size, theme, text):
    rows, columns = ink(CardFilm(text, "", size, theme).at(0), theme)
    assert abs((columns[0] + columns[-1]) / 2 - size[0] / 2) < 0.02 * size[0]
    assert abs((rows[0] + rows[-1]) / 2 - size[1] / 2) < 0.03 * size[1]
    assert columns[0] > 0.08 * size[0]


def test_caption_is_below_the_words():
    alone, _ = ink(CardFilm("Adam", "", (640, 360), "light").at(0), "light")
    both, _ = ink(CardFilm("Adam", "and others", (640, 360), "light").at(0), "light")
    assert both[0] < alone[0] < alone[-1] < both[-1]


def test_card_does_not_move_and_can_be_pickled():
    film = CardFilm("Adam", "", (64, 36), "light")
    assert np.array_equal(film.at(0), film.at(3))
    assert np.array_equal(film.at(0), pickle.loads(pickle.dumps(film)).at(0))


def test_lines_are_balanced_and_complete():
    text = "one two three four five six seven eight"
    lines = wrapped(text, len, 20)
    assert " ".join(lines) == text
    assert [len(line) <= 20 for line in lines] == [True, True]
    assert abs(len(lines[0]) - len(lines[1])) <= 5
    assert wrapped("a\nb", len, 20) == ["a", "b"]
    assert wrapped(r"the \(x + y\) here", len, 8) == ["the", r"\(x + y\)", "here"]


def test_wrong_mathtext_is_refused():
    with pytest.raises(UsageError, match="mathtext"):
        CardFilm(r"\(\nothing{\)", "", (64, 36), "light")
