"""The page on optimizers of other libraries is written by their races."""

import importlib.util
import subprocess
from pathlib import Path

import pytest
import torch

SCRIPT = Path(__file__).parents[2] / "docs" / "optimizer_tables.py"


@pytest.fixture(scope="module")
def tables():
    """The script that writes the page."""
    specification = importlib.util.spec_from_file_location("optimizer_tables", SCRIPT)
    module = importlib.util.module_from_spec(specification)
    specification.loader.exec_module(module)
    return module


def test_page_has_no_race_that_differs_from_a_loop_by_hand(tables):
    page = tables.PAGE.read_text(encoding="utf-8")
    assert "differs" not in page
    assert page.count("\n| `") == 224


@pytest.mark.long
def test_page_is_the_one_that_the_libraries_give(tables):
    """It installs the libraries in a temporary folder."""
    if not torch.__version__.startswith(tables.TORCH):
        pytest.skip(f"the page is for torch {tables.TORCH}, and this is torch {torch.__version__}")
    try:
        page = tables.page()
    except subprocess.CalledProcessError as error:
        if "pip" not in error.cmd:
            raise
        pytest.skip(f"pip cannot install the libraries: {error.stderr.strip()[-200:]}")
    assert page == tables.PAGE.read_text(encoding="utf-8")
