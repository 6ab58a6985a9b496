"""Odd letters, texts with methods of their own, and code that ends the process."""

import inspect
import os
from xml.etree import ElementTree

import pytest

from animopt import Output, Question, Racer, Scene, UsageError, load_scene
from animopt.claims import Arrives, Holds
from animopt.core.errors import check_choice
from animopt.deck import save_deck
from animopt.engine.function import Function
from animopt.scene.recipe import Recipe
from animopt.video.metadata import embedded_text

SMALL = (320, 180)


class Raises(str):
    """A text whose methods raise."""

    __slots__ = ()

    def fail(self, *_, **__):
        raise RuntimeError("a method of the text was called")

    __eq__ = __ne__ = __lt__ = __str__ = __repr__ = __format__ = __len__ = __iter__ = __contains__ = __getitem__ = fail
    __add__ = __mod__ = replace = split = strip = casefold = lower = partition = encode = isidentifier = fail
    startswith = endswith = splitlines = find = count = join = isprintable = fail
    __hash__ = str.__hash__


TEXTS = {
    "title": lambda text: {"title": text("odd")},
    "caption": lambda text: {"caption": text("odd")},
    "notes": lambda text: {"notes": text("odd")},
    "texts": lambda text: {"title": {text("en"): text("odd"), text("ko"): text("odd")}},
    "theme": lambda text: {"theme": text("dark")},
    "layout": lambda text: {"layout": text("square")},
    "lang": lambda text: {"lang": text("ko")},
    "loop": lambda text: {"loop": text("seamless"), "surface": text("mesh"), "view": text("domain")},
    "panels": lambda text: {"panels": [text("contour"), text("formula")], "focus": text("SGD")},
    "racer": lambda text: {"racers": [Racer(text("sgd"), name=text("odd"), lr=0.1)]},
    "setting": lambda text: {"racers": [Racer("LBFGS", line_search_fn=text("strong_wolfe"))]},
    "function": lambda text: {"function": bowl(name=text("odd"), formula=text("x^2"), source=text("odd"))},
    "question": lambda text: {"question": Question(text("odd"), seconds=0.1)},
    "claims": lambda text: {"claims": [Arrives(text("SGD")), Holds(text("odd"), lambda race: True)]},
}


def bowl(**fields):
    return Function(lambda x: (x**2).sum(), start=(3, 2), minima=[(0, 0)], **fields)


def scene(**fields):
    given = {"function": bowl(), "racers": [Racer("SGD", lr=0.3)], "seconds": 0.4} | fields
    return Scene(**given)


@pytest.mark.parametrize("field", TEXTS)
@pytest.mark.sampled(1)
def test_text_with_methods_that_raise_is_used_as_a_text(field, tmp_path):
    odd = scene(**TEXTS[field](Raises))
    assert odd.replace(seconds=0.4).title == scene(**TEXTS[field](str)).title
    odd.still(tmp_path / "odd.png", 0.2, SMALL)
    scene(**TEXTS[field](str)).still(tmp_path / "plain.png", 0.2, SMALL)
    recipes = [Recipe.read(embedded_text(tmp_path / f"{name}.png"), name) for name in ("odd", "plain")]
    assert recipes[0].settings == recipes[1].settings
    assert (tmp_path / "odd.png").read_bytes() == (tmp_path / "plain.png").read_bytes()


def test_name_with_methods_that_raise_is_an_output_theme(tmp_path):
    assert type(Output(tmp_path / "a.gif", theme=Raises("dark")).theme) is str
    with pytest.raises(UsageError, match="theme <Raises>: unknown; use a"):
        check_choice("theme", Raises("none"), ["a"])


@pytest.mark.parametrize("suffix", [".pdf", ".svg", ".png"])
@pytest.mark.long
def test_byte_order_mark_in_a_text_is_left_out(tmp_path, suffix):
    marked = scene(title="\ufeffA\ufeff title", caption="\ufeff", racers=[Racer("SGD", name="\ufeffmine")])
    assert (marked.title, marked.caption, marked.racers[0].name) == ("A title", "", "mine")
    marked.still(tmp_path / f"a{suffix}", 0.2, SMALL)


