"""The events of a race as sentences in the recording's language, for captions, notes and alt text."""

import re
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np

from animopt.core.arrays import Array
from animopt.core.language import Language, language, languages
from animopt.core.number_format import format_number, format_point, format_setting
from animopt.recording.events import Event, Kind, events
from animopt.recording.rays import ray_of
from animopt.recording.recording import DIVERGED, UNDECIDED, Basins, Losses, Recording
from animopt.recording.update_rules import trust_radii

MAX_NAMES = 6
"""Maximum number of racers that are named one by one. More racers are only counted."""

NEGLIGIBLE = 1e-9
"""Maximum distance of a racer from a minimum, relative to its largest one, that may be a rounding error."""

MENTIONED = (Kind.ARRIVES, Kind.LEAVES, Kind.SETTLES, Kind.DIVERGES, Kind.LEAVES_PICTURE)
"""Events of single racers that captions and notes mention."""

CONTOUR_PANELS, SURFACE_PANELS = ("contour", "multiples", "coordinates"), ("wireframe",)
"""Panels that show the race on contour lines, and on the surface."""


@dataclass(frozen=True)
class Remark:
    """A sentence without a full stop about an event, at its step. `racer` is its index, or None for several racers."""

    kind: str
    step: int
    text: str
    racer: int | None = None


def remarks(recording: Recording) -> list[Remark]:
    """Return the sentences for a race, in the order of the steps.

    These are the starts, the events of each racer if there are at most `MAX_NAMES`, and the lowest loss at the end.
    """
    return _remarks(_with_plain_text(recording), events(recording))


def _remarks(recording: Recording, found: Sequence[Event]) -> list[Remark]:
    named = len(recording.names) <= MAX_NAMES
    return [
        *_starts(recording),
        *(_remarks_of_racers(recording, found) if named else ()),
        *_result(recording, found),
    ]


def alt_text(races: Sequence[Recording], panels: Collection[str]) -> str:
    """Return one paragraph that describes the clip of a race on one or several functions, and its result.

    `panels` are the names of the panels and overlays that the clip shows.
    """
    recording, *others = map(_with_plain_text, races)
    words = language(recording.language)
    # A title without a full stop gets one.
    title = re.sub(r"(?<=[^.?!])$", ".", recording.title)
    animation = _animation(recording.last_step, panels, words)
    found = events(races[0])
    said = _remarks(recording, found)
    result = [each for each in said if each.racer is None and each.step > 0]
    sentences = [
        f"{title} {animation}".strip(),
        _box(recording),
        *(each.text for each in said if each not in result),
        *(_misses(recording, found) if len(recording.names) <= MAX_NAMES else ()),
        *(_sharpness(recording) if "sharpness" in panels else ()),
        *(_trust_radii(recording) if "model" in panels else ()),
        *(_modes(recording) if "modes" in panels else ()),
        *(_step_lengths(recording) if "ray" in panels and len(recording.names) <= MAX_NAMES else ()),
        *(_angles(recording) if "angle" in panels else ()),
        *(each.text for each in result),
        *(_on_other_functions(recording, others) if others else ()),
        _map(recording.map, words),
        *(_swarm(recording, words) if recording.swarm else ()),
    ]
    return " ".join(f"{sentence}." for sentence in sentences if sentence)


def _animation(steps: int, panels: Collection[str], words: Language) -> str:
    """Return how many steps of a race a clip shows, and on what."""
    has_contour, has_surface = (any(name in panels for name in names) for names in (CONTOUR_PANELS, SURFACE_PANELS))
    if has_contour and has_surface:
        views = words.gettext("on contour lines and on the surface")
    elif has_contour:
        views = words.gettext("on contour lines")
    elif has_surface:
        views = words.gettext("on the surface")
    else:
        return words.ngettext("An animation of {count} step", "An animation of {count} steps", steps)
    return words.ngettext(
        "An animation of {count} step, {views}", "An animation of {count} steps, {views}", steps, views=views
    )


def alt_text_marks() -> list[re.Pattern[str]]:
    """Return patterns of which every alt text contains one, whatever its language and the panels of its clip."""
    # One count for each plural form.
    shown = {
        (steps, _animation(steps, panels, language(code)))
        for code in languages()
        for steps in (1, 2, 5)
        for panels in ((), CONTOUR_PANELS, SURFACE_PANELS, CONTOUR_PANELS + SURFACE_PANELS)
    }
    return [re.compile(re.escape(text).replace(str(steps), r"\d[\d.,]*")) for steps, text in shown]


