"""Errors of code that the user wrote: functions, optimizers, schedulers."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from animopt.core.errors import Error, first_line, must_propagate


@contextmanager
def user_code(
    place: str, describe: Callable[[BaseException], str] = first_line, kind: type[Error] = Error
) -> Iterator[None]:
    """Turn an exception of the user's code into an error that names the place and describes the exception."""
    try:
        yield
    except Error:
        raise
    except BaseException as error:
        if must_propagate(error):
            raise
        raise kind(f"{place}: {describe(error)}") from error


def with_type(error: BaseException) -> str:
    """Return the type and the first line of an exception."""
    return f"{type(error).__name__}: {first_line(error)}"
