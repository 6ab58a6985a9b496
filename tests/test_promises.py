"""Each promise in docs/promises.md names a test, and the tests that pages in docs/ name exist."""

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
PAGE = (ROOT / "docs" / "promises.md").read_text(encoding="utf-8")
PAGES = [(ROOT / "docs" / f"{name}.md").read_text(encoding="utf-8") for name in ("promises", "architecture")]
TABLES = re.findall(r"^\|---\|---\|\n((?:\|.*\n)+)", PAGE, re.MULTILINE)
PROMISES = [row for table in TABLES for row in table.splitlines()]
TEST = r"`(tests/(?:\w+/)?test_\w+\.py(?:::test_\w+)?)`"


@pytest.mark.parametrize("test", sorted(set(re.findall(r"`(tests/[^`]+\.py[^`]*)`", "\n".join(PAGES)))))
def test_named_test_exists(test):
    path, _, function = test.partition("::")
    tree = ast.parse((ROOT / path).read_text(encoding="utf-8"))
    tests = {node.name for node in tree.body if isinstance(node, ast.FunctionDef) and node.name.startswith("test_")}
    assert function in tests if function else tests


@pytest.mark.parametrize("promise", PROMISES)
def test_promise_names_a_test(promise):
    assert re.search(TEST, promise.split("|")[-2])


def test_every_table_is_found():
    assert len(PROMISES) >= 30
    assert len(PROMISES) + 2 * len(TABLES) == len(re.findall(r"^\|", PAGE, re.MULTILINE))
