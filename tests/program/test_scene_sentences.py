"""Every sentence about a built-in scene, in every language, is true of its recording.

The sentences are read from the texts that animopt writes, and checked against plain loops over the recorded points.
"""

import re
from dataclasses import replace
from functools import cache
from math import dist, isfinite

import numpy as np
import pytest

import animopt
from animopt.core.language import language, languages
from animopt.engine.racer import names_and_settings
from animopt.publish.sidecars import cues
from animopt.recording.recording import Basins
from animopt.recording.sentences import MAX_NAMES, alt_text, remarks
from animopt.scene.races import timeline_of, title_of

SENTENCES = {
    "start": ("{names} starts at {point}", "{names} start at {point}"),
    "starts": ("{names} start at {count} place", "{names} start at {count} places"),
    "stays": ("{name} arrives at {minimum} at step {step} and stays there",),
    "arrives": ("{name} arrives at {minimum} at step {step}",),
    "leaves": ("{name} leaves {minimum} again at step {step}",),
    "settles": ("{name} settles at {minimum} at step {step}",),
    "misses": ("{name} comes no nearer to {minimum} than {distance}, at step {step}",),
    "diverges": ("{name} diverges at step {step}",),
    "leaves the picture": ("{name} leaves the picture at step {step}",),
    "ends": ("{name} ends at {point}, {distance} from {minimum}, with a loss of {loss}",),
    "ends elsewhere": ("{name} ends at {point}, with a loss of {loss}",),
    "sharpness": ("The sharpness of {name} goes from {first} to {last}, between {least} and {most}",),
    "angle": ("The angle of {name} to the direction {point} goes from {first}° to {last}°",),
    "modes": ("Crossings of the minimum by {name}: {steep} in the steep direction, {flat} in the flat one",),
    "wins": ("At the end {names} has the lowest loss, {loss}", "At the end {names} have the lowest loss, {loss}"),
    "all diverge": ("At the end all have diverged",),
    "zigzags": ("{names} zigzags", "{names} zigzag"),
    "animation": ("An animation of {count} step, {views}", "An animation of {count} steps, {views}"),
    "animation of other panels": ("An animation of {count} step", "An animation of {count} steps"),
    "box": ("Each step ends in the box from {low} to {high}",),
    "starts map": ("A map of {count} start: {shares}", "A map of {count} starts: {shares}"),
    "first step": (
        "The first step of {name} has the length α = {length}; the first minimum along it is at α = {distance}",
    ),
    "swarm": (
        "Of {count} run, {share} ends in the basin of the minimum {minimum}",
        "Of {count} runs, {share} end in the basin of the minimum {minimum}",
    ),
    "settings map": ("A map of the settings: the lowest loss comes with {settings}",),
}
"""The messages of the sentences: the singular and the plural form, or one form."""

NUMBER = r"[−\d,.]+(?: × 10[⁻⁰¹²³⁴⁵⁶⁷⁸⁹]+)?"
VALUES = dict.fromkeys(
    ("count", "step", "distance", "loss", "first", "last", "least", "most", "steep", "flat", "length"), NUMBER
) | dict.fromkeys(("point", "low", "high"), r"\(.+?\)")
"""Patterns of the values that are not any text."""


@cache
def patterns(code):
    """Return the regular expressions of each kind of sentence in a language, with a group for each value."""
    words, found = language(code), []
    for kind, forms in SENTENCES.items():
        # Formatting a value by its own name in braces leaves the message as it is.
        values = {name: f"{{{name}}}" for name in re.findall(r"\{(\w+)\}", forms[0])}
        if code == "en":
            translated = set(forms)
        elif len(forms) > 1:
            others = {name: value for name, value in values.items() if name != "count"}
            translated = {words.ngettext(*forms, 2, **others).replace("2", "{count}")}
        else:
            translated = {words.gettext(forms[0], **values)}
        for message in translated:
            source = re.sub(
                r"\\\{(\w+)\\\}",
                lambda name: f"(?P<{name[1]}>{VALUES.get(name[1], '.+?')})",
                re.escape(message).replace(r"\ ", " "),
            )
            # After a value, a particle has one of two forms.
            for particles in ("은는", "이가", "을를", "과와"):
                source = re.sub(rf"(?<=\))[{particles}](?= )", f"[{particles}]", source)
            source = re.sub(r"(?<=\))(?:으로|로)(?= )", "(?:으로|로)", source)
            found.append((kind, re.compile(source)))
    return found


