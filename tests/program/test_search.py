"""Search for scenes that `Scene` accepts but cannot draw, and for texts on which a parser fails."""

import inspect
import json
import logging
import unicodedata
import warnings
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache, partial
from typing import Any

import attrs
import click
import numpy as np
import pytest
import torch
from hypothesis import HealthCheck, Phase, assume, example, given, note, settings
from hypothesis import strategies as st
from PIL import Image

from animopt import Error, Function, Output, Question, Racer, Scene, SettingsMap, SlowMotion, StartsMap, Sweep
from animopt.cli.scene_commands import parse_point
from animopt.core.errors import UsageError, check_size
from animopt.drawing.layout import LAYOUTS, PANELS
from animopt.drawing.theme import THEMES
from animopt.engine.library import all_functions
from animopt.engine.racer import optimizer_table
from animopt.publish.captions import webvtt
from animopt.publish.sidecars import cues
from animopt.recording.sentences import alt_text, remarks
from animopt.regression import line
from animopt.scene.race_spec import race_scene
from animopt.scene.races import recordings, timeline_of
from animopt.scene.recipe import Recipe
from animopt.scene.render import film_of
from animopt.scene.scene_values import recipe_text
from animopt.video.film import PANEL_CLASSES
from animopt.video.metadata import EMBEDDERS, MAX_TEXT_LENGTH, embedded_text
from animopt.video.save import parse_bytes

SEARCH = partial(
    settings,
    derandomize=True,
    database=None,
    deadline=None,
    # Failing examples are small enough to read; hypothesis would need minutes to reduce them.
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.large_base_example],
)
"""Settings of hypothesis: the same examples in each run, and no database of examples."""

NEEDY = {name for name in PANELS if hasattr(PANEL_CLASSES[name], "needs")}
"""Panels that not every scene can have."""

EXPECTED_WARNINGS = [
    "start .*: outside .*; the view is widened to ",
    "no font has ",
    ".*: is .* at every sampled point, so that no racer moves; use ",
    "racer .*: never moves, ",
    "racer .*: asks for no gradient",
    "racer .*: with .*=1 it never forgets",
    ".*: computes in float32 in place of float64; ",
    ".*: not in .*, shown in another language; add ",
]
"""The warnings that a scene may cause.

A start outside the domain, letters without a font, a constant function, an optimizer that does not work, a function
in float32, and a text without a translation.
"""

FORMS = {
    "bowl": lambda u, v: u**2 + v**2,
    "ravine": lambda u, v: u**2 / 100 + v**2,
    "tilt": lambda u, v: u + 2 * v,
    "kinks": lambda u, v: u.abs() + (u - v).abs(),
    "plateaus": lambda u, v: torch.relu(u - 0.3) + torch.relu(-v - 0.5),
    "constant": lambda u, v: 0 * u + 0 * v,
    "one way": lambda u, v: u**2 + 0 * v,
    "saddle": lambda u, v: u**2 - v**2,
    "falling": lambda u, v: -torch.exp(3 * u) - v**2,
    "steep": lambda u, v: torch.exp(100 * u) + v**2,
    "root": lambda u, v: torch.sqrt(u) + v**2,
    "logarithm": lambda u, v: torch.log(u**2 + v) + v,
    "pole": lambda u, v: 1 / u + 1 / v,
    "ring": lambda u, v: torch.log(u**2 + v**2),
    "waves": lambda u, v: torch.sin(9 * u) * torch.cos(7 * v),
    "step": lambda u, v: torch.where(u > 0, 1.0 + u, v**2),
    "island": lambda u, v: torch.where(u**2 + v**2 < 0.09, u**2 + v**2, torch.nan * u),
    "abyss": lambda u, v: torch.where(v > 0, u**2 + v**2, -torch.inf * torch.ones_like(u)),
    "spike": lambda u, v: torch.exp(-1e4 * (u**2 + v**2)),
    "huge": lambda u, v: (u**2 + v**2) * 1e308,
    "quartic": lambda u, v: (u**2 - 0.25) ** 2 + v**4,
}


