"""Where scene files lie, and what they say of themselves, without running any of them."""

import ast
import importlib.util
from pathlib import Path


def scenes() -> dict[str, Path]:
    """Every scene's file by its name: the built-in ones, and those in ./scenes, which win."""
    spec = importlib.util.find_spec("animopt.scenes")
    built_in = list(spec.submodule_search_locations or []) if spec else []
    folders = [*map(Path, built_in), Path("scenes")]
    found = {name(path): path for folder in folders for path in folder.glob("*.py") if path.stem != "__init__"}
    return dict(sorted(found.items()))


def name(path: Path) -> str:
    """What the scene in a file is called."""
    return path.stem.replace("_", "-")


def description(path: Path) -> str:
    """A scene file's docstring, or what keeps it from having one."""
    try:
        return ast.get_docstring(ast.parse(path.read_bytes())) or ""
    except SyntaxError as error:
        return f"(line {error.lineno}: {error.msg})"
    except (OSError, ValueError) as error:
        return f"({error})"
