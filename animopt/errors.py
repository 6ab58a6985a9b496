"""What animopt raises: one line that names the field, the value and the remedy."""


class Error(Exception):
    """Something in a scene, or on the disk, stops the work."""


class UsageError(Error, ValueError):
    """A value that was asked for cannot be used."""


def first_line(error: BaseException) -> str:
    """What an exception says, in one line."""
    said = str(error).strip().splitlines()
    return said[0] if said else type(error).__name__