@dataclass(frozen=True)
class Surface:
    """A function whose repr is Python code: a form or a polynomial, and the center and half width of each axis."""

    form: str | tuple[float, ...]
    across: tuple[float, float] = (0.0, 1.0)
    up: tuple[float, float] = (0.0, 1.0)
    scale: float = 1.0
    offset: float = 0.0
    single: bool = False
    more: dict[str, Any] = field(default_factory=dict)

    def definition(self, x: Any) -> Any:
        u, v = ((x[axis] - middle) / half for axis, (middle, half) in enumerate((self.across, self.up)))
        if isinstance(self.form, str):
            value = FORMS[self.form](u, v)
        else:
            powers = [(i, j) for i in range(4) for j in range(4 - i)]
            value = sum(each * u**i * v**j for each, (i, j) in zip(self.form, powers, strict=False))
        value = self.offset + self.scale * value
        return value.float() if self.single else value

    def at(self, point: tuple[float, float]) -> tuple[float, float]:
        """A point of the domain, given by coordinates from -1 to 1."""
        return tuple(middle + half * part for (middle, half), part in zip((self.across, self.up), point, strict=True))

    def function(self) -> Function:
        x, y = ((middle - half, middle + half) for middle, half in (self.across, self.up))
        points = {
            name: [self.at(point) for point in self.more[name]] for name in ("minima", "saddles") if name in self.more
        }
        return Function(self.definition, x=x, y=y, **{**self.more, **points})


@dataclass(frozen=True)
class Request:
    """A scene and a picture of it, whose repr is Python code."""

    surfaces: tuple[Surface | str | tuple[tuple[float, ...], tuple[float, ...]], ...]
    racers: tuple[tuple[str, dict[str, Any]], ...]
    fields: dict[str, Any] = field(default_factory=dict)
    sweep: dict[str, list[Any]] | None = None
    size: tuple[int, int] = (320, 180)
    theme: str | None = None
    transparent: bool = False
    titled: bool = True
    part: float = 0.5
    svg: bool = False

    def scene(self) -> Scene:
        functions = [self._function(each) for each in self.surfaces]
        racers: Any = [Racer(name, **self._settings(settings)) for name, settings in self.racers]
        if self.sweep:
            racers = Sweep(racers[0], **self.sweep)
        fields = self.fields
        if "start" in fields and isinstance(self.surfaces[0], Surface):
            fields = {**fields, "start": self.surfaces[0].at(fields["start"])}
        return Scene(function=functions if len(functions) > 1 else functions[0], racers=racers, **fields)

    def _settings(self, settings: dict[str, Any]) -> dict[str, Any]:
        settings = dict(settings)
        if "scheduler" in settings:
            settings["scheduler"] = SCHEDULERS[settings["scheduler"]]
        if "start" in settings and isinstance(self.surfaces[0], Surface):
            settings["start"] = self.surfaces[0].at(settings["start"])
        return settings

    @staticmethod
    def _function(each: Any) -> Function:
        if isinstance(each, str):
            return all_functions()[each]
        return each.function() if isinstance(each, Surface) else line(*each)


SCHEDULERS = {
    "StepLR": lambda optimizer: torch.optim.lr_scheduler.StepLR(optimizer, 2),
    "ExponentialLR": lambda optimizer: torch.optim.lr_scheduler.ExponentialLR(optimizer, 3.0),
    "LambdaLR": lambda optimizer: torch.optim.lr_scheduler.LambdaLR(optimizer, lambda step: 0.0),
    "ReduceLROnPlateau": lambda optimizer: torch.optim.lr_scheduler.ReduceLROnPlateau(optimizer, patience=0),
    "CosineAnnealingLR": lambda optimizer: torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, 3),
    "OneCycleLR": lambda optimizer: torch.optim.lr_scheduler.OneCycleLR(optimizer, 0.1, total_steps=50),
    "Nonsense": lambda optimizer: 3,
}

numbers = st.one_of(
    st.floats(-10, 10),
    st.sampled_from([0.0, -0.0, 1.0, 0.5, 1e-300, 1e-12, 1e-8, 1e-3, 1e3, 1e8, 1e15, 1e150, 1e300]),
)
parts = st.one_of(st.sampled_from([-1.0, -0.7, 0.0, 0.3, 1.0]), st.floats(-1, 1))
points = st.tuples(parts, parts)
points_outside = st.one_of(points, st.tuples(st.floats(-30, 30), st.floats(-30, 30)))