def parsed(text, code):
    """Return the kind of a sentence and its values, or fail if it is of no known kind."""
    for kind, expression in patterns(code):
        if found := expression.fullmatch(text):
            return kind, found.groupdict()
    pytest.fail(f"unknown sentence: {text!r}")
    return None


def number(text):
    """Return the number in a text."""
    mantissa, _, power = text.replace(",", "").replace("−", "-").partition(" × 10")
    return float(mantissa) * 10.0 ** int(power.translate(str.maketrans("⁻⁰¹²³⁴⁵⁶⁷⁸⁹", "-0123456789")) or 0)


class Facts:
    """Plain facts about a recording."""

    def __init__(self, recording):
        self.recording = recording
        self.points = [
            xy[: steps + 1].tolist() for xy, steps in zip(recording.xy, recording.steps.tolist(), strict=True)
        ]
        self.minima = recording.minima[:, :2].tolist()

    def near(self, racer, minimum):
        """Return whether a racer is near a minimum, and not nearer to another one, after each of its steps."""
        inside = []
        for point in self.points[racer]:
            distances = [dist(point, each) for each in self.minima]
            inside.append(distances[minimum] <= self.recording.radius and distances[minimum] == min(distances))
        return inside

    def check(self, kind, values):
        """Assert that a sentence is true."""
        recording, steps = self.recording, self.recording.last_step
        racer = recording.names.index(values["name"]) if "name" in values else 0
        step = int(number(values["step"])) if "step" in values else 0
        minimum = self._minimum(values.get("minimum", ""))
        path = self.points[racer] if self.points else []
        match kind:
            case "start":
                assert number_pair(values["point"]) == pytest.approx(recording.xy[0, 0].tolist(), rel=0.05)
                assert len(np.unique(recording.xy[:, 0], axis=0)) == 1
            case "starts":
                assert number(values["count"]) == len(np.unique(recording.xy[:, 0], axis=0))
            case "arrives" | "stays":
                inside = self.near(racer, minimum)
                assert inside.index(True) == step
                assert all(inside[step:]) or kind == "arrives"
                assert kind == "arrives" or len(inside) - 1 - step >= max(5, (len(inside) - 1) / 10)
            case "leaves":
                inside = self.near(racer, minimum)
                assert inside[step - 1]
                assert not inside[step]
                assert all(inside[inside.index(True) : step])
            case "settles":
                inside = self.near(racer, minimum)
                assert all(inside[step:])
                assert not inside[step - 1]
                assert len(inside) - 1 - step >= max(5, (len(inside) - 1) / 10)
            case "misses":
                distances = [min(dist(point, each) for each in self.minima) for point in path]
                assert number(values["distance"]) == pytest.approx(min(distances), rel=0.05)
                assert distances.index(min(distances)) == step
                assert min(distances) > recording.radius
            case "diverges":
                assert isfinite(recording.z[racer, step - 1])
                assert not isfinite(recording.z[racer, step])
            case "leaves the picture":
                low, high = recording.surface.low, recording.surface.high
                outside = [not all((low <= point) & (point <= high)) for point in path]
                assert all(outside[step:])
                assert not outside[step - 1]
            case "ends" | "ends elsewhere":
                assert number_pair(values["point"]) == pytest.approx(path[-1], rel=0.05, abs=5e-5)
                assert number(values["loss"]) == pytest.approx(recording.z[racer, -1], rel=0.05)
                if kind == "ends elsewhere":
                    assert not self.minima
                    return
                assert number(values["distance"]) == pytest.approx(dist(path[-1], self.minima[minimum]), rel=0.05)
            case "sharpness":
                row = recording.quantities["sharpness"][racer]
                shown = [number(values[name]) for name in ("first", "last", "least", "most")]
                assert shown == pytest.approx([row[0], row[-1], row.min(), row.max()], abs=0.006)
            case "angle":
                u, v = number_pair(values["point"])
                for shown, (x, y) in ((values["first"], path[1]), (values["last"], path[-1])):
                    turn = np.degrees(abs(np.angle(complex(x, y) / complex(u, v))))
                    assert number(shown) == pytest.approx(turn, abs=0.01)
            case "modes":
                coordinates = recording.quantities["modes"][racer, :, :, 0]
                # What is left after many steps is rounding.
                crossed = (coordinates[1:] * coordinates[:-1] < 0) & (
                    np.abs(coordinates[1:]) > 1e-9 * np.abs(coordinates).max(axis=0)
                )
                assert [number(values["steep"]), number(values["flat"])] == crossed.sum(axis=0).tolist()
            case "wins":
                lowest = np.nanmin(recording.z[:, -1])
                winners = [name for name, z in zip(recording.names, recording.z[:, -1], strict=True) if z == lowest]
                named = values["names"]
                assert all(name in named for name in winners) or number(re.sub(r"\D", "", named)) == len(winners)
                assert number(values["loss"]) == pytest.approx(lowest, rel=0.05)
            case "all diverge":
                assert not np.isfinite(recording.z[:, -1]).any()
            case "zigzags":
                named = {name for name in recording.names if name in values["names"]}
                assert {name for racer, name in enumerate(recording.names) if self._zigzags(racer)} <= named
                assert named
            case "animation" | "animation of other panels":
                assert number(values["count"]) == steps
            case "box":
                low, high = (number_pair(values[name]) for name in ("low", "high"))
                assert ((recording.xy >= low) & (recording.xy <= high)).all()
                assert ((recording.xy == low) | (recording.xy == high)).any()
            case "starts map":
                assert isinstance(recording.map, Basins)
                shares = [int(share) for share in re.findall(r"(\d+)%", values["shares"])]
                assert 98 <= sum(shares) <= 102
                counts = [int((recording.map.minimum == each).sum()) for each in range(len(self.minima))]
                assert max(shares) == round(100 * max(counts) / recording.map.minimum.size)
            case "first step":
                # All go along the negative gradient.
                length = dist(*path[:2]) / np.hypot(*recording.gradients[racer, 0])
                assert number(values["length"]) == pytest.approx(length, rel=0.01)
                parts, losses, _ = recording.quantities["ray"][racer, 0].T
                first = parts[np.flatnonzero(np.diff(losses) > 0)[0]]
                assert number(values["distance"]) == pytest.approx(first * length, abs=parts[1] * length)
            case "swarm":
                basins = recording.swarm.basin[:, -1]
                assert number(values["count"]) == len(basins)
                assert values["share"] == f"{(basins == minimum).mean():.0%}"
            case "settings map":
                row, column = np.unravel_index(np.nanargmin(recording.map.loss[-1]), recording.map.loss[-1].shape)
                best = recording.map.values[0][column], recording.map.values[1][row]
                shown = [float(text) for text in re.findall(r"[\d.]+", values["settings"])]
                assert shown == pytest.approx(best, rel=0.01)

    def _minimum(self, text):
        """Return the index of the minimum that a text names."""
        if "(" not in text:
            assert len(self.minima) == 1 or not text
            return 0
        shown = number_pair(text[text.index("(") :])
        return min(range(len(self.minima)), key=lambda each: dist(shown, self.minima[each]))

    def _zigzags(self, racer):
        moves = np.diff(np.array(self.points[racer]), axis=0)
        back = sum(float(one @ other) < 0 for one, other in zip(moves[1:], moves[:-1], strict=True))
        return len(moves) > 5 and back > 0.4 * (len(moves) - 1)


