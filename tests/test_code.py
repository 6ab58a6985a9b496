"""The code itself: lint, types, and imports that only go downwards."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

import animopt

ROOT = Path(__file__).parent.parent
PACKAGE = ROOT / "animopt"

# Each module's floor; a module may import only from lower ones. A new module says here where it lives.
FLOORS = {
    "printable": -1,
    "errors": 0,
    "startup": 0,
    "eager": 0,
    "defaults": 0,
    "plotting": 0,
    "notebook": 0,
    "clip": 1,
    "grids": 1,
    "outcomes": 0,
    "recording": 1,
    "clock": 2,
    "typeface": 1,
    "look": 1,
    "catalogue": 1,
    "embedding": 1,
    "layout": 2,
    "recipe": 2,
    "snippets": 1,
    "projection": 2,
    "relief": 2,
    "figures": 2,
    "function": 2,
    "marks": 2,
    "labels": 2,
    "trails": 2,
    "rules": 2,
    "ground": 3,
    "names": 3,
    "telling": 3,
    "captions": 4,
    "describing": 4,
    "shades": 3,
    "panels": 3,
    "functions": 3,
    "gradients": 3,
    "optimizers": 3,
    "regression": 3,
    "panels.card": 4,
    "panels.contour": 4,
    "panels.fit": 4,
    "panels.formula": 4,
    "panels.header": 4,
    "panels.loss": 4,
    "panels.map": 4,
    "panels.standings": 4,
    "panels.state": 4,
    "panels.tally": 4,
    "panels.wireframe": 4,
    "panels.multiples": 5,
    "record": 4,
    "maps": 5,
    "sweep": 4,
    "tuning": 5,
    "workers": 1,
    "cluster": 1,
    "canvas": 4,
    "stream": 5,
    "film": 6,
    "encoder": 7,
    "formats": 8,
    "output": 9,
    "budget": 10,
    "writers": 11,
    "scene": 13,
    "picture": 13,
    "places": 10,
    "adhoc": 14,
    "batch": 14,
    "commands": 17,
    "cli": 18,
    "__main__": 19,
    "slides": 3,
    "powerpoint": 4,
    "webpage": 4,
    "deck": 14,
    "gallery": 14,
    "beside": 12,
    "completion": 2,
    "doctor": 15,
    "progress": 1,
    "report": 10,
    "starter": 2,
    "template": 14,
    "viewer": 1,
    "voice": 2,
    "watch": 1,
    "options": 11,
    "rendering": 15,
    "several": 16,
}
TORCH_HALF = {
    "defaults",
    "describing",
    "eager",
    "function",
    "functions",
    "gradients",
    "maps",
    "optimizers",
    "record",
    "regression",
    "sweep",
    "tuning",
}
PIXEL_HALF = {
    "beside",
    "captions",
    "marks",
    "labels",
    "trails",
    "names",
    "plotting",
    "ground",
    "shades",
    "typeface",
    "panels",
    "canvas",
    "workers",
    "cluster",
    "stream",
    "film",
    "encoder",
    "formats",
    "output",
    "budget",
    "writers",
    *(name for name in FLOORS if name.startswith("panels.")),
}


def module_name(path):
    return ".".join(path.relative_to(PACKAGE).with_suffix("").parts).removesuffix(".__init__")


MODULES = {module_name(path): path for path in PACKAGE.rglob("*.py") if path != PACKAGE / "__init__.py"}


def imports(path):
    """Every module of ours that a file imports, wherever in the file."""
    for node in ast.walk(ast.parse(path.read_bytes())):
        if isinstance(node, ast.ImportFrom) and node.module and node.module.partition(".")[0] == "animopt":
            inside = node.module.removeprefix("animopt").removeprefix(".")
            for alias in node.names:
                if not inside and alias.name in animopt._HOMES:
                    yield animopt._HOMES[alias.name]
                    continue
                full = f"{inside}.{alias.name}".removeprefix(".")
                yield full if full in MODULES else inside
        elif isinstance(node, ast.Import):
            yield from (alias.name.removeprefix("animopt.") for alias in node.names if alias.name.startswith("animopt"))


def run(*command, cwd=ROOT):
    return subprocess.run(command, cwd=cwd, capture_output=True, text=True, check=False)


@pytest.mark.parametrize("command", [["ruff", "check"], ["ruff", "format", "--check"], ["mypy"]], ids=" ".join)
def test_tools_find_nothing(command):
    done = run(sys.executable, "-m", *command)
    assert done.returncode == 0, done.stdout + done.stderr


def test_every_module_has_a_floor():
    assert set(MODULES) == set(FLOORS)


@pytest.mark.parametrize("name", MODULES)
def test_imports_go_downwards(name):
    for imported in imports(MODULES[name]):
        assert FLOORS[imported] < FLOORS[name], f"{name} imports {imported}"


@pytest.mark.parametrize("halves", [(TORCH_HALF, PIXEL_HALF), (PIXEL_HALF, TORCH_HALF)], ids=["torch", "pixels"])
def test_the_halves_do_not_import_each_other(halves):
    one, other = halves
    for name in one:
        assert not set(imports(MODULES[name])) & other, name


def test_the_pixel_half_imports_without_torch(tmp_path):
    names = ", ".join(f"animopt.{name}" for name in sorted(PIXEL_HALF))
    done = run(sys.executable, "-c", f"import sys; sys.modules['torch'] = None; import {names}", cwd=tmp_path)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("arguments", [[], ["--help"]], ids=["list", "help"])
def test_the_list_needs_neither_torch_nor_matplotlib(arguments, tmp_path):
    block = "import sys; sys.modules.update(torch=None, matplotlib=None, numpy=None, rich=None)"
    done = run(sys.executable, "-c", f"{block}; from animopt.cli import main; main({arguments!r})", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert "ravine-race" in done.stdout


def test_no_module_draws_with_pyplot_or_mplot3d():
    for path in MODULES.values():
        for node in ast.walk(ast.parse(path.read_bytes())):
            names = [node.module or ""] if isinstance(node, ast.ImportFrom) else []
            names += [alias.name for alias in node.names] if isinstance(node, (ast.Import, ast.ImportFrom)) else []
            assert not any("pyplot" in name or "mpl_toolkits" in name for name in names), path


def test_each_panel_is_one_final_class_of_its_own_file():
    for name, path in MODULES.items():
        if name.startswith("panels."):
            classes = [node for node in ast.parse(path.read_bytes()).body if isinstance(node, ast.ClassDef)]
            public = [each for each in classes if not each.name.startswith("_")]
            assert len(public) == 1, name
            assert "final" in [ast.unparse(decorator) for decorator in public[0].decorator_list], name