@pytest.mark.parametrize("letter", ["\uffff", "\ufffe"])
@pytest.mark.parametrize("field", ["title", "caption", "notes"])
def test_code_that_is_no_character_is_refused(letter, field):
    with pytest.raises(UsageError, match=rf"^{field} 'a\\uff..': leave out the control character '\\uff..'$"):
        scene(**{field: f"a{letter}"})


@pytest.mark.long
def test_last_letters_that_xml_accepts_are_in_every_file(tmp_path):
    (tmp_path / "odd.py").write_text(
        '"""Docstring \uffff."""\nfrom animopt import Racer, Scene\nfrom animopt.functions import ravine\n'
        "scene = Scene(function=ravine, racers=[Racer('SGD', lr=0.1)], title='a \ufdd0\U0001ffff\U0010ffff', "
        "notes='\ufdd0\U0010ffff', seconds=0.2)\n",
        encoding="utf-8",
    )
    with pytest.warns(UserWarning, match="no font has"):
        load_scene(tmp_path / "odd.py").still(tmp_path / "a.svg", 0.1, SMALL)
    ElementTree.parse(tmp_path / "a.svg")
    for suffix in (".pptx", ".html"):
        with pytest.warns(UserWarning, match="no font has"):
            save_deck(tmp_path / f"a{suffix}", [tmp_path / "odd.py"], SMALL, 5, workers=0)


SCENE = """
import os
from animopt import Function, Racer, Scene

def valley(x):
    {function}
    return (x ** 2).sum()

{file}
scene = Scene(function=Function(valley, start=(3, 2)), racers=[Racer("SGD", lr=0.1)], seconds=0.2)
"""


COMMANDS = {
    "one": ["odd.py", "-o", "a.gif", "--workers", "0"],
    "all": ["all", "odd.py", "--format", "gif"],
    "deck": ["deck", "a.html", "odd.py", "--workers", "0"],
    "still": ["odd.py", "--still", "0.1"],
}


@pytest.mark.parametrize(("file", "function"), [("os._exit(0)", "pass"), ("pass", "os._exit(0)")])
@pytest.mark.parametrize(
    "command", [pytest.param(name, marks=pytest.mark.long if name == "all" else ()) for name in COMMANDS]
)
def test_scene_that_ends_the_process_is_a_failure(tmp_path, animopt_here, command, file, function):
    (tmp_path / "odd.py").write_text(SCENE.format(file=file, function=function))
    done = animopt_here(*COMMANDS[command], "--size", "320x180")
    assert (done.returncode, done.stdout) == (1, "")
    assert "RuntimeError: os._exit(0) would end animopt; leave it out" in done.stderr
    assert "Traceback" not in done.stderr
    assert [path.name for path in tmp_path.iterdir()] == ["odd.py"]
    assert inspect.isbuiltin(os._exit)


@pytest.mark.long
@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
def test_child_process_of_a_scene_can_end_itself(tmp_path, run_animopt):
    fork = "child = os.fork()\nif not child: os._exit(0)\nassert os.waitpid(child, 0) == (child, 0)"
    (tmp_path / "odd.py").write_text(SCENE.format(file=fork, function="pass"))
    done = run_animopt(tmp_path, "odd.py", "--still", "0.1", "-o", "a.png", "--size", "320x180")
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.long
def test_braces_in_a_snippet_run_in_no_generator_of_sites(tmp_path):
    odd = scene(title="a {{ site.secret }} {% raw %} {# b #}")
    odd.save(Output(tmp_path / "a{{ b }}.gif", SMALL, 5), sidecars=["markdown", "html"], workers=0)
    for suffix in (".md", ".html"):
        text = (tmp_path / f"a{{{{ b }}}}{suffix}").read_text(encoding="utf-8")
        assert "secret" in text
        assert not any(mark in text for mark in ("{{", "{%", "{#"))