texts = st.one_of(
    st.text(max_size=12),
    st.text(alphabet="abcdefgh ij", max_size=200),
    st.sampled_from(
        [
            "",
            " ",
            "\n",
            "two\nlines",
            "Five optimizers in a ravine",
            "골짜기의 다섯 최적화 기법",
            "日本語のタイトル",
            "سباق المحسنات",
            "מרוץ",
            "🏁🚀👩‍🚀",
            "e\u0301\u0301\u0301",
            "$5 and $6",
            "$$",
            "a_b^c {x} \\alpha 100 %",
            r"\(",
            r"\)",
            r"\(\)",
            r"\(x^2\)",
            r"\(\beta_1\) at $5",
            r"\(\frac{1}{2}\) and \(\sqrt{x}\)",
            r"\(x_{\)",
            r"\(\nosuch\)",
            r"\(a\) \(b\) \(c\)",
            r"\(\mathrm{\ 한}\)",
            "\\",
            "x" * 300,
            r"\(x\) " * 40,
            "\x1b[31mred",
            "\x00",
            "\u202e",
            "\ud800",
            "\t",
            "]]>",
            "<b>&amp;</b>",
            "%(name)s {} {0}",
        ]
    ),
)
slow_motions = st.builds(
    lambda first, steps, exponent: SlowMotion(first, first + steps, 2.0 ** (9 * exponent)),
    parts.map(abs),
    st.floats(0.01, 9),
    parts,
)


def question_or_none(*given: Any) -> Question | None:
    """A question, or None if its text is refused."""
    try:
        return Question(*given)
    except UsageError as error:
        one_line(error)
        return None


translations = st.one_of(texts, st.dictionaries(st.sampled_from(["en", "ko", "de"]), texts, max_size=2))
formulas = st.sampled_from(["", "x^2 + y^2", r"\frac{x}{y}", "x_", "$", r"\nosuch", "x" * 150, "한글", "%", "{", " "])


@cache
def optimizers() -> list[tuple[str, dict[str, Any]]]:
    """The names of torch's optimizers that can run, with the defaults of their settings."""
    names = [name for name, _, reason in optimizer_table() if not reason]
    return [
        (
            name,
            {
                key: each.default
                for key, each in inspect.signature(getattr(torch.optim, name)).parameters.items()
                if key != "params"
            },
        )
        for name in names
    ]


@st.composite
def surfaces(draw: Any, *, minima: bool) -> Surface:
    """Surfaces of every form on domains of any size."""
    sides = st.one_of(
        st.just((0.0, 1.0)),
        st.sampled_from(
            [(0.0, 10.0), (0.0, 1e-8), (0.0, 1e8), (1e6, 1.0), (-3.0, 1e-3), (0.0, 1e-150), (0.0, 1e150), (1e8, 1e-6)]
        ),
        st.tuples(st.floats(-1e3, 1e3), st.floats(1e-3, 1e3)),
    )
    across = draw(sides)
    up = draw(st.one_of(st.just(across), st.sampled_from([(0.0, across[1] * 1000), (0.0, across[1] / 1000)]), sides))
    # In a smaller domain, floats cannot represent a hundred different points.
    assume(all(abs(middle) < 1e13 * half for middle, half in (across, up)))
    form = draw(st.one_of(st.sampled_from(sorted(FORMS)), st.lists(numbers, min_size=1, max_size=10).map(tuple)))
    more: dict[str, Any] = {}
    if minima or draw(st.booleans()):
        more["minima"] = draw(st.lists(points, min_size=1, max_size=draw(st.sampled_from([1, 2, 30]))))
    if draw(st.integers(0, 4)) == 0:
        more["saddles"] = draw(st.lists(points, max_size=2))
        more["name"] = draw(texts)
    if draw(st.integers(0, 3)) == 0:
        more["formula"] = draw(formulas)
    return Surface(
        form,
        across,
        up,
        draw(st.one_of(st.just(1.0), numbers)),
        draw(st.one_of(st.just(0.0), numbers)),
        draw(st.integers(0, 9)) == 0,
        more,
    )