def more_functions(races: Sequence[Recording]) -> str:
    """Return a sentence about the functions on which a race is run after the first one."""
    words = language(races[0].language)
    count, last = len(races) - 1, races[-1].function
    if not last:
        return words.ngettext(
            "Then the end of the race on {count} more function",
            "Then the end of the race on {count} more functions",
            count,
        )
    return words.ngettext(
        "Then the end of the race on {count} more function: {last}",
        "Then the end of the race on {count} more functions, the last one {last}",
        count,
        last=last,
    )


def _starts(recording: Recording) -> Iterator[Remark]:
    if not recording.names:
        return
    words, starts = language(recording.language), np.unique(recording.xy[:, 0], axis=0)
    names, count = _listed(recording.names, words), len(recording.names)
    if len(starts) == 1:
        point = format_point(starts[0], words.code)
        text = words.ngettext("{names} starts at {point}", "{names} start at {point}", count, names=names, point=point)
    else:
        text = words.ngettext(
            "{names} start at {count} place", "{names} start at {count} places", len(starts), names=names
        )
    yield Remark(Kind.START, 0, text)


def _remarks_of_racers(recording: Recording, found: Sequence[Event]) -> Iterator[Remark]:
    settled = {(each.racer, each.minimum, each.step) for each in found if each.kind == Kind.SETTLES}
    arrived = {(each.racer, each.minimum, each.step) for each in found if each.kind == Kind.ARRIVES}
    for event in found:
        key = event.racer, event.minimum, event.step
        if event.kind not in MENTIONED or (event.kind == Kind.SETTLES and key in arrived):
            continue
        outside = "left view", event.step
        if event.kind == Kind.LEAVES_PICTURE and recording.lost(event.racer, recording.last_step) != outside:
            # It comes back, or diverges.
            continue
        stays = event.kind == Kind.ARRIVES and key in settled
        yield Remark(event.kind, event.step, _sentence(recording, event, stays=stays), event.racer)


def _sentence(recording: Recording, event: Event, *, stays: bool = False) -> str:
    """Return the sentence about an event of one racer. A racer that `stays` settles as soon as it arrives."""
    words = language(recording.language)
    values: dict[str, object] = {"name": recording.names[event.racer], "step": event.step}
    if event.minimum is not None:
        values["minimum"] = _minimum(recording, event.minimum, words)
        values["distance"] = format_number(event.distance, None, words.code)
    match event.kind:
        case Kind.ARRIVES if stays:
            return words.gettext("{name} arrives at {minimum} at step {step} and stays there", **values)
        case Kind.ARRIVES:
            return words.gettext("{name} arrives at {minimum} at step {step}", **values)
        case Kind.LEAVES:
            return words.gettext("{name} leaves {minimum} again at step {step}", **values)
        case Kind.SETTLES:
            return words.gettext("{name} settles at {minimum} at step {step}", **values)
        case Kind.DIVERGES:
            return words.gettext("{name} diverges at step {step}", **values)
        case Kind.LEAVES_PICTURE:
            return words.gettext("{name} leaves the picture at step {step}", **values)
        case Kind.NEAREST:
            return words.gettext("{name} comes no nearer to {minimum} than {distance}, at step {step}", **values)
    values |= {
        "point": format_point(event.point, words.code),
        "loss": format_number(event.loss, None, words.code),
    }
    if event.minimum is None:
        return words.gettext("{name} ends at {point}, with a loss of {loss}", **values)
    return words.gettext("{name} ends at {point}, {distance} from {minimum}, with a loss of {loss}", **values)


def _result(recording: Recording, found: Sequence[Event]) -> Iterator[Remark]:
    """Yield how a race ends: the end of a single racer, or the lowest loss of several."""
    words, last = language(recording.language), recording.last_step
    settled = any(each.kind == Kind.SETTLES for each in found)
    if len(recording.names) == 1 and not settled and not recording.lost(0, last):
        (end,) = (each for each in found if each.kind == Kind.ENDS)
        yield Remark(Kind.ENDS, last, _sentence(recording, end), 0)
    if len(recording.names) < 2:
        return
    if not np.isfinite(recording.z[:, -1]).any():
        yield Remark(Kind.ENDS, last, words.gettext("At the end all have diverged"))
        return
    best = np.flatnonzero(recording.ranks(last) == 1)
    text = words.ngettext(
        "At the end {names} has the lowest loss, {loss}",
        "At the end {names} have the lowest loss, {loss}",
        len(best),
        names=_listed([recording.names[racer] for racer in best], words),
        loss=format_number(float(recording.z[best[0], -1]), None, words.code),
    )
    yield Remark(Kind.ENDS, last, text)


