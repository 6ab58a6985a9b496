"""The examples in docstrings print what they show."""

import doctest
from importlib import import_module

import animopt

MODULES = sorted(
    {f"animopt.{name}" for name in animopt._MODULES.values()}
    | {"animopt.engine.classification", "animopt.engine.regression"}
)


def test_examples_print_what_they_show():
    results = {name: doctest.testmod(import_module(name)) for name in [*MODULES, "animopt.engine.library"]}
    assert {name: result for name, result in results.items() if result.failed} == {}
    assert sum(result.attempted for result in results.values()) > 0
