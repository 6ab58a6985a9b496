"""What a shell can complete without the seconds that torch takes: names read from the files that have them."""

import ast
import importlib.util
from collections.abc import Iterable
from pathlib import Path

import click
from click.shell_completion import CompletionItem

from animopt.core.terminal_text import escape_controls
from animopt.scene import catalog


def scene_names(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[str | CompletionItem]:
    """The scenes whose names begin so, or else files."""
    return _or_files(catalog.scenes(), incomplete)


def function_names(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[str | CompletionItem]:
    """The functions on the shelf whose names begin so, or else files."""
    return _or_files(functions(), incomplete)


def optimizer_names(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[str | CompletionItem]:
    """The optimizers of torch.optim whose names begin so, in small letters where it does."""
    small = incomplete == incomplete.lower() and incomplete != ""
    return [name.lower() if small else name for name in optimizers() if name.lower().startswith(incomplete.lower())]


def files(incomplete: str) -> list[CompletionItem]:
    """What has the shell itself complete the name of a file."""
    return [CompletionItem(incomplete, type="file")]


def functions() -> list[str]:
    """The names of the functions on the shelf, as the command line lists them."""
    program = _program("animopt", "engine", "library.py")
    made = (node for node in program.body if isinstance(node, ast.Assign) and isinstance(node.value, ast.Call))
    names = (target.id for node in made for target in node.targets if isinstance(target, ast.Name))
    return [name.replace("_", "-") for name in names if not name.startswith("_")]


def optimizers() -> list[str]:
    """The names of the optimizers of torch.optim."""
    program = _program("torch", "optim", "__init__.py")
    imported = (alias.name for node in program.body if isinstance(node, ast.ImportFrom) for alias in node.names)
    return sorted(name for name in imported if name[0].isupper() and name != "Optimizer")


def _or_files(names: Iterable[str], incomplete: str) -> list[str | CompletionItem]:
    # A terminal would obey a name that is not, and no shell can be told it.
    found: list[str | CompletionItem] = [
        name for name in names if name.startswith(incomplete) and name == escape_controls(name)
    ]
    return found or list(files(incomplete))


def _program(package: str, *parts: str) -> ast.Module:
    """A file of an installed package, which is not imported; an empty one where there is none."""
    spec = importlib.util.find_spec(package)
    if spec is None or spec.origin is None:
        return ast.Module([], [])
    try:
        return ast.parse(Path(spec.origin).parent.joinpath(*parts).read_bytes())
    except (OSError, SyntaxError):
        return ast.Module([], [])
