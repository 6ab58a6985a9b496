"""Shell completion. Names are read from source files, because importing torch takes seconds."""

import ast
import importlib.util
from collections.abc import Iterable
from pathlib import Path

import click
from click.shell_completion import CompletionItem

from animopt.core.terminal_text import escape_controls
from animopt.scene import catalog


def complete_scene(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[str | CompletionItem]:
    """Return names of scenes that start with the text, otherwise files."""
    return _names_or_files(catalog.scenes(), incomplete)


def complete_function(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[str | CompletionItem]:
    """Return names of test functions that start with the text, otherwise files."""
    return _names_or_files(function_names(), incomplete)


def complete_optimizer(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[str | CompletionItem]:
    """Return names of optimizers that start with the text, ignoring case. They are lower-case if the text is."""
    names = [name for name in optimizer_names() if name.lower().startswith(incomplete.lower())]
    return [name.lower() for name in names] if incomplete.islower() else list(names)


def complete_file(incomplete: str) -> list[CompletionItem]:
    """Return an item that makes the shell complete file names."""
    return [CompletionItem(incomplete, type="file")]


def function_names() -> list[str]:
    """Return the names of the test functions as the command line shows them."""
    program = _parse("animopt", "engine", "library.py")
    names = (
        node.name if isinstance(node, ast.FunctionDef) else ast.unparse(node.targets[0])
        for node in program.body
        if (isinstance(node, ast.FunctionDef) and node.decorator_list)
        or (isinstance(node, ast.Assign) and isinstance(node.value, ast.Call))
    )
    return [name.replace("_", "-") for name in names]


def optimizer_names() -> list[str]:
    """Return the names of the optimizers in torch.optim."""
    program = _parse("torch", "optim", "__init__.py")
    imported = (alias.name for node in program.body if isinstance(node, ast.ImportFrom) for alias in node.names)
    return sorted(name for name in imported if name[0].isupper() and name != "Optimizer")


def _names_or_files(names: Iterable[str], incomplete: str) -> list[str | CompletionItem]:
    # A name with control characters cannot be typed, and the terminal would act on it.
    found = [name for name in names if name.startswith(incomplete) and name == escape_controls(name)]
    return [*found] or [*complete_file(incomplete)]


def _parse(package: str, *parts: str) -> ast.Module:
    """Return the syntax tree of a file in a package that is not imported; it is empty if the file is missing."""
    try:
        spec = importlib.util.find_spec(package)
        return ast.parse(Path(str(spec and spec.origin)).parent.joinpath(*parts).read_bytes())
    except (OSError, SyntaxError):
        return ast.Module([], [])
