"""The built-in lecture."""

import pytest

from animopt import Error, Output
from animopt.lecture.cache import Cache
from animopt.lecture.lecture_file import load_lecture
from animopt.lecture.render import Program, Rendering, timed
from animopt.lecture.subtitles import chapter_remark
from animopt.scene import catalog


def test_built_in_lecture_is_listed_with_the_lectures(scenes):
    assert list(catalog.lectures()) == ["from-sgd-to-adam"]
    assert not catalog.lectures().keys() & catalog.scenes().keys()
    assert len(catalog.scenes()) == len(scenes)


@pytest.mark.long
@pytest.mark.parametrize("lang", ["en", "ko"])
def test_built_in_lecture_has_all_texts_and_events(lang):
    file = load_lecture(catalog.find_lecture("from-sgd-to-adam"))
    numbers = range(1, len(file.lecture.parts) + 1)
    rendering, output = Rendering(lang=lang, speech="", numbers=numbers), Output("a.mp4", fps=30)
    with Cache(keep=False) as kept:
        parts = list(timed(file, rendering, output, kept))
    assert not [part for part in parts if isinstance(part, Error)]
    program = Program(file, rendering, output, tuple(parts))
    assert chapter_remark([(program.start(part), part.title) for part in parts], program.seconds) == ""
    assert all(file.text(number, each) for number in numbers for each in ("en", "ko"))
    assert all(part.is_estimated == bool(part.spoken.marks) for part in parts)
