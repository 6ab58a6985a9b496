"""Code, tests and documents use none of the phrases that plain engineering English avoids."""

import ast
import io
import re
import tokenize
from functools import cache
from itertools import pairwise
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
FOLDERS = ("animopt", "tests", "benchmarks", "scenes")
SOURCES = sorted(path for folder in FOLDERS for path in (ROOT / folder).rglob("*.py") if path != Path(__file__))
PAGES = [
    ROOT / "README.md",
    ROOT / "CHANGELOG.md",
    ROOT / "benchmarks" / "README.md",
    ROOT / "CONTRIBUTING.md",
    *(ROOT / "docs").rglob("*.md"),
]

PHRASES = re.compile(
    r"\b(told|whoever|which of them|is let|let be|stands|mends?|mended|leaves with \d|takes none of|takes the place of"
    r"|of ours|otherwise than|but for|lest|so often a|as many as|as many \w+ as \w+ (are|is|have|has))\b"
    r"|(^|[.;:] )as many\b".replace(" ", r"\s+"),
    re.IGNORECASE,
)
"""Phrases that a reader must read twice. They can continue on the next line of a text."""

VAGUE_NAMES = {"MOST", "LEAST", "EVERY", "PATIENCE", "TRIES"}
"""Names of constants that do not say what they limit."""

VAGUE_STARTS = re.compile(r"(What|Whoever|So|As many|As often|How many|How often)\b")
"""First words of a docstring that is not about its subject."""

VAGUE_CONSTANT_STARTS = re.compile(rf"{VAGUE_STARTS.pattern}|(Who|How)\b")
"""First words of a constant's docstring that does not start with the quantity."""


@cache
def is_flawed(name):
    """Whether an identifier is vague, or has a banned phrase as its words."""
    words = re.sub(r"(?<=[a-z])(?=[A-Z])", "_", name).lower().replace("_", " ")
    return name.strip("_") in VAGUE_NAMES or bool(PHRASES.search(words))


def phrases(text, line):
    """Yield the line and the words of each banned phrase in a text that starts at a line."""
    for found in PHRASES.finditer(text):
        yield line + text.count("\n", 0, found.start()), " ".join(found[0].split())


def comments(tokens):
    """Yield the first line and the text of each block of comments."""
    block, start, previous = [], 0, 0
    for token in tokens:
        if token.type == tokenize.COMMENT:
            if token.start[0] != previous + 1:
                yield start, "\n".join(block)
                block, start = [], token.start[0]
            block.append(token.string.lstrip("#: "))
            previous = token.start[0]
    yield start, "\n".join(block)


def vague_docstrings(tree):
    """Yield the line and the first words of each docstring with a vague start, also of those below constants."""
    for node in ast.walk(tree):
        if not isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef):
            continue
        if VAGUE_STARTS.match(text := ast.get_docstring(node) or ""):
            yield node.body[0].lineno, " ".join(text.split()[:5])
        for before, after in pairwise(node.body):
            if isinstance(before, ast.Assign | ast.AnnAssign) and isinstance(after, ast.Expr):
                text = getattr(after.value, "value", None)
                if isinstance(text, str) and VAGUE_CONSTANT_STARTS.match(text):
                    yield after.lineno, " ".join(text.split()[:5])


def flaws(source):
    """List the lines of a source file that have a flaw, and the words or the name that is one."""
    tree = ast.parse(source)
    tokens = list(tokenize.generate_tokens(io.StringIO(source).readline))
    texts = [(node.lineno, node.value) for node in ast.walk(tree) if isinstance(node, ast.Constant)]
    texts = [(line, text) for line, text in texts if isinstance(text, str)]
    found = [flaw for line, text in [*texts, *comments(tokens)] for flaw in phrases(text, line)]
    found += vague_docstrings(tree)
    names = (token for token in tokens if token.type == tokenize.NAME)
    return found + [(token.start[0], token.string) for token in names if is_flawed(token.string)]


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_source_has_no_banned_phrase(path):
    assert flaws(path.read_text(encoding="utf-8")) == []


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_page_has_no_banned_phrase(path):
    assert list(phrases(path.read_text(encoding="utf-8"), 1)) == []


@pytest.mark.parametrize(
    ("source", "flaw"),
    [
        ('"""A file\nis told to move."""', (2, "told")),
        ("a = 1\n# The old file is\n# let be.", (2, "is let")),
        ("text = f'{name} is there; as many texts as pixels'", (1, "; as many")),
        ("print('it leaves with 1')", (1, "leaves with 1")),
        ("def test_user_is_told():\n    pass", (1, "test_user_is_told")),
        ("_TRIES = 20", (1, "_TRIES")),
        ('def f():\n    """What is written."""', (2, "What is written.")),
        ('TIMES = 2\n"""So often it is written."""', (2, "So often it is written.")),
        ('class A:\n    times = 2\n    """How often it is written."""', (3, "How often it is written.")),
    ],
)
def test_flaw_is_found(source, flaw):
    assert flaw in flaws(source)


def test_plain_english_has_no_flaw():
    source = '"""Standings of racers; recommended for GIFs."""\n\nMAX_TRIES = 20\n"""Maximum number of attempts."""\n'
    assert flaws(source) == []


def test_identifiers_are_read_as_words():
    assert is_flawed("_wasTold_TWICE")
    assert is_flawed("MOST")
    assert not is_flawed("almostMost_tolding")
