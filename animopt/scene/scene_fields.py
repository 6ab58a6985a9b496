"""The fields of a scene, converted to the types that the rest of animopt reads."""

import warnings
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from numbers import Integral
from pathlib import Path
from types import UnionType
from typing import Any

import attrs

from animopt.core.errors import (
    MAX_COUNT,
    UsageError,
    built_in_text,
    check_bool,
    check_integer,
    check_list,
    check_number,
    check_pair,
    check_text,
    check_texts,
    short_repr,
)
from animopt.core.language import Text, check_language
from animopt.core.working_folder import WorkingFolder
from animopt.drawing.window import VIEWS, View
from animopt.engine.function import Function
from animopt.engine.maps import SettingsMap, StartsMap
from animopt.engine.racer import Racer, names_and_settings
from animopt.engine.racer_lists import Racers, Sweep
from animopt.engine.record import SHUFFLED
from animopt.recording.claims import Claim, check_claims
from animopt.recording.recording import Recording
from animopt.recording.timeline import Question, SlowMotion
from animopt.scene.folder_defaults import Unset
from animopt.scene.limits import Limits
from animopt.scene.scene_file import SceneFolder
from animopt.video.film import MAP_PANELS, RACE_PANELS

MAX_RUNS = 2000
"""Maximum number of runs of a swarm. More dots would hide each other."""

MAX_ANGLE = 36_000
"""Maximum angle of the camera in degrees, in both directions."""


@dataclass(frozen=True, eq=False)
class Origin:
    """The file of a scene: its name without folders, its text, and the values of the scene's fields in it.

    The text is empty if the file is not in UTF-8. `folder` finds the modules beside the file.
    """

    file: str
    text: str
    fields: Mapping[str, object]
    folder: SceneFolder

    @property
    def path(self) -> Path:
        """Path of the file."""
        return self.folder.folder / self.file


def _racers(value: Sequence[Racer]) -> tuple[Racer, ...] | Racers:
    if isinstance(value, Racers):
        return value
    remedy = "as racers=[Racer('Adam', lr=0.1)]"
    racers = tuple(check_list("racers ", value, f"give a list, {remedy}"))
    if not racers or not all(isinstance(racer, Racer) for racer in racers):
        raise UsageError(f"racers {short_repr([*racers])}: give at least one, {remedy}")
    return racers


def _start(value: Sequence[float] | None) -> tuple[float, float] | None:
    return None if value is None else check_pair("start", value)


def _functions(value: Function | Callable[[Any], Any] | Sequence[Function], fields: Any) -> tuple[Function, ...]:
    """Return the functions, on domains that contain the racers' starts."""
    given = value if isinstance(value, Sequence) and not isinstance(value, str) else [value]
    functions = [each if isinstance(each, Function) else Function(each) for each in given]
    if not functions:
        raise UsageError("function (): give at least one, as function=Function(lambda x: x[0] ** 2 + x[1] ** 2)")
    return tuple(_with_starts(function, fields.racers, fields.start) for function in functions)


def _with_starts(function: Function, racers: Sequence[Racer], start: tuple[float, float] | None) -> Function:
    """Return the function on a domain that contains the racers' starts, and warn if that is wider than its own."""
    starts = [racer.start or start or function.start for racer in racers]
    if None in starts:
        raise UsageError(
            f"start: {short_repr(racers[starts.index(None)])} has none; give the scene one, as start=(-7, 2)"
        )
    for own in filter(None, starts):
        function.check_box("start", own)
    outside = [own for own in starts if own and not function.contains(own)]
    if not outside:
        return function
    widened = function.widened(outside)
    ends = "x=({:g}, {:g}), y=({:g}, {:g})".format
    warnings.warn(
        f"start {', '.join(map(str, dict.fromkeys(outside)))}: outside {ends(*function.x, *function.y)}; "
        f"the view is widened to {ends(*widened.x, *widened.y)}",
        stacklevel=5,
    )
    return widened


def _steps(value: int) -> int:
    return check_integer("steps", value, maximum=MAX_COUNT)


def _swarm(value: int) -> int:
    return check_integer("swarm", value, minimum=0, maximum=MAX_RUNS)


