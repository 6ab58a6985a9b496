"""Settings of the process that a scene file changes: they are in effect while its code runs, and only then."""

import contextlib
import decimal
import os
import sys
import warnings

import numpy as np
import pytest
import torch

from animopt import Error, load_scene
from animopt.core.user_settings import UserSettings, _settings

SCENE = """from animopt import Racer, Scene
{lines}
def height(x):
    {call}
    return (x ** 2).sum()
scene = Scene(function=height, racers=[Racer("SGD", lr=0.1)], start=(1, 2), steps=2, seconds=0.2)
"""
CHANGES = {
    "recursion limit": ("import sys", "sys.setrecursionlimit({})", "700", sys.getrecursionlimit),
    "digits": ("import sys", "sys.set_int_max_str_digits({})", "700", sys.get_int_max_str_digits),
    "environment": ("import os", "os.environ.__setitem__('ODD', str({}))", "1", lambda: os.environ.get("ODD")),
    "decimals": ("import decimal", "decimal.getcontext().prec = {}", "3", lambda: decimal.getcontext().prec),
    "NumPy errors": ("import numpy", "numpy.seterr(all={})", "'raise'", np.geterr),
    "NumPy output": ("import numpy", "numpy.set_printoptions(precision={})", "2", np.get_printoptions),
    "dtype": ("import torch", "torch.set_default_dtype({})", "torch.float64", torch.get_default_dtype),
    "gradients": ("import torch", "torch.set_grad_enabled({})", "False", torch.is_grad_enabled),
    "anomalies": ("import torch", "torch.autograd.set_detect_anomaly({})", "True", torch.is_anomaly_enabled),
    "random numbers": ("import torch", "torch.manual_seed({})", "7", lambda: torch.get_rng_state().tolist()),
    "warnings": ("import warnings", "warnings.simplefilter({})", "'ignore'", lambda: warnings.filters[:]),
    "shown warnings": (
        "import logging",
        "logging.captureWarnings(bool({}))",
        "1",
        lambda: warnings.showwarning,
    ),
    "streams": ("import io, sys", "sys.stdout = sys.stderr = io.StringIO({})", "''", lambda: (sys.stdout, sys.stderr)),
}


@pytest.mark.parametrize("name", CHANGES)
def test_setting_of_a_scene_file_does_not_outlive_it(name, tmp_path):
    imports, change, value, read = CHANGES[name]
    path = tmp_path / "mine.py"
    path.write_text(SCENE.format(lines=f"{imports}\n{change.format(value)}", call=change.format(value)))
    before = read()
    scene = load_scene(path)
    assert read() == before
    # A function cannot switch gradients off.
    with contextlib.suppress(Error):
        scene.record()
    assert read() == before


@pytest.mark.parametrize("action", ["ignore", "error"])
def test_warning_of_a_scene_does_not_depend_on_filters_of_the_scene_before(action, tmp_path):
    before, after = tmp_path / "before.py", tmp_path / "after.py"
    before.write_text(SCENE.format(lines=f"import warnings\nwarnings.simplefilter({action!r})", call="pass"))
    after.write_text(SCENE.format(lines="", call="pass").replace("lr=0.1", "lr=0.0"))
    with warnings.catch_warnings(record=True, action="always") as caught:
        for path in (before, after):
            load_scene(path).record()
    assert [str(each.message).partition(",")[0] for each in caught] == ["racer SGD: never moves"]


def test_function_runs_with_the_settings_of_its_file(tmp_path):
    path = tmp_path / "mine.py"
    lines = "import torch\ntorch.set_default_dtype(torch.float64)\nWEIGHTS = torch.ones(2)"
    path.write_text(SCENE.format(lines=lines, call="return torch.ones(2) @ (WEIGHTS * x * x)"))
    assert load_scene(path).record().z[0, 0] == 5