def number_pair(text):
    return [number(each) for each in text.strip("()").split(", ")]


@pytest.mark.parametrize("code", languages())
@pytest.mark.sampled(4, 20)
def test_every_sentence_about_a_scene_is_true(scene_file, record, code):
    scene = animopt.load_scene(scene_file).replace(lang=code)
    names, settings = names_and_settings(scene.racers, code)
    recording = replace(record(scene_file), title=title_of(scene), names=names, settings=settings, language=code)
    facts = Facts(recording)
    title = re.sub(r"(?<=[^.?!])$", ".", re.sub(r"\\[()]", "", recording.title))
    alt = alt_text([recording], scene.panels)
    assert alt.startswith(f"{title} ")
    sentences = alt.removeprefix(f"{title} ").removesuffix(".").split(". ")
    captions = [line for cue in cues([recording], timeline_of(scene)) for line in cue.lines]
    notes = [each.text for each in remarks(recording)]
    said = [parsed(text, code) for text in [*sentences, *captions, *notes]]
    assert len(said) > 3
    for kind, values in said:
        facts.check(kind, values)
    # No text leaves out a racer's arrival that another one has.
    arrivals = {values["name"] for kind, values in said if kind in ("arrives", "stays")}
    if len(names) <= MAX_NAMES:
        expected = {
            name
            for racer, name in enumerate(names)
            if any(any(facts.near(racer, minimum)) for minimum in range(len(facts.minima)))
        }
        assert arrivals == expected