def _preconditioner(value: Sequence[Sequence[float]] | None) -> tuple[tuple[float, float], tuple[float, float]] | None:
    if value is None:
        return None
    remedy = "give a symmetric and positive definite matrix, as preconditioner=((0.1, 0), (0, 2))"
    rows = check_list("preconditioner ", value, remedy)
    if len(rows) != 2:
        raise UsageError(f"preconditioner {short_repr(value)}: {remedy}")
    (a, b), (c, d) = (check_pair("preconditioner", row) for row in rows)
    if b != c or not (a > 0 and a * d > b * b):
        raise UsageError(f"preconditioner {short_repr(value)}: {remedy}")
    return (a, b), (c, d)


def _noise(value: float) -> float:
    return check_number("noise", value, "give a standard deviation of at least 0, as noise=0.5", minimum=0)


def _seed(value: int) -> int:
    # torch's seeds have 64 bits.
    return check_integer("seed", value, minimum=0, maximum=2**64 - 1)


def _seconds(value: float) -> float:
    return check_number("seconds", value, "give the length of the clip, as seconds=10", above=0, below=MAX_COUNT)


def _azimuth(value: float | None) -> float | None:
    remedy = f"give degrees up to {MAX_ANGLE}, as azimuth=200"
    return None if value is None else check_number("azimuth", value, remedy, minimum=-MAX_ANGLE, maximum=MAX_ANGLE)


def _elevation(value: float | None) -> float | None:
    remedy = "give 10 to 80 degrees, as elevation=38"
    return None if value is None else check_number("elevation", value, remedy, minimum=10, maximum=80)


def _turn(value: float | None) -> float | None:
    remedy = f"give degrees up to {MAX_ANGLE}, as turn=-80, or 0"
    return None if value is None else check_number("turn", value, remedy, minimum=-MAX_ANGLE, maximum=MAX_ANGLE)


def _view(value: View) -> View:
    if isinstance(value, str) and _name(value) in VIEWS:
        return _name(value)
    remedy = "give 'race', 'domain', or limits, as view=((-2, 2), (-1, 3))"
    limits = check_list("view ", value, remedy)
    if len(limits) != 2:
        raise UsageError(f"view {short_repr(value)}: {remedy}")
    x, y = (check_pair("view", each) for each in limits)
    if not (x[0] < x[1] and y[0] < y[1]):
        raise UsageError(f"view {short_repr(value)}: limits must ascend; {remedy}")
    return x, y


def _batch(value: int | None) -> int | None:
    # `check_scene` checks it: its maximum is the number of rows of the functions' data.
    return int(value) if isinstance(value, Integral) and not isinstance(value, bool) else value


def _panels(value: Sequence[str] | None, fields: Any) -> tuple[str, ...]:
    """Return the names of the panels, by default those of a race or of a map."""
    if value is None:
        return RACE_PANELS if fields.map is None else MAP_PANELS
    return tuple(map(_name, check_list("panels ", value, "give a list, as panels=['contour', 'loss']")))


def _overlays(value: Sequence[str]) -> tuple[str, ...]:
    return tuple(map(_name, check_list("overlays ", value, "give a list, as overlays=['model']")))


def _slow(value: Sequence[SlowMotion]) -> tuple[SlowMotion, ...]:
    slow = tuple(check_list("slow ", value, "give a list, as slow=[SlowMotion(3, 6)]"))
    if wrong := [each for each in slow if not isinstance(each, SlowMotion)]:
        raise UsageError(f"slow {short_repr(wrong[0])}: give a list of SlowMotion, as slow=[SlowMotion(3, 6)]")
    return slow


def _claims(value: Sequence[Claim], fields: Any) -> tuple[Claim, ...]:
    return check_claims(value, names_and_settings(fields.racers)[0])


def _check_kind(field: str, value: object, kind: type | UnionType, remedy: str) -> None:
    if not isinstance(value, kind):
        raise UsageError(f"{field} {short_repr(value)}: {remedy}")


def _validated(check: Callable[..., object], *arguments: object) -> Any:
    """Return a validator that calls a check with the name of a field, its value, and the arguments."""
    return lambda _, field, value: check(field.name, value, *arguments)


def _title(value: Text) -> Text:
    return check_texts("title", value, "title='A race'")


def _caption(value: Text) -> Text:
    return check_texts("caption", value, "caption='In a ravine'")


def _notes(value: Text) -> Text:
    return check_texts("notes", value, "notes='What to say'")


def _focus(value: str) -> str:
    return check_text("focus", value, "focus='Adam', a racer's name")


def _name(value: Any) -> Any:
    """Return a name, which `check_scene` checks."""
    return built_in_text(value) if isinstance(value, str) and not isinstance(value, Unset) else value


