"""File names that the operating system accepts."""

import os
import re

from animopt.core import operating_system

RESERVED = re.compile(r"(con|prn|aux|nul|com[0-9¹²³]|lpt[0-9¹²³])", re.IGNORECASE)
"""The names that Windows keeps for devices, whatever suffix they have."""


FORBIDDEN = re.compile(r'[<>:"|?*\x00-\x1f]')
"""What no name on Windows may have."""


def invalid_name_reason(name: str) -> str:
    """Why the system has no file of a name, "" where it may have one."""
    if "\0" in name:
        return "holds a zero byte"
    if not operating_system.WINDOWS:
        return ""
    if RESERVED.fullmatch(name.partition(".")[0].rstrip(" ")):
        return "is the name of a device on Windows"
    if found := FORBIDDEN.search(name):
        return f"holds {found[0]!r}, which Windows does not allow"
    return "ends in a dot or a blank, which Windows does not allow" if name.endswith((".", " ")) else ""


def ends_in_separator(path: str | os.PathLike[str]) -> bool:
    """Whether a path is given as that of a folder."""
    return os.fspath(path).endswith(tuple(filter(None, (os.sep, os.altsep, "/"))))