@st.composite
def racers(draw: Any) -> tuple[str, dict[str, Any]]:
    """The name of an optimizer and its settings, valid or not."""
    name, defaults = draw(st.sampled_from(optimizers()))
    given: dict[str, Any] = {}
    if "lr" in defaults:
        rate = st.sampled_from([0.001, 0.01, 0.1, 0.5, 0.9, 1.0])
        given["lr"] = draw(st.one_of(rate, rate, numbers.map(abs)))
    for key in draw(st.lists(st.sampled_from(sorted(defaults)), max_size=3, unique=True)):
        default = defaults[key]
        if key in {"lr", "foreach", "fused", "capturable", "differentiable"}:
            continue
        if isinstance(default, bool):
            given[key] = draw(st.booleans())
        elif isinstance(default, int) and default > 1:
            given[key] = draw(st.integers(0, 30))
        elif isinstance(default, (int, float)):
            given[key] = draw(st.one_of(st.floats(0, 1), st.floats(0, 1), numbers, st.integers(0, 30)))
        elif isinstance(default, tuple):
            given[key] = draw(
                st.tuples(*[st.one_of(st.floats(0, 0.9999), st.floats(0, 0.9999), numbers)] * len(default))
            )
        elif key == "line_search_fn":
            given[key] = "strong_wolfe"
    if draw(st.integers(0, 3)) == 0:
        given["name"] = draw(texts)
    if draw(st.integers(0, 4)) == 0:
        given["start"] = draw(points_outside)
    if draw(st.integers(0, 4)) == 0:
        given["steps"] = draw(st.integers(1, 30))
    if draw(st.integers(0, 5)) == 0:
        given["scheduler"] = draw(st.sampled_from(sorted(SCHEDULERS)))
    return name, given


@st.composite
def requests(draw: Any) -> Request:
    """Scenes, and pictures of them."""
    kind = draw(st.integers(0, 9))
    fields: dict[str, Any] = {}
    if kind == 0:
        rows = draw(st.integers(2, 12))
        column = st.lists(numbers, min_size=rows, max_size=rows).map(tuple)
        shown: tuple[Any, ...] = ((draw(column), draw(column)),)
        if draw(st.booleans()):
            fields["batch"] = draw(st.integers(1, rows))
        fields["start"] = draw(points_outside)
    elif kind == 1:
        shown = (draw(st.sampled_from(sorted(all_functions()))),)
        if draw(st.booleans()):
            fields["start"] = draw(points_outside)
    else:
        shown = tuple(draw(st.lists(surfaces(minima=kind == 4), min_size=1, max_size=3 if kind == 2 else 1)))
        fields["start"] = draw(st.one_of(points, points, points_outside))
    running = draw(st.lists(racers(), min_size=1, max_size=draw(st.sampled_from([1, 2, 3, 5, 14]))))
    if len(running) > 1 and draw(st.integers(0, 5)) == 0:
        running[1] = running[0]
    sweep = None
    if kind == 3:
        key = draw(st.sampled_from(["lr", "weight_decay", "steps", "start", "momentum", "betas"]))
        value = {"steps": st.integers(1, 20), "start": points, "betas": st.tuples(parts, parts)}.get(key, numbers)
        sweep = {key: draw(st.lists(value, min_size=1, max_size=9))}
    if kind == 4 and "batch" not in fields:
        if draw(st.booleans()):
            fields["map"] = StartsMap(draw(st.integers(1, 9)), draw(st.integers(1, 9)))
        else:
            values = st.lists(st.one_of(st.floats(0, 1), numbers), min_size=2, max_size=4)
            second = draw(st.sampled_from(["momentum", "weight_decay", "eps", "maximize", "alpha"]))
            fields["map"] = SettingsMap(lr=draw(values), **{second: draw(values)})
    lacking: set[str] = set()
    if draw(st.integers(0, 9)):
        lacking = NEEDY - (set() if kind else {"fit"}) - ({"map", "tally"} if fields.get("map") else set())
    if draw(st.integers(0, 5)) == 0 and "map" not in fields:
        fields["noise"] = draw(numbers.map(abs))
    fields["steps"] = draw(st.one_of(st.integers(1, 40), st.sampled_from([1, 2, 300])))
    fields["seconds"] = draw(st.one_of(st.sampled_from([0.01, 0.5, 1.0, 3.0, 1e5]), st.floats(0.001, 5)))
    fields["seed"] = draw(st.sampled_from([0, 0, 1, 2**40]))
    for key, strategy, odds in [
        ("title", translations, 2),
        ("caption", translations, 2),
        ("theme", st.sampled_from(sorted(THEMES)), 3),
        ("layout", st.sampled_from([*LAYOUTS, "auto"]), 2),
        ("panels", st.lists(st.sampled_from(sorted(set(PANELS) - lacking)), min_size=1, unique=True), 1),
        ("ordered", st.booleans(), 4),
        ("loop", st.sampled_from(["plain", "seamless"]), 2),
        ("card", st.floats(0, fields["seconds"] / 2), 3),
        (
            "question",
            st.builds(question_or_none, translations, st.floats(0, 40), st.floats(0.0001, fields["seconds"] / 4)),
            4,
        ),
        ("slow", st.lists(slow_motions, max_size=2), 4),
        ("lang", st.sampled_from(["en", "ko", "xx", ""]), 4),
    ]:
        if draw(st.integers(0, odds)) == 0:
            fields[key] = draw(strategy)
    if draw(st.integers(0, 4)) == 0:
        fields["focus"] = running[-1][1].get("name", "")
    side = st.one_of(st.sampled_from([160, 200, 320, 500]), st.integers(160, 500))
    size = draw(st.one_of(st.tuples(side, side), st.sampled_from([(160, 900), (900, 160), (160, 160), (480, 270)])))
    return Request(
        shown,
        tuple(running),
        fields,
        sweep,
        size,
        draw(st.sampled_from([None, None, "dark", "print"])),
        draw(st.integers(0, 4)) == 0,
        draw(st.integers(0, 4)) != 0,
        draw(st.floats(0, 1)),
        draw(st.integers(0, 5)) == 0,
    )


