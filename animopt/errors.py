"""What animopt raises: one line that names the field, the value and the remedy."""


class Error(Exception):
    """Something in a scene, or on the disk, stops the work."""


class UsageError(Error, ValueError):
    """A value that was asked for cannot be used."""
