"""How a clip was made, as a text in its file, and the scene file that makes it again."""

import json
from collections.abc import Mapping, Sequence
from importlib import metadata
from typing import Self

import attrs
from attrs.validators import instance_of

from animopt.core.errors import Error, single_line
from animopt.video.metadata import MAX_TEXT_LENGTH

FORMAT = 2
"""Format of the recipes that this version of animopt writes and reads."""

MAX_VERSION_LENGTH = 40
"""Maximum number of characters that a message shows of a version."""

LIBRARIES = ("animopt", "torch", "numpy", "matplotlib")
"""Packages whose versions are in a recipe."""


def _version(package: str) -> str:
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return "not installed"


@attrs.frozen
class Recipe:
    """How a clip or a still was made.

    `output` contains its size, its rate or its second, its theme, and the limits that were changed; `settings` contains
    the scene's fields as plain values, for reading. `source` is the text of the scene file, and `file` its name without
    folders. `changes` are the fields that had other values than in the file. Without a source, `lacking` is the reason.
    """

    output: Mapping[str, object] = attrs.field(validator=instance_of(dict))
    settings: Mapping[str, object] = attrs.field(validator=instance_of(dict))
    file: str = attrs.field(default="", validator=instance_of(str))
    source: str = attrs.field(default="", validator=instance_of(str))
    changes: Mapping[str, object] = attrs.field(factory=dict, validator=instance_of(dict))
    lacking: str = attrs.field(default="", validator=instance_of(str))
    versions: Mapping[str, str] = attrs.field(
        factory=lambda: {package: _version(package) for package in LIBRARIES}, validator=instance_of(dict)
    )

    @classmethod
    def read(cls, text: str, path: str) -> Self:
        """Return the recipe in a text from the file at `path`. Raises Error if the text is not a recipe."""
        try:
            content = json.loads(text)
            if isinstance(content["recipe"], int) and content["recipe"] != FORMAT:
                raise Error(
                    f"{path}: animopt {single_line(str(content['versions']['animopt']))[:MAX_VERSION_LENGTH]} "
                    "wrote its recipe in another format; read it with that version"
                )
            recipe = cls(**{name: content[name] for name in attrs.fields_dict(cls)})
            # These fail for values that no recipe has, such as an infinite number.
            _ = recipe.text, recipe.rows(), recipe.options(), recipe.source.encode()
        except (ValueError, KeyError, TypeError, OverflowError, RecursionError):
            found = "its comment is another tool's" if text.strip() else "it has no comment"
            raise Error(f"{path}: has no recipe, {found}; animopt puts one into each clip that it renders") from None
        return recipe

    @property
    def text(self) -> str:
        """The recipe as ASCII JSON, without its longest parts if it is too long for a file."""
        content = {"recipe": FORMAT, **attrs.asdict(self, recurse=False)}
        no_source = {"source": "", "lacking": self.lacking or "the scene file is too long to be kept in a clip"}
        texts = [
            json.dumps({**content, **left_out}, separators=(",", ":"), allow_nan=False)
            for left_out in ({}, no_source, {**no_source, "settings": {}})
        ]
        return next((text for text in texts if len(text) <= MAX_TEXT_LENGTH), texts[-1])

    def scene_file(self) -> str:
        """Return the text of a scene file that makes the clip again. Raises Error if the recipe does not have it."""
        if not self.source:
            reason = _printable(self.lacking).strip() or "the recipe does not have it"
            raise Error(f"the scene file cannot be written: {reason}")
        source = self.source.rstrip("\n")
        if not self.changes:
            return f"{source}\n"
        changes = ", ".join(f"{name}={value!r}" for name, value in self.changes.items())
        statement = f"scene = scene.replace({changes})"
        try:
            # Python refuses some identifiers as arguments, for example keywords.
            compile(statement, self.file, "exec")
            is_whole = all(name.isidentifier() for name in self.changes)
        except (SyntaxError, ValueError, MemoryError, RecursionError):
            is_whole = False
        if not is_whole:
            raise Error("the scene file cannot be written: the recipe is damaged")
        return f"{source}\n\n# The clip was made with these values.\n{statement}\n"

    def options(self) -> list[str]:
        """Return the words of the options with which the command line makes the clip again from the scene file."""
        size, options = self.output.get("size"), []
        if isinstance(size, list) and [type(side) for side in size] == [int, int]:
            options += ["--size", f"{size[0]}x{size[1]}"]
        for name in ("fps", "still"):
            if type(value := self.output.get(name)) in (int, float):
                # All digits: a rounded second can be later than the last one.
                options += [f"--{name}", repr(value).removesuffix(".0")]
        if isinstance(limits := self.output.get("limits"), dict):
            options += [word for name, limit in limits.items() for word in ("--limit", f"{name}={limit}")]
        return options + [f"--{name}" for name in ("storyboard", "transparent") if self.output.get(name)]

    def rows(self) -> list[tuple[str, str]]:
        """Return everything but the source as names and values, in printable characters."""
        rows = {
            "versions": self.versions,
            **self.output,
            # Of the fields that are empty or 0, only the seed is of interest.
            **{name: value for name, value in self.settings.items() if value or name == "seed"},
            "scene file": self.lacking,
        }
        if self.source:
            rows["scene file"] = f"{self.file or 'without a name'}, {len(self.source.splitlines())} lines"
        if self.changes:
            rows["in place of the file's"] = self.changes
        return [(_printable(name), _printable(_value_text(value))) for name, value in rows.items()]


def _value_text(value: object) -> str:
    """Return a JSON value as a text for reading."""
    if isinstance(value, Mapping):
        return ", ".join(f"{name} {_value_text(each)}" for name, each in value.items())
    if isinstance(value, Sequence) and not isinstance(value, str):
        texts = list(map(_value_text, value))
        return "; ".join(texts) if any(isinstance(each, Mapping) for each in value) else f"({', '.join(texts)})"
    if value is None or isinstance(value, bool):
        return {None: "none", True: "yes", False: "no"}[value]
    return f"{value:.12g}" if isinstance(value, float) else str(value)


def _printable(text: str) -> str:
    """Return a text in one line, with a blank for each character that is not printable."""
    return "".join(letter if letter.isprintable() else " " for letter in text)