class FailingHandler(logging.Handler):
    """Fails when anything is logged."""

    def emit(self, record: logging.LogRecord) -> None:
        raise AssertionError(f"{record.name} logged: {record.getMessage()}")


@contextmanager
def warnings_as_errors() -> Any:
    """Fail on warnings, except the expected ones, and on anything that is logged."""
    handler = FailingHandler(logging.WARNING)
    logging.getLogger().addHandler(handler)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            for message in EXPECTED_WARNINGS:
                warnings.filterwarnings("ignore", message)
            yield
    finally:
        logging.getLogger().removeHandler(handler)


def one_line(error: Exception) -> str:
    """The message of an error, after a check that it is one line without control characters."""
    message = str(error)
    assert message
    assert len(message.splitlines()) == 1, message
    assert not {unicodedata.category(letter) for letter in message} & {"Cc", "Cs", "Zl", "Zp"}, message
    return message


def refusal(request: Request, folder: Any) -> str:
    """The error with which a request is refused, or "" after its pictures are drawn and checked."""
    with warnings_as_errors():
        try:
            scene = request.scene()
        except UsageError as error:
            return one_line(error)
        try:
            races = recordings(scene)
        except Error as error:
            return one_line(error)
        output = Output("x.webp", request.size, 10, request.theme, request.transparent)
        film = film_of(scene, output, titled=request.titled)
        for index in dict.fromkeys([0, int(request.part * (len(film) - 1)), len(film) - 1]):
            frame = film.frame(index)
            assert frame.shape == (request.size[1], request.size[0], film.channels)
            assert frame.dtype == np.uint8
            # Only a card with an empty title is blank.
            title = "".join(filter(str.isprintable, races[0].title)).strip()
            assert (frame != frame[0, 0]).any() or (film.timeline.moment(index / 10).card_opacity and not title)
        for race in races:
            assert alt_text([race], scene.panels).isprintable()
            assert all(event.text for event in remarks(race))
            for path, inside in zip(race.paths, race.in_view, strict=True):
                assert inside[0]
                for step in np.flatnonzero(inside):
                    assert np.isfinite(path.head(float(step))).all(), f"no head at step {step}"
        assert webvtt(cues(races, timeline_of(scene))).startswith("WEBVTT")
        text = recipe_text(scene, races[0], request.theme, request.transparent, size=list(request.size), fps=10)
        recipe = Recipe.read(text, "it")
        assert recipe.text == text
        assert all(name.isprintable() and value.isprintable() for name, value in recipe.rows())
        if request.svg:
            still = folder / "still.svg"
            scene.still(
                still, request.part * scene.seconds, request.size, request.theme, transparent=request.transparent
            )
            assert Recipe.read(embedded_text(still), "it").settings == recipe.settings
    return ""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: Any) -> Any:
    return tmp_path_factory.mktemp("search")


