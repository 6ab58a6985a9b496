"""What a clip says of how it was made, as a text in its file, and the scene file that makes it again."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from importlib.metadata import PackageNotFoundError, version
from typing import Any, Self

from animopt.core.errors import Error
from animopt.video.metadata import MAX_TEXT_LENGTH

FORMAT = 1
"""Stands in every recipe; a later animopt that writes them otherwise writes another number."""

LIBRARIES = ("animopt", "torch", "numpy", "matplotlib")


@dataclass(frozen=True)
class Recipe:
    """How a clip or a still was made.

    `output` is its size, its rate or its second, and its theme; `settings` are the scene's, as plain values, for
    reading. `source` is the text of the scene file, `file` its name without folders; `changes` are the fields that had
    other values than in the file. Where there is no source, `lacking` tells why.
    """

    output: Mapping[str, Any]
    settings: Mapping[str, Any]
    file: str = ""
    source: str = ""
    changes: Mapping[str, Any] = field(default_factory=dict)
    lacking: str = ""
    versions: Mapping[str, str] = field(default_factory=lambda: _versions())

    @classmethod
    def read(cls, text: str, called: str) -> Self:
        """The recipe in a text, found in the file that is `called` so. Raises Error for a text that is none."""
        try:
            found = json.loads(text)
            own = {name: found[name] for name in cls.__dataclass_fields__}
            kinds = {type(default) for default in (own["file"], own["source"], own["lacking"])}
            maps = (own["output"], own["settings"], own["changes"], own["versions"])
            if kinds != {str} or not all(isinstance(each, dict) for each in maps):
                raise TypeError
            recipe = cls(**own)
            # What no recipe of ours holds, such as a number without end, none of these can tell.
            _ = recipe.text, recipe.rows(), recipe.options(), recipe.source.encode()
        except (ValueError, KeyError, TypeError, OverflowError, RecursionError):
            what = "its comment is another tool's" if text.strip() else "it has no comment"
            raise Error(f"{called}: has no recipe, {what}; animopt puts one into each clip that it renders") from None
        return recipe

    @property
    def text(self) -> str:
        """The recipe as JSON, in ASCII and no longer than a file can hold: without what is longest, where need be."""
        whole = {"recipe": FORMAT, **{name: getattr(self, name) for name in self.__dataclass_fields__}}
        long = {"source": "", "lacking": self.lacking or "the scene file is too long to be kept in a clip"}
        for left_out in ({}, long, {**long, "settings": {}}):
            text = json.dumps({**whole, **left_out}, separators=(",", ":"), allow_nan=False)
            if len(text) <= MAX_TEXT_LENGTH:
                break
        return text

    def scene_file(self) -> str:
        """The text of a scene file that makes the clip again. Raises Error where the recipe does not hold it."""
        if not self.source:
            why = _plain(self.lacking).strip() or "the recipe does not have it"
            raise Error(f"the scene file cannot be written: {why}")
        lines = [self.source.rstrip("\n")]
        if self.changes:
            if not all(name.isidentifier() for name in self.changes):
                raise Error("the scene file cannot be written: the recipe is damaged")
            given = ", ".join(f"{name}={value!r}" for name, value in self.changes.items())
            lines += [
                "",
                "# The clip was made with these in place of the scene's own.",
                f"scene = scene.replace({given})",
            ]
        return "\n".join([*lines, ""])

    def options(self) -> list[str]:
        """What the command line is to be told besides the scene file, to make the clip again."""
        size, told = self.output.get("size"), []
        if isinstance(size, list) and [type(side) for side in size] == [int, int]:
            told += ["--size", f"{size[0]}x{size[1]}"]
        for name in ("fps", "still"):
            if isinstance(value := self.output.get(name), (int, float)):
                told += [f"--{name}", f"{value:.12g}"]
        return told + [f"--{name}" for name in ("storyboard", "transparent") if self.output.get(name)]

    def rows(self) -> list[tuple[str, str]]:
        """Everything but the source, as names and values in words of letters that can be printed."""
        told = {"versions": self.versions, **self.output}
        # A seed of 0 tells something; other fields that are empty or 0 do not.
        told |= {name: value for name, value in self.settings.items() if value or name == "seed"}
        if self.source:
            told["scene file"] = f"{self.file or 'without a name'}, {len(self.source.splitlines())} lines"
        else:
            told["scene file"] = self.lacking
        if self.changes:
            told["in place of the file's"] = self.changes
        return [(_plain(name), _plain(_words(value))) for name, value in told.items()]


def _versions() -> dict[str, str]:
    found = {}
    for name in LIBRARIES:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            found[name] = "not installed"
    return found


def _words(value: Any) -> str:
    """A value of JSON in words."""
    if isinstance(value, Mapping):
        return ", ".join(f"{name} {_words(each)}" for name, each in value.items())
    if isinstance(value, Sequence) and not isinstance(value, str):
        if any(isinstance(each, Mapping) for each in value):
            return "; ".join(map(_words, value))
        return f"({', '.join(map(_words, value))})"
    if value is None or isinstance(value, bool):
        return {None: "none", True: "yes", False: "no"}[value]
    return f"{value:.12g}" if isinstance(value, float) else str(value)


def _plain(text: str) -> str:
    """A text as one line that a terminal takes as letters alone."""
    return "".join(letter if letter.isprintable() else " " for letter in text)
