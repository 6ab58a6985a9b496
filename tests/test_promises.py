"""The page of promises: each has a test, and each test is there."""

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
PAGE = (ROOT / "docs" / "promises.md").read_text(encoding="utf-8")
ROWS = [line for line in PAGE.splitlines() if line.startswith("| ") and not line.startswith(("| promise", "| fault"))]


@pytest.mark.parametrize("name", sorted(set(re.findall(r"`(tests/[^`]+)`", PAGE))))
def test_a_test_that_a_promise_names_is_there(name):
    path, _, function = name.partition("::")
    tree = ast.parse((ROOT / path).read_text(encoding="utf-8"))
    tests = {node.name for node in tree.body if isinstance(node, ast.FunctionDef) and node.name.startswith("test_")}
    assert function in tests if function else tests


@pytest.mark.parametrize("row", [row for row in ROWS if not row.startswith("| whatever")])
def test_a_promise_names_a_test(row):
    assert re.search(r"`tests/(\w+/)?test_\w+\.py(::test_\w+)?`", row.split("|")[-2])