TWO = (("SGD", {"lr": 0.1}), ("Adam", {"lr": 0.1}))
MAP = SettingsMap(lr=[0.1, 0.2], weight_decay=[0, 0.1])
LINE = ((0.0, 1.0, 2.0), (0.0, 1.0, 3.0))

FOUND = {
    "no room for a row": Request(("himmelblau",), TWO, {"panels": tuple(PANELS)[:6]}),
    "equal values": Request((Surface("bowl", offset=1e150),), TWO, {"start": (0.3, 0.3)}),
    "values up to the largest float": Request(
        (Surface("saddle", scale=1.7e308),), TWO, {"start": (0.3, 0.2), "steps": 2}
    ),
    "a slope up to the largest float": Request(
        (Surface("saddle", scale=1.7e308),), TWO, {"start": (0, 0), "panels": ["loss"]}
    ),
    "a value far away": Request(
        (Surface((0, 7, 1e15), (870, 28), (870, 28), -4),), TWO, {"start": (0.5, 0), "steps": 99}
    ),
    "a step longer than the largest float": Request(
        (Surface("tilt", (998, 503), scale=-9.5),),
        (("AdamW", {"weight_decay": 1e8, "maximize": True}),),
        {"start": (0, 0)},
    ),
    "a minimum without a value": Request(
        (Surface("root", more={"minima": [(-1, 0)]}),),
        TWO,
        {"start": (0.5, 0.5), "map": MAP},
    ),
    "minima of only one function": Request(
        (Surface("pole"), Surface("bowl", more={"minima": [(0, 0)]})), TWO, {"start": (0.5, 0.5)}, part=0.9
    ),
    "a minimum without a value in a map of starts": Request(
        (Surface("root", offset=1e7, more={"minima": [(-1, 0)]}),), TWO, {"start": (0.5, 0.5), "map": StartsMap(3, 3)}
    ),
    "minima of huge values": Request(
        (Surface("bowl", offset=1e300, more={"minima": [(0, 0)]}),), TWO, {"start": (0.3, 0), "map": StartsMap(3, 3)}
    ),
    "a line break": Request(
        ("himmelblau",), (("SGD", {"name": "a\u200db"}),), {"title": "two\nlines", "caption": "\n\u0600\n"}, svg=True
    ),
    "maths that is truncated": Request(
        ("himmelblau",), TWO, {"title": r"\(\frac{1}{2}\) $5 " * 30}, size=(160, 160), svg=True
    ),
    "a text outside the picture": Request(
        ("himmelblau",),
        TWO,
        {"map": MAP, "panels": tuple(panel for panel in PANELS if panel not in NEEDY)},
        size=(334, 334),
    ),
    "a setting that is not a number": Request(("himmelblau",), (("Adafactor", {}),), {"panels": ["formula"]}, part=0),
    "values on a few points of the surface": Request(
        (Surface("logarithm", up=(0, 1e150), more={"minima": [(0.3, 0.3)]}),),
        TWO,
        {"start": (20, -16), "steps": 2},
        size=(480, 270),
    ),
    "a line through almost equal numbers": Request((LINE,), TWO, {"start": (0, 0), "panels": ["fit"], "batch": 1}),
}
"""Scenes on which earlier versions failed, reduced to the cause."""