def _lang(value: str) -> str:
    return value if isinstance(value, Unset) else check_language("lang", value)


@attrs.frozen(kw_only=True)
class SceneFields:
    """The fields of a scene. `Scene` documents them."""

    racers: tuple[Racer, ...] | Racers = attrs.field(converter=_racers)
    ordered: bool = attrs.field(
        default=attrs.Factory(lambda scene: isinstance(scene.racers, Sweep), takes_self=True),
        validator=_validated(check_bool),
    )
    start: tuple[float, float] | None = attrs.field(default=None, converter=_start)
    # The domains depend on the racers and the start, so these two come first. mypy does not know attrs.Converter.
    functions: tuple[Function, ...] = attrs.field(
        alias="function",
        converter=attrs.Converter(_functions, takes_self=True),  # type: ignore[misc]
    )
    steps: int = attrs.field(default=20, converter=_steps)
    map: StartsMap | SettingsMap | None = attrs.field(
        default=None,
        validator=_validated(
            _check_kind,
            StartsMap | SettingsMap | None,
            "give StartsMap() or SettingsMap(lr=[0.01, 0.1], momentum=[0, 0.9])",
        ),
    )
    swarm: int = attrs.field(default=0, converter=_swarm)
    preconditioner: tuple[tuple[float, float], tuple[float, float]] | None = attrs.field(
        default=None, converter=_preconditioner
    )
    noise: float = attrs.field(default=0.0, converter=_noise)
    batch: int | None = attrs.field(default=None, converter=_batch)
    batch_order: str = attrs.field(default=SHUFFLED, converter=_name)
    seed: int = attrs.field(default=0, converter=_seed)
    title: Text = attrs.field(default="", converter=_title)
    caption: Text = attrs.field(default="", converter=_caption)
    notes: Text = attrs.field(default="", converter=_notes)
    seconds: float = attrs.field(default=10.0, converter=_seconds)
    theme: str = attrs.field(default=Unset("light"), converter=_name)
    layout: str = attrs.field(default=Unset("auto"), converter=_name)
    panels: tuple[str, ...] = attrs.field(
        default=None,
        converter=attrs.Converter(_panels, takes_self=True),  # type: ignore[misc]
    )
    overlays: tuple[str, ...] = attrs.field(default=(), converter=_overlays)
    focus: str = attrs.field(default="", converter=_focus)
    azimuth: float | None = attrs.field(default=None, converter=_azimuth)
    elevation: float | None = attrs.field(default=None, converter=_elevation)
    turn: float | None = attrs.field(default=None, converter=_turn)
    surface: str = attrs.field(default="shaded", converter=_name)
    view: View = attrs.field(default="race", converter=_view)
    loop: str = attrs.field(default="plain", converter=_name)
    card: float = 0.0
    question: Question | None = attrs.field(
        default=None,
        validator=_validated(_check_kind, Question | None, "give a Question, as Question('Which one wins?', step=3)"),
    )
    slow: tuple[SlowMotion, ...] = attrs.field(default=(), converter=_slow)
    lang: str = attrs.field(default=Unset("en"), converter=_lang)
    claims: tuple[Claim, ...] = attrs.field(default=(), converter=attrs.Converter(_claims, takes_self=True), repr=False)  # type: ignore[misc]
    limits: Limits = attrs.field(
        default=Limits(),
        validator=_validated(_check_kind, Limits, "give Limits, as limits=Limits(frames=50_000)"),
        repr=False,
        eq=False,
    )
    origin: Origin | None = attrs.field(
        default=None,
        validator=_validated(_check_kind, Origin | None, "leave it out; animopt.load_scene sets it"),
        repr=False,
        eq=False,
    )
    _recordings: list[Recording] = attrs.field(init=False, factory=list, repr=False, eq=False)
    """A cache of the recorded races."""

    _resolved: list[Racer] = attrs.field(init=False, factory=list, repr=False, eq=False)
    """The racers of the first race, with the settings that a search found, once it is recorded."""


def field_values(scene: SceneFields) -> dict[str, object]:
    """Return the value of each field, by the name of the argument that sets it."""
    return {field.alias: getattr(scene, field.name) for field in attrs.fields(type(scene)) if field.init}


def user_context(scene: SceneFields) -> AbstractContextManager[None]:
    """Return the context in which the user's code of a scene runs: its modules, settings and working folder."""
    return scene.origin.folder.open() if scene.origin else WorkingFolder().entered()
