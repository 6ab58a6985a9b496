"""Fixtures of the tests of the core."""

import pytest

from animopt.core import operating_system


@pytest.fixture
def simulate(monkeypatch):
    """A function that makes animopt behave as on another operating system."""

    def simulate(name):
        monkeypatch.setattr(operating_system, "WINDOWS", name == "Windows")
        monkeypatch.setattr(operating_system, "MAC", name == "macOS")

    return simulate