@pytest.mark.parametrize("name", FOUND)
@pytest.mark.long
def test_earlier_failure_is_drawn(name, folder):
    assert refusal(FOUND[name], folder) == ""


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"panels": ["contour", "fit"]}, "panel 'fit': the function has no data and model of them"),
        ({"panels": ["contour", "map"]}, "panel 'map': the scene has none; give it one, as map=StartsMap()"),
        ({"title": r"\(\nosuch\)"}, "is not all mathtext"),
        ({"caption": r"\(한\)"}, "no font for mathtext has '한' (U+D55C); leave out the letter or the mathtext"),
        ({"racers": [Racer("SGD", name=r"\(x_{\)")]}, "is not all mathtext"),
        ({"function": Function(lambda x: x[0] ** 2, formula="x_", start=(1, 1))}, "formula 'x_': not mathtext"),
    ],
)
def test_fields_that_cannot_be_drawn_are_refused_before_the_race(changes, message):
    with pytest.raises(UsageError) as caught:
        Scene(**{"function": all_functions()["himmelblau"], "racers": [Racer("SGD")]} | changes)
    assert message in one_line(caught.value)


@pytest.mark.parametrize("step", [-1.0, float("nan"), float("inf")])
def test_question_outside_the_race_is_refused(step):
    with pytest.raises(UsageError, match=r"^question step") as caught:
        Question("Who?", step)
    one_line(caught.value)


@pytest.mark.parametrize(
    ("inputs", "message"), [((1e300, 0, 1), "inputs: reach 1e"), ((0, 1e-300, 0), "inputs: are all 0")]
)
def test_data_with_extreme_spread_are_refused(inputs, message):
    with warnings_as_errors(), pytest.raises(UsageError, match=f"^{message}") as caught:
        line(inputs, (1, 2, 3))
    one_line(caught.value)


@SEARCH(max_examples=60)
@given(scene_request=requests())
@pytest.mark.long
def test_accepted_scene_is_drawn(scene_request, folder):
    note(refusal(scene_request, folder))


any_text = st.text(st.characters(codec="utf-8"), max_size=60)
numbers_as_text = st.one_of(
    any_text, st.text("0123456789xX.,-+ kMGiB٣²", max_size=12), st.sampled_from(["9" * 5000 + "x1", "9" * 400])
)
settings_as_text = st.one_of(
    any_text,
    st.text("adsgm.:lr=0159,()[]{}'\"\\*-+e_#\n ", max_size=40),
    st.sampled_from(
        ["lr=" + "-" * 9999 + "1", "lr=" + "(" * 300, "lr='\\d'", "**{'lr': 1}", "self=1", "optimizer=1", "lr=1,lr=2"]
    ),
)


@pytest.mark.long
@pytest.mark.parametrize(
    ("parser", "kind"),
    [(partial(check_size, "size"), int), (parse_point, float), (parse_bytes, int)],
    ids=["size", "point", "bytes"],
)
def test_any_text_is_parsed_or_refused_in_one_line(parser, kind):
    @SEARCH(max_examples=300)
    @example("9" * 5000 + "x1")
    @example("9" * 400)
    @given(numbers_as_text)
    def search(text):
        try:
            found = parser(text)
        except (UsageError, click.BadParameter) as error:
            one_line(error)
        else:
            assert all(isinstance(each, kind) for each in (found if isinstance(found, tuple) else (found,)))

    search()


@SEARCH(max_examples=300)
@given(
    st.one_of(st.sampled_from(["adam", "SGD", "Nesterov", ".", "..x", "torch.optim.Adam", "os.path"]), any_text),
    settings_as_text,
)
@pytest.mark.long
def test_any_racer_text_is_parsed_or_refused_in_one_line(name, settings):
    # A module of another name would be imported.
    assume("." not in name or set(name) <= {".", "x"} or name.startswith(("torch.optim", "os.")))
    with warnings_as_errors():
        try:
            assert race_scene("rosenbrock", [f"{name}:{settings}"], {})[0].racers
        except UsageError as error:
            one_line(error)


def plain_values(*, finite):
    """Values of JSON; unless `finite`, also nan and inf, which Python writes into JSON."""
    leaves = [st.none(), st.booleans(), st.integers(), st.text(max_size=9)]
    leaves.append(st.floats(allow_nan=not finite, allow_infinity=not finite))
    return st.recursive(
        st.one_of(leaves),
        lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(st.text(max_size=5), inner, max_size=3)),
        max_leaves=4,
    )


