"""Hashes of values: equal for equal values in any process and on any day."""

from collections.abc import Mapping, Sequence
from dataclasses import fields, is_dataclass
from hashlib import sha256
from typing import Any, cast

import attrs
import numpy as np


def fingerprint(*values: object) -> str:
    """Return a hash of values: of texts, numbers, arrays, sequences, mappings, data classes and attrs classes.

    Raises TypeError for a value of another kind.
    """
    digest = sha256()
    for value in values:
        _add(digest, value)
    return digest.hexdigest()


def _add(digest: Any, value: object) -> None:
    """Add a value with its kind and its length, so that two different values are never the same bytes."""
    match value:
        case np.ndarray():
            _add(digest, [value.dtype.str, *value.shape])
            _add(digest, np.ascontiguousarray(value).tobytes())
        case bytes():
            digest.update(b"b%d:" % len(value))
            digest.update(value)
        case str():
            digest.update(b"s")
            _add(digest, str.__str__(value).encode("utf-8", "surrogatepass"))
        case None | bool() | int() | float() | complex() | np.generic():
            digest.update(f"n{type(value).__name__} {value!r};".encode())
        case Mapping():
            _add(digest, ["mapping", *(item for pair in value.items() for item in pair)])
        case Sequence():
            digest.update(b"l%d:" % len(value))
            for each in value:
                _add(digest, each)
        case _ if is_dataclass(value):
            _add_fields(digest, value, [field.name for field in fields(value)])
        case _ if attrs.has(kind := cast("Any", type(value))):
            _add_fields(digest, value, [field.name for field in attrs.fields(kind)])
        case _:
            raise TypeError(f"{type(value).__name__} has no fingerprint")


def _add_fields(digest: Any, value: object, names: Sequence[str]) -> None:
    _add(digest, [type(value).__qualname__, *(getattr(value, name) for name in names)])
