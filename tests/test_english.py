"""Code, tests and documents use none of the phrases that plain engineering English avoids."""

import ast
import io
import re
import tokenize
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
SELF = Path(__file__)
FOLDERS = ("animopt", "tests", "benchmarks", "scenes")
SOURCES = sorted(path for folder in FOLDERS for path in (ROOT / folder).rglob("*.py") if path != SELF)
PAGES = [ROOT / "README.md", ROOT / "CHANGELOG.md", ROOT / "benchmarks" / "README.md", *(ROOT / "docs").glob("*.md")]

PHRASES = re.compile(
    r"\b(told|whoever|which of them|is let|let be|stands|mends?|mended|leaves with \d|takes none of|takes the place of"
    r"|of ours|otherwise than|but for|lest|so often a|as many \w+ as \w+ (are|is|have|has))\b",
    re.IGNORECASE,
)
"""Phrases that a reader must read twice."""

VAGUE_NAMES = {"MOST", "LEAST", "EVERY", "PATIENCE", "TRIES"}
"""Names of constants that do not say what they limit."""

VAGUE_STARTS = re.compile(r"(What|Whoever|So|As many|As often|How many|How often)\b")
"""First words of a description that is not about its subject."""


def words_of(name):
    """The words of an identifier."""
    return re.sub(r"(?<=[a-z])(?=[A-Z])", "_", name).lower().split("_")


def texts(source):
    """Yield the line and the text of each comment, string and identifier."""
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        if token.type in (tokenize.COMMENT, tokenize.STRING):
            yield token.start[0], " ".join(token.string.split())
        elif token.type == tokenize.NAME:
            yield token.start[0], " ".join(words_of(token.string))


def descriptions(tree):
    """Yield the line and the text of each docstring, and of each string below a constant."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef) and (text := ast.get_docstring(node)):
            yield getattr(node, "lineno", 1), text
    for before, after in zip(tree.body, tree.body[1:], strict=False):
        if isinstance(before, ast.Assign | ast.AnnAssign) and isinstance(after, ast.Expr):
            text = getattr(after.value, "value", None)
            if isinstance(text, str):
                yield after.lineno, text


def constants(tree):
    """Yield the line and the name of each constant of a module."""
    for node in tree.body:
        for name in ast.walk(node) if isinstance(node, ast.Assign | ast.AnnAssign) else ():
            if isinstance(name, ast.Name) and isinstance(name.ctx, ast.Store):
                yield name.lineno, name.id


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_source_has_no_banned_phrase(path):
    source = path.read_text(encoding="utf-8")
    tree = ast.parse(source)
    found = [(line, text[:80]) for line, text in texts(source) if PHRASES.search(text)]
    found += [(line, text[:80]) for line, text in descriptions(tree) if VAGUE_STARTS.match(text)]
    found += [(line, name) for line, name in constants(tree) if name.strip("_") in VAGUE_NAMES]
    assert found == []


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_page_has_no_banned_phrase(path):
    lines = path.read_text(encoding="utf-8").splitlines()
    assert [(number, line) for number, line in enumerate(lines, 1) if PHRASES.search(line)] == []


@pytest.mark.parametrize(
    "text", ["It is told in a line.", "Whoever asks", "a worker of ours", "exits and leaves with 1"]
)
def test_the_phrases_are_found(text):
    assert PHRASES.search(text)


def test_identifiers_are_read_as_words():
    assert words_of("_toldTwice_NOW") == ["", "told", "twice", "now"]
