"""Texts of others as a terminal may have them: what would command it is spelled out."""

import json
import re

CONTROLS = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ud800-\udfff]")
"""Those of ASCII and of Latin 1; what ends lines and paragraphs; what turns the order of letters; halves of pairs."""


def escape_controls(text: str, *, keep: str = "") -> str:
    r"""A text whose control characters, but those to `keep`, are escaped as Python does it: `\x1b`, `\n`, `\u202e`.

    Letters of all scripts stay as they are, and emoji with what joins them.
    """
    return CONTROLS.sub(lambda found: found[0] if found[0] in keep else _escaped(found[0]), text)


def single_line(text: str) -> str:
    """A text with a space for each control character."""
    return CONTROLS.sub(" ", text)


def escaped_json(value: object) -> str:
    """A value as JSON, in one line of letters, that is the same value when it is read."""
    return CONTROLS.sub(lambda found: f"\\u{ord(found[0]):04x}", json.dumps(value, ensure_ascii=False))


def encode_exactly(error: UnicodeError) -> tuple[str | bytes, int]:
    """How a file's name goes into a pipe: with the bytes that it has; for a letter that the pipe lacks, a `?`.

    This is a handler of `codecs.register_error`.
    """
    assert isinstance(error, UnicodeEncodeError)
    hidden = ord(error.object[error.start])
    # So Python keeps a byte that is no letter.
    byte = bytes([hidden - 0xDC00]) if 0xDC80 <= hidden <= 0xDCFF else b"?"
    return byte, error.start + 1


def _escaped(character: str) -> str:
    return character.encode("unicode_escape").decode("ascii")