def _misses(recording: Recording, found: Sequence[Event]) -> Iterator[str]:
    """Yield how near each racer comes that arrives at no minimum and is not lost, and who zigzags."""
    words = language(recording.language)
    arrived = {each.racer for each in found if each.kind == Kind.ARRIVES}
    # The end of a single racer is said in any case.
    nearest = [each for each in found if each.kind == Kind.NEAREST] if len(recording.names) > 1 else []
    for event in nearest:
        if event.racer not in arrived and not recording.lost(event.racer, recording.last_step):
            yield _sentence(recording, event)
    if names := [recording.names[each.racer] for each in found if each.kind == Kind.ZIGZAGS]:
        yield words.ngettext("{names} zigzags", "{names} zigzag", len(names), names=_listed(names, words))


def _box(recording: Recording) -> str:
    """Return the box onto which racers are projected, or "" if there is none."""
    if not recording.box:
        return ""
    words, edge = language(recording.language), recording.box.xyz[:, :2]
    low, high = (format_point(corner, words.code) for corner in (edge.min(axis=0), edge.max(axis=0)))
    return words.gettext("Each step ends in the box from {low} to {high}", low=low, high=high)


def _sharpness(recording: Recording) -> Iterator[str]:
    """Yield the sharpness of each racer until it diverges, or how many racers have a curve of it."""
    words = language(recording.language)
    if len(recording.names) > MAX_NAMES:
        yield words.gettext("A plot shows the sharpness of {names}", names=_listed(recording.names, words))
        return
    for name, row in zip(recording.names, recording.quantities["sharpness"], strict=True):
        known = row[np.isfinite(row)]
        if not known.size:
            continue
        first, last, low, high = (
            format_number(float(value), None, words.code) for value in (known[0], known[-1], known.min(), known.max())
        )
        ends = {"name": name, "first": first, "last": last}
        if low == high:
            yield words.gettext("The sharpness of {name} is {value}", name=name, value=first)
        elif {low, high} == {first, last}:
            yield words.gettext("The sharpness of {name} goes from {first} to {last}", **ends)
        else:
            yield words.gettext(
                "The sharpness of {name} goes from {first} to {last}, between {least} and {most}",
                least=low,
                most=high,
                **ends,
            )


def _trust_radii(recording: Recording) -> Iterator[str]:
    """Yield the trust radius of each racer that has one."""
    words = language(recording.language)
    for racer, name in enumerate(recording.names):
        radii = trust_radii(recording, racer)
        if radii is None or not np.isfinite(radii).all():
            continue
        shown = radii[: recording.steps[racer] + 1]
        first, last, low, high = (
            format_setting(float(value), 3) for value in (shown[0], shown[-1], shown.min(), shown.max())
        )
        yield words.gettext(
            "The trust radius of {name} goes from {first} to {last}, between {least} and {most}",
            name=name,
            first=first,
            last=last,
            least=low,
            most=high,
        )


def _modes(recording: Recording) -> Iterator[str]:
    """Yield how often each racer crosses its minimum in each direction, or how many racers have curves of it."""
    words = language(recording.language)
    if len(recording.names) > MAX_NAMES:
        yield words.gettext(
            "A plot shows {names} in the steep and the flat direction", names=_listed(recording.names, words)
        )
        return
    for name, rows in zip(recording.names, recording.quantities["modes"][..., 0], strict=True):
        steep, flat = (_sign_changes(row[np.isfinite(row)]) for row in rows.T)
        yield words.gettext(
            "Crossings of the minimum by {name}: {steep} in the steep direction, {flat} in the flat one",
            name=name,
            steep=steep,
            flat=flat,
        )


def _angles(recording: Recording) -> Iterator[str]:
    """Yield the first and the last angle of each racer to the function's direction, or how many racers have one."""
    words, direction = language(recording.language), recording.direction
    assert direction is not None
    point = format_point(direction, words.code)
    if len(recording.names) > MAX_NAMES:
        yield words.gettext(
            "A plot shows the angles of {names} to the direction {point}",
            names=_listed(recording.names, words),
            point=point,
        )
        return
    for name, row in zip(recording.names, recording.angles, strict=True):
        known = row[np.isfinite(row)]
        if known.size:
            first, last = (format_number(float(value), None, words.code) for value in known[[0, -1]])
            yield words.gettext(
                "The angle of {name} to the direction {point} goes from {first}° to {last}°",
                name=name,
                point=point,
                first=first,
                last=last,
            )


def _sign_changes(row: Array) -> int:
    """Return how often numbers (n,) change their sign, without rounding errors of 0."""
    signs = np.sign(row[np.abs(row) > NEGLIGIBLE * np.abs(row).max(initial=0)])
    return int((np.diff(signs) != 0).sum())


