"""Marks in a spoken text, as `{arrives}` or `{Adam:arrives}`, and the events of a race that they name."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from animopt.core.errors import UsageError, suggestion
from animopt.recording.events import Kind, events
from animopt.recording.recording import Recording

# A mark between two spaces takes the first one with it.
_MARK = re.compile(r"(?:\s+(?=\{[^{}]*\}(?:[\s,.;:!?]|$)))?\{([^{}]*)\}")


@dataclass(frozen=True)
class Mark:
    """A mark and its position: the number of characters of the text before it, without marks."""

    name: str
    position: int


def split_marks(text: str) -> tuple[str, tuple[Mark, ...]]:
    """Return the text without its marks, and the marks.

    Raises UsageError for a brace that belongs to no mark.

    >>> split_marks("It overshoots. {arrives} It is first.")
    ('It overshoots. It is first.', (Mark(name='arrives', position=15),))
    """
    spoken, marks, end = "", [], 0
    for found in _MARK.finditer(text):
        spoken += text[end : found.start()]
        after = re.compile(r"\s*").match(text, found.end())
        space = len(after[0]) if after else 0
        # The words after the mark begin after a space. A text does not begin with one.
        end = found.end() + (0 if spoken else space)
        marks.append(Mark(found[1].strip(), len(spoken) + (space if spoken else 0)))
    spoken += text[end:]
    if brace := re.search("[{}]", spoken):
        raise UsageError(f"say: has a {brace[0]!r} that belongs to no mark; write a mark as {{arrives}}")
    return spoken, tuple(marks)


def step_of(name: str, races: Sequence[Recording]) -> int:
    """Return the step of the first event in one of the races that a mark names.

    Without a racer, the end is that of the last racer.

    Raises UsageError for an unknown kind or racer, and for an event that does not happen.
    """
    racer, _, kind = name.rpartition(":")
    kind, racer = kind.strip().casefold(), racer.strip()
    if kind not in set(Kind):
        kinds = [str(each) for each in Kind]
        known = suggestion(kind, kinds, f"use {', '.join(kinds)}")
        raise UsageError(f"mark {{{name}}}: there is no such event; {known}")
    names = list(dict.fromkeys(each for race in races for each in race.names))
    if racer and racer not in names:
        raise UsageError(
            f"mark {{{name}}}: no racer has that name; {suggestion(racer, names, 'use ' + ', '.join(names))}"
        )
    found = [
        event.step
        for race in races
        for event in events(race)
        if event.kind == kind and racer in ("", race.names[event.racer])
    ]
    if not found:
        happen = sorted({str(event.kind) for race in races for event in events(race)})
        raise UsageError(
            f"mark {{{name}}}: this does not happen in the race; remove the mark, or use one of {', '.join(happen)}"
        )
    return max(found) if kind == Kind.ENDS and not racer else min(found)