maps = st.dictionaries(st.text(max_size=9), plain_values(finite=True), max_size=3)
recipes = st.builds(Recipe, maps, maps, st.text(max_size=20), st.text(max_size=20), maps, st.text(max_size=20))


@pytest.mark.long
@SEARCH(max_examples=60)
@given(recipes)
def test_recipe_survives_writing_and_reading(recipe):
    text = recipe.text
    assert text.isascii()
    assert text.isprintable()
    again = Recipe.read(text, "it")
    assert again == recipe
    assert all(name.isprintable() and value.isprintable() for name, value in again.rows())
    assert all(isinstance(word, str) for word in again.options())
    try:
        assert again.scene_file().encode()
    except Error as error:
        one_line(error)


json_like = plain_values(finite=False)
invalid_recipes = st.one_of(
    st.text(),
    json_like.map(str),
    st.fixed_dictionaries({name: st.one_of(maps, st.text(), json_like) for name in attrs.fields_dict(Recipe)}).map(
        json.dumps
    ),
)


@pytest.mark.long
@SEARCH(max_examples=100)
@example("[" * 100_000)
@example(Recipe({"size": [1, 2], "fps": 10**400}, {}).text)
@example(Recipe({}, {}, source="\ud800").text)
@example(Recipe({"fps": "inf"}, {}).text.replace('"inf"', "1e999"))
@example(Recipe({}, {"map": 0}).text.replace('"map":0', '"map":' + "[" * 700 + "]" * 700))
@example(Recipe({}, {}, lacking="\x1b[2J\n").text)
@given(invalid_recipes)
def test_any_text_is_a_recipe_or_refused_in_one_line(text):
    try:
        recipe = Recipe.read(text, "it")
    except Error as error:
        one_line(error)
        return
    assert recipe.text
    assert recipe.rows()
    assert recipe.options() is not None
    try:
        assert recipe.scene_file().encode()
    except Error as error:
        one_line(error)


@pytest.fixture(scope="module")
def pictures(tmp_path_factory):
    """The bytes of a small file for each format with an embedded text, by its suffix."""
    folder = tmp_path_factory.mktemp("pictures")
    frames = [Image.new("RGB", (16, 16), color) for color in ("red", "blue")]
    for suffix in EMBEDDERS:
        options = {} if suffix == ".png" else {"save_all": True, "append_images": frames[1:]}
        frames[0].save(folder / f"picture{suffix}", format="PNG" if "png" in suffix else None, **options)
    return {suffix: (folder / f"picture{suffix}").read_bytes() for suffix in EMBEDDERS}


@pytest.mark.parametrize("suffix", EMBEDDERS)
def test_any_text_in_a_picture_is_read_back(suffix, pictures, folder):
    path = folder / f"text{suffix}"

    @SEARCH(max_examples=40)
    @example("x" * MAX_TEXT_LENGTH)
    @example("&amp;<b>]]>")
    @given(st.text(st.characters(min_codepoint=0x20, max_codepoint=0x7E), max_size=600).map(str.strip).filter(bool))
    def search(text):
        path.write_bytes(pictures[suffix])
        EMBEDDERS[suffix](path, text)
        assert embedded_text(path) == text
        with Image.open(path) as image:
            assert (image.n_frames, image.size) == (1 if suffix == ".png" else 2, (16, 16))
            image.seek(image.n_frames - 1)
            image.load()

    search()


@pytest.mark.parametrize("suffix", EMBEDDERS)
def test_damaged_picture_is_read_or_refused_in_one_line(suffix, pictures, folder):
    path = folder / f"damaged{suffix}"
    path.write_bytes(pictures[suffix])
    EMBEDDERS[suffix](path, "a recipe")
    whole = path.read_bytes()

    @SEARCH(max_examples=60)
    @given(
        st.integers(14, len(whole)),
        st.lists(st.tuples(st.integers(14, len(whole) - 1), st.integers(0, 255)), max_size=4),
    )
    def search(length, changes):
        damaged = bytearray(whole)
        for position, value in changes:
            damaged[position] = value
        path.write_bytes(damaged[:length])
        with warnings_as_errors():
            try:
                assert isinstance(embedded_text(path), str)
            except Error as error:
                one_line(error)

    search()
