"""File names that the operating system accepts."""

import os
import re

from animopt.core import operating_system

_DEVICES = re.compile(r"(con|prn|aux|nul|com[0-9¹²³]|lpt[0-9¹²³])", re.IGNORECASE)
"""Names that Windows reserves for devices, with any suffix."""


_FORBIDDEN = re.compile(r'[<>:"|?*\x00-\x1f]')
"""Characters that a file name on Windows must not contain."""


def is_device_name(name: str) -> bool:
    """Return whether Windows reserves a file name for a device, on any operating system."""
    return _DEVICES.fullmatch(name.partition(".")[0].rstrip(" ")) is not None


def invalid_name_reason(name: str) -> str:
    """Return why the operating system rejects a file name, or "" if it accepts the name."""
    if "\0" in name:
        return "holds a zero byte"
    if not operating_system.WINDOWS:
        return ""
    if is_device_name(name):
        return "is the name of a device on Windows"
    if found := _FORBIDDEN.search(name):
        return f"holds {found[0]!r}, which Windows does not allow"
    return "ends in a dot or a blank, which Windows does not allow" if name.endswith((".", " ")) else ""


def ends_in_separator(path: str | os.PathLike[str]) -> bool:
    """Return whether a path ends in a separator, and so names a folder."""
    return os.fspath(path).endswith(tuple(filter(None, (os.sep, os.altsep, "/"))))