def _step_lengths(recording: Recording) -> Iterator[str]:
    """Yield the length of each racer's first step, and that of the first minimum of its ray."""
    words = language(recording.language)
    for racer, name in enumerate(recording.names):
        ray = ray_of(recording, racer, 0)
        if ray is None or not np.isfinite(ray.length):
            continue
        length, minimum = (format_setting(float(part) * ray.length, 3) for part in (1.0, ray.minimum()))
        if np.isnan(ray.minimum()):
            yield words.gettext("The first step of {name} has the length α = {length}", name=name, length=length)
        else:
            yield words.gettext(
                "The first step of {name} has the length α = {length}; the first minimum along it is at α = {distance}",
                name=name,
                length=length,
                distance=minimum,
            )


def _on_other_functions(recording: Recording, others: Sequence[Recording]) -> Iterator[str]:
    """Yield the functions after the first one, and the loss with which each racer ends on all of them."""
    words = language(recording.language)
    races = [recording, *others]
    yield more_functions(races)
    for racer, name in enumerate(recording.names[:MAX_NAMES]):
        losses = [loss for race in races if np.isfinite(loss := float(race.z[racer, -1]))]
        if diverged := len(races) - len(losses):
            yield words.ngettext(
                "{name} diverges on {count} function", "{name} diverges on {count} functions", diverged, name=name
            )
        if not losses:
            continue
        low, high = (format_number(end, None, words.code) for end in (min(losses), max(losses)))
        if diverged and low == high:
            yield words.gettext("{name} ends with a loss of {loss} on the others", name=name, loss=low)
        elif diverged:
            yield words.gettext(
                "{name} ends with a loss of {low} to {high} on the others", name=name, low=low, high=high
            )
        elif low == high:
            yield words.gettext("{name} ends with a loss of {loss} on each", name=name, loss=low)
        else:
            yield words.gettext("{name} ends with a loss of {low} to {high}", name=name, low=low, high=high)


def _minimum(recording: Recording, minimum: int, words: Language) -> str:
    if len(recording.minima) == 1:
        return words.gettext("the minimum")
    return words.gettext("the minimum {point}", point=format_point(recording.minima[minimum, :2], words.code))


def _map(result: Basins | Losses | None, words: Language) -> str:
    if isinstance(result, Basins):
        starts = result.minimum.size
        outcomes = (DIVERGED, UNDECIDED, *range(len(result.minima)))
        shares = sorted(((result.count(each, result.steps) / starts, each) for each in outcomes), reverse=True)
        parts = [_share(result, outcome, f"{share:.0%}", words) for share, outcome in shares if share >= 0.005]
        return words.ngettext(
            "A map of {count} start: {shares}", "A map of {count} starts: {shares}", starts, shares=", ".join(parts)
        )
    if result and (best := result.best(len(result.loss) - 1)):
        chosen = [
            f"{name} {format_setting(values[cell])}"
            for name, values, cell in zip(result.names, result.values, best[::-1], strict=True)
        ]
        return words.gettext("A map of the settings: the lowest loss comes with {settings}", settings=", ".join(chosen))
    return ""


def _swarm(recording: Recording, words: Language) -> Iterator[str]:
    """Yield how many runs of a swarm are in the basin of each minimum at its end."""
    assert recording.swarm
    count = len(recording.swarm.xy)
    for minimum, share in zip(recording.minima, recording.swarm.shares(len(recording.minima))[:, -1], strict=True):
        yield words.ngettext(
            "Of {count} run, {share} ends in the basin of the minimum {minimum}",
            "Of {count} runs, {share} end in the basin of the minimum {minimum}",
            count,
            share=f"{share:.0%}",
            minimum=format_point(minimum[:2], words.code),
        )


def _share(result: Basins, outcome: int, share: str, words: Language) -> str:
    if outcome == DIVERGED:
        return words.gettext("{share} diverge", share=share)
    if outcome == UNDECIDED:
        return words.gettext("{share} come to none", share=share)
    point = format_point(result.minima[outcome, :2], words.code)
    return words.gettext("{share} come to the minimum {point}", share=share, point=point)


def _listed(names: Sequence[str], words: Language) -> str:
    """Join names as in a sentence, or return their number if there are too many."""
    if len(names) > MAX_NAMES:
        return words.ngettext("{count} racer", "{count} racers", len(names))
    return words.listed(names)


def _with_plain_text(recording: Recording) -> Recording:
    """Return the recording with its title and names as they are read aloud, without the marks around mathtext."""

    def plain(text: str) -> str:
        return " ".join("".join(each if each.isprintable() else " " for each in re.sub(r"\\[()]", "", text)).split())

    return replace(recording, title=plain(recording.title), names=tuple(map(plain, recording.names)))