def test_settings_of_nested_code_are_those_of_each():
    outer, inner = UserSettings(), UserSettings()
    limit = sys.getrecursionlimit()
    with outer.entered():
        sys.setrecursionlimit(limit + 1)
        with inner.entered():
            sys.setrecursionlimit(limit + 2)
        assert sys.getrecursionlimit() == limit + 1
        with inner.entered():
            assert sys.getrecursionlimit() == limit + 2
    assert sys.getrecursionlimit() == limit


def test_each_setting_can_be_written_as_it_was_read():
    for each in _settings():
        value = each.read()
        each.write(value)
        assert each.read() == value


def test_module_of_a_folder_that_the_file_adds_is_its_own(tmp_path):
    for folder in ("one", "two"):
        (tmp_path / folder / "lib").mkdir(parents=True)
        (tmp_path / folder / "lib" / "helpers.py").write_text(f"NAME = {folder!r}")
        (tmp_path / folder / "mine.py").write_text(
            SCENE.format(
                lines="import sys\nfrom pathlib import Path\nsys.path.insert(0, str(Path(__file__).parent / 'lib'))",
                call=f"import helpers\n    assert helpers.NAME == {folder!r}",
            )
        )
    path = list(sys.path)
    for scene in [load_scene(tmp_path / folder / "mine.py") for folder in ("one", "two")] * 2:
        scene.record()
    assert sys.path == path
    assert "helpers" not in sys.modules


def test_removed_module_is_there_again(tmp_path):
    path = tmp_path / "mine.py"
    path.write_text(
        SCENE.format(lines="import sys\nsys.modules['decimal'] = None\ndel sys.modules['json']", call="pass")
    )
    before = sys.modules["json"]
    load_scene(path)
    assert (sys.modules["json"], sys.modules["decimal"]) == (before, decimal)


def test_class_of_a_scene_file_finds_its_module_when_the_function_is_called(tmp_path):
    path = tmp_path / "mine.py"
    lines = "import pickle\nclass Factor:\n    pass"
    path.write_text(SCENE.format(lines=lines, call="pickle.loads(pickle.dumps(Factor()))"))
    load_scene(path).record()
    assert "__scene__" not in sys.modules


COMMAND = ["mine.py", "-o", "a.gif", "--size", "160x160", "--fps", "10", "--workers", "0"]


@pytest.mark.long
def test_output_of_programs_that_a_scene_starts_is_no_result(run_animopt, tmp_path):
    lines = "import os, sys\nos.write(1, b'written\\n')\nos.system('echo started')\nsys.stdout.close()"
    (tmp_path / "mine.py").write_text(SCENE.format(lines=lines, call="pass"))
    done = run_animopt(tmp_path, *COMMAND)
    assert (done.returncode, done.stdout) == (0, "a.gif\n"), done.stderr
    assert "written\nstarted\n" in done.stderr


@pytest.mark.parametrize("change", ["sys.stderr.close()", "sys.stderr = None"])
@pytest.mark.long
def test_error_is_shown_without_the_stream_of_the_scene(run_animopt, tmp_path, change):
    (tmp_path / "mine.py").write_text(f"import sys\n{change}\n1 / 0\n")
    done = run_animopt(tmp_path, *COMMAND)
    assert (done.returncode, done.stderr) == (1, "animopt: mine.py, line 3: ZeroDivisionError: division by zero\n")


@pytest.mark.skipif(not hasattr(os, "fork"), reason="the system has no fork")
@pytest.mark.long
def test_process_that_a_scene_forks_handles_signals_as_usual(run_animopt, tmp_path):
    lines = "import multiprocessing\nwith multiprocessing.get_context('fork').Pool(1) as pool:\n    pool.map(abs, [1])"
    (tmp_path / "mine.py").write_text(SCENE.format(lines=lines, call="pass"))
    done = run_animopt(tmp_path, *COMMAND)
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.long
def test_thread_of_a_scene_does_not_keep_the_command_running(run_animopt, tmp_path):
    lines = "import threading\nthreading.Thread(target=threading.Event().wait).start()"
    (tmp_path / "mine.py").write_text(SCENE.format(lines=lines, call="pass"))
    assert run_animopt(tmp_path, *COMMAND).returncode == 0
