"""Text from users and files, escaped so that it cannot control the terminal."""

import json
import re

CONTROLS = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ud800-\udfff]")
"""ASCII and Latin-1 control characters, line and paragraph separators, bidirectional controls and surrogates."""


def escape_controls(text: str, *, keep: str = "") -> str:
    r"""Escape the control characters in a text as Python does, except for those in `keep`: `\x1b`, `\n`, `\u202e`.

    Letters of all scripts and emoji, with the characters that join them, remain as they are.
    """
    return CONTROLS.sub(
        lambda found: found[0] if found[0] in keep else found[0].encode("unicode_escape").decode("ascii"), text
    )


def single_line(text: str) -> str:
    """Replace each control character in a text by a space."""
    return CONTROLS.sub(" ", text)


def escaped_json(value: object) -> str:
    """Return a value as JSON in one line without control characters."""
    return CONTROLS.sub(lambda found: f"\\u{ord(found[0]):04x}", json.dumps(value, ensure_ascii=False))


def encode_exactly(error: UnicodeError) -> tuple[str | bytes, int]:
    """Encode the raw bytes in a file name as they are, and a character that the stream cannot encode as `?`.

    This is an error handler for `codecs.register_error`.
    """
    assert isinstance(error, UnicodeEncodeError)
    code = ord(error.object[error.start])
    # Python decodes a byte that is not valid text to a surrogate.
    return bytes([code - 0xDC00]) if 0xDC80 <= code <= 0xDCFF else b"?", error.start + 1
