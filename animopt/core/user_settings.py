"""The settings of the process that a scene file changes, and that are in effect only while its code runs."""

import decimal
import gc
import locale
import logging
import os
import sys
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import cache, partial
from typing import Any

from animopt.core.working_folder import WorkingFolder

DECIMALS = "prec", "rounding", "Emin", "Emax"
"""Attributes of the context of decimal numbers. Two contexts are never equal."""


@dataclass(frozen=True)
class _Setting:
    """A setting of the process, with the functions that return it and change it.

    One that is not `kept` is not made again when the code that chose it runs again.
    """

    read: Callable[[], Any]
    write: Callable[[Any], object]
    kept: bool = True


class UserSettings:
    """The settings of the user's code, which are those of the process only while the code runs.

    Otherwise a scene after another one would differ from the same scene alone.
    """

    def __init__(self) -> None:
        self._folder = WorkingFolder()
        self._chosen: dict[_Setting, Any] = {}

    @contextmanager
    def entered(self) -> Iterator[None]:
        """Make the settings that the code chose before, and return to the present ones at the end.

        Only one thread at a time is in this context. Raises Error if the present working folder is gone at the end.
        """
        with self._folder.entered():
            own = {each: each.read() for each in _settings()}
            for each, value in self._chosen.items():
                _write(each, value)
            self._chosen = {}
            try:
                yield
            finally:
                for each, value in own.items():
                    if (chosen := each.read()) != value:
                        _write(each, value)
                        if each.kept:
                            self._chosen[each] = chosen


def _write(setting: _Setting, value: Any) -> None:
    # A limit of recursion cannot be lower than the present depth, and a locale may not be known by its own name.
    with suppress(Exception):
        setting.write(value)


def _settings() -> list[_Setting]:
    """Return the settings of Python, and of NumPy and torch if they are imported.

    Those of matplotlib are left out, because another thread may draw with its own.
    """
    added = {"numpy": _numpy_settings, "torch": _torch_settings}
    return [*_PYTHON_SETTINGS, *(each for name, make in added.items() if name in sys.modules for each in make())]


def _change_environment(variables: dict[str, str]) -> None:
    for name in os.environ.keys() - variables.keys():
        del os.environ[name]
    os.environ.update(variables)


def _change_decimals(values: list[Any]) -> None:
    for name, value in zip(DECIMALS, values, strict=True):
        setattr(decimal.getcontext(), name, value)


def _change_filters(filters: list[Any]) -> None:
    # This also makes Python forget which warnings the present filters suppress.
    warnings.resetwarnings()
    warnings.filters = filters


def _umask() -> int:
    mask = os.umask(0o077)
    os.umask(mask)
    return mask


_PYTHON_SETTINGS = (
    # The first one, because a low limit lets everything else fail.
    _Setting(sys.getrecursionlimit, sys.setrecursionlimit),
    # Warnings about a race must not get lost in a stream of the scene.
    *(
        _Setting(partial(getattr, module, name), partial(setattr, module, name), kept=False)
        for module, name in ((sys, "stdin"), (sys, "stdout"), (sys, "stderr"), (warnings, "showwarning"))
    ),
    _Setting(lambda: list(warnings.filters), _change_filters),
    _Setting(lambda: sys.meta_path[:], lambda finders: sys.meta_path.__setitem__(slice(None), finders)),
    _Setting(sys.get_int_max_str_digits, sys.set_int_max_str_digits),
    _Setting(lambda: dict(os.environ), _change_environment),
    _Setting(_umask, os.umask),
    _Setting(gc.isenabled, lambda enabled: gc.enable() if enabled else gc.disable()),
    _Setting(partial(locale.setlocale, locale.LC_ALL), partial(locale.setlocale, locale.LC_ALL)),
    _Setting(
        lambda: [getattr(decimal.getcontext(), name) for name in DECIMALS],
        _change_decimals,
    ),
    _Setting(lambda: logging.root.manager.disable, logging.disable),
)


@cache
def _numpy_settings() -> tuple[_Setting, ...]:
    import numpy as np

    return (
        _Setting(np.geterr, lambda actions: np.seterr(**actions)),
        _Setting(np.get_printoptions, lambda options: np.set_printoptions(**options)),
    )


@cache
def _torch_settings() -> tuple[_Setting, ...]:
    import torch

    return (
        _Setting(torch.get_default_dtype, torch.set_default_dtype),
        # A default device slows down every call of torch, even if it is the CPU.
        _Setting(
            torch.get_default_device,
            lambda device: torch.set_default_device(None if device.type == "cpu" else device),
        ),
        _Setting(torch.is_grad_enabled, torch.set_grad_enabled),
        _Setting(torch.get_num_threads, torch.set_num_threads),
        _Setting(torch.get_deterministic_debug_mode, torch.set_deterministic_debug_mode),
        _Setting(
            lambda: (torch.is_anomaly_enabled(), torch.is_anomaly_check_nan_enabled()),
            lambda modes: torch.autograd.set_detect_anomaly(*modes),
        ),
        _Setting(
            lambda: torch.get_rng_state().tolist(),
            lambda state: torch.set_rng_state(torch.tensor(state, dtype=torch.uint8, device="cpu")),
        ),
    )
