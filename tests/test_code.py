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
    "errors": 1,
    "system": 1,
    "files": 2,
    "piping": 3,
    "limits": 4,
    "ffmpeg": 3,
    "startup": 1,
    "eager": 1,
    "defaults": 1,
    "plotting": 1,
    "notebook": 1,
    "checks": 2,
    "scenefile": 2,
    "clip": 2,
    "grids": 3,
    "outcomes": 1,
    "recording": 2,
    "clock": 3,
    "typeface": 2,
    "look": 2,
    "catalogue": 2,
    "embedding": 4,
    "layout": 3,
    "recipe": 5,
    "snippets": 2,
    "projection": 3,
    "relief": 3,
    "figures": 3,
    "function": 3,
    "marks": 3,
    "labels": 3,
    "trails": 3,
    "rules": 3,
    "ground": 4,
    "names": 4,
    "telling": 4,
    "captions": 5,
    "describing": 5,
    "shades": 4,
    "panels": 4,
    "functions": 4,
    "gradients": 4,
    "optimizers": 4,
    "regression": 4,
    "panels.card": 5,
    "panels.contour": 5,
    "panels.fit": 5,
    "panels.formula": 5,
    "panels.header": 5,
    "panels.loss": 5,
    "panels.map": 5,
    "panels.standings": 5,
    "panels.state": 5,
    "panels.tally": 5,
    "panels.wireframe": 5,
    "panels.multiples": 6,
    "record": 5,
    "maps": 6,
    "sweep": 5,
    "tuning": 6,
    "workers": 2,
    "cluster": 2,
    "canvas": 5,
    "stream": 6,
    "film": 7,
    "encoder": 8,
    "formats": 9,
    "output": 10,
    "budget": 11,
    "writers": 12,
    "scene": 14,
    "picture": 14,
    "places": 11,
    "adhoc": 15,
    "batch": 15,
    "commands": 18,
    "cli": 19,
    "__main__": 20,
    "slides": 4,
    "powerpoint": 5,
    "webpage": 5,
    "deck": 15,
    "gallery": 15,
    "beside": 13,
    "completion": 3,
    "doctor": 16,
    "progress": 2,
    "report": 11,
    "starter": 3,
    "template": 15,
    "voice": 3,
    "watch": 3,
    "options": 12,
    "rendering": 16,
    "several": 17,
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
