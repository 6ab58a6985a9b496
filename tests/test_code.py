"""The code itself: lint, types, and imports that only go downwards, by the contracts in pyproject.toml."""

import ast
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
PACKAGE = ROOT / "animopt"


def module_name(path):
    return ".".join(path.relative_to(PACKAGE).with_suffix("").parts).removesuffix(".__init__")


MODULES = {module_name(path): path for path in PACKAGE.rglob("*.py") if path != PACKAGE / "__init__.py"}


def run(*command, cwd=ROOT):
    return subprocess.run(command, cwd=cwd, capture_output=True, text=True, check=False)


@pytest.mark.parametrize(
    "command",
    [["ruff", "check"], ["ruff", "format", "--check"], pytest.param(["mypy"], marks=pytest.mark.long)],
    ids=" ".join,
)
def test_tools_find_nothing(command):
    done = run(sys.executable, "-m", *command)
    assert done.returncode == 0, done.stdout + done.stderr


def test_scripts_are_typed():
    program = shutil.which("tsc")
    if not program:
        pytest.skip("needs TypeScript: npm install --global typescript")
    done = run(program, "-p", "animopt/publish/web/jsconfig.json")
    assert done.returncode == 0, done.stdout + done.stderr


def test_import_contracts_hold():
    done = run(
        sys.executable, "-c", "from importlinter.cli import lint_imports_command; lint_imports_command()", "--no-cache"
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_modules_named_in_strings_are_there_and_below():
    """import-linter does not see these: modules that workers import, and those that names of the API come from."""
    packages = ["core", "recording", "engine", "drawing", "panels", "video", "publish", "scene", "cli"]
    for name, path in MODULES.items():
        floor = packages.index(name.partition(".")[0]) if name.partition(".")[0] in packages else len(packages)
        for named in re.findall(
            r"[\"' ]animopt\.((?:" + "|".join(packages) + r")\.\w+)[\"' .]", path.read_text(encoding="utf-8")
        ):
            assert named in MODULES, (name, named)
            assert packages.index(named.partition(".")[0]) <= floor, (name, named)


@pytest.mark.long
def test_the_pixel_half_imports_without_torch(tmp_path):
    half = ("core.", "recording.", "drawing.", "panels.", "video.", "publish.")
    names = ", ".join(f"animopt.{name}" for name in sorted(MODULES) if name.startswith(half))
    done = run(sys.executable, "-c", f"import sys; sys.modules['torch'] = None; import {names}", cwd=tmp_path)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("arguments", [[], ["--help"]], ids=["list", "help"])
def test_the_list_needs_neither_torch_nor_matplotlib(arguments, tmp_path):
    block = "import sys; sys.modules.update(torch=None, matplotlib=None, numpy=None, rich=None)"
    done = run(sys.executable, "-c", f"{block}; from animopt.cli.main import main; main({arguments!r})", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert "ravine-race" in done.stdout


@pytest.mark.long
def test_no_module_draws_with_pyplot_or_mplot3d():
    for path in MODULES.values():
        for node in ast.walk(ast.parse(path.read_bytes())):
            names = [node.module or ""] if isinstance(node, ast.ImportFrom) else []
            names += [alias.name for alias in node.names] if isinstance(node, (ast.Import, ast.ImportFrom)) else []
            assert not any("pyplot" in name or "mpl_toolkits" in name for name in names), path


def test_each_panel_is_one_final_class_of_its_own_file():
    for name, path in MODULES.items():
        if name.startswith("panels.") and path.name != "__init__.py":
            classes = [node for node in ast.parse(path.read_bytes()).body if isinstance(node, ast.ClassDef)]
            public = [each for each in classes if not each.name.startswith("_")]
            assert len(public) == 1, name
            assert "final" in [ast.unparse(decorator) for decorator in public[0].decorator_list], name
