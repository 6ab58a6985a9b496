"""Fixtures of the tests of the core."""

import pytest

from animopt.core import processes


@pytest.fixture
def simulate(monkeypatch):
    """A function that makes animopt behave as on another operating system."""

    def simulate(name):
        monkeypatch.setattr(processes, "WINDOWS", name == "Windows")
        monkeypatch.setattr(processes, "MAC", name == "macOS")

    return simulate
