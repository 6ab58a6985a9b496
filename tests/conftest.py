"""Fixtures that several packages share: the built-in scenes, recordings, films, and the command line."""

import json
import os
import pickle
import random
import shutil
import signal
import subprocess
import sys
from collections import Counter
from functools import cache
from pathlib import Path

import pytest

import animopt
from animopt.cli.main import main
from animopt.recording.pace import pace_of
from animopt.recording.timeline import Timeline
from animopt.video.film import Film

TESTS = Path(__file__).parent
FILES = sorted((TESTS.parent / "scenes").glob("[!_]*.py"))
SCENES = {path.stem: path for path in FILES if "\nscene = " in path.read_text(encoding="utf-8")}
LECTURES = {path.stem: path for path in FILES if path.stem not in SCENES}


TUNED = ("beale_fair_race", "rosenbrock_fair_race")
"""Scenes whose search for settings takes seconds."""


SLOW_FIXTURES = {"chromium", "libreoffice", "made", "page"}
"""Fixtures that start Chromium or LibreOffice, or make font files twice."""


def evenly_spaced(total, count):
    """Indices of that many of the parameter sets of a test, from the first to the last."""
    return {round(index * (total - 1) / max(1, count - 1)) for index in range(count)}


def balanced(sets, count, chosen):
    """Indices of that many parameter sets, with the chosen ones; each value is in about equally many of them.

    It adds the set whose values are in the fewest so far. Of equal ones, a shuffle decides, which is always the same.
    """
    chosen = set(chosen)
    order = random.Random(0).sample(range(len(sets)), len(sets))
    used = Counter(value for index in chosen for value in sets[index])
    while len(chosen) < min(count, len(sets)):
        left = [index for index in order if index not in chosen]
        index = min(left, key=lambda each: sum(used[value] for value in sets[each]))
        chosen.add(index)
        used.update(sets[index])
    return chosen


def values(item):
    """The values of the parameters of a test, each with its name, as something that can be counted."""
    return [(name, repr(value)) for name, value in item.callspec.params.items()]


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items):
    """Mark tests as long that start another large program, and parameter sets beyond the numbers in `sampled`.

    No test is both long and exhaustive.
    """
    groups = {}
    for item in items:
        parameters = item.callspec.params if hasattr(item, "callspec") else {}
        if SLOW_FIXTURES & set(item.fixturenames) - set(parameters):
            item.add_marker(pytest.mark.long)
        if marker := item.get_closest_marker("sampled"):
            groups.setdefault((item.function, marker.args), []).append(item)
    for (_, (fast, *more)), group in groups.items():
        kept = evenly_spaced(len(group), fast)
        long = balanced([values(item) for item in group], *more, kept) if more else range(len(group))
        for index, item in enumerate(group):
            if index not in kept:
                item.add_marker(pytest.mark.long if index in long else pytest.mark.exhaustive)
    for item in items:
        if item.get_closest_marker("exhaustive"):
            item.own_markers = [mark for mark in item.own_markers if mark.name != "long"]
            if item.get_closest_marker("long"):
                raise pytest.UsageError(f"{item.nodeid}: its module is long; mark the long tests of the module instead")


def pytest_sessionstart():
    """Let signals end the commands of tests. A background job ignores SIGINT, and one of nohup SIGHUP."""
    for name, handler in {"SIGINT": signal.default_int_handler, "SIGHUP": signal.SIG_DFL}.items():
        # Windows has no SIGHUP.
        number = getattr(signal, name, None)
        if number and signal.getsignal(number) is signal.SIG_IGN:
            signal.signal(number, handler)


@pytest.fixture(scope="session")
def scenes():
    """The built-in scene files by their stems."""
    return SCENES


@pytest.fixture(params=[pytest.param(stem, marks=pytest.mark.long if stem in TUNED else ()) for stem in SCENES])
def scene_file(request):
    """Each built-in scene file."""
    return SCENES[request.param]


@pytest.fixture(scope="session")
def record(tmp_path_factory):
    """A function that records the scene in a file once for all tests, also in other processes of pytest-xdist."""
    folder = tmp_path_factory.getbasetemp()
    if "PYTEST_XDIST_WORKER" in os.environ:
        folder = folder.parent

    @cache
    def recorded(path):
        shared = folder / f"{path.stem}.recording"
        if not shared.exists():
            own = shared.with_suffix(f".{os.getpid()}")
            own.write_bytes(pickle.dumps(animopt.load_scene(path).record()))
            own.replace(shared)
        return pickle.loads(shared.read_bytes())

    return recorded


@pytest.fixture(scope="session")
def ravine_race(record):
    """The recording of five racers in the ravine."""
    return record(SCENES["ravine_race"])


@pytest.fixture(scope="session")
def make_film():
    """A function that makes a film of a recording, small and short by default."""

    def make(recording, *, size=(320, 180), seconds=1.0, fps=10.0):
        return Film(recording, Timeline(recording.last_step, seconds, pace=pace_of(recording)), size, fps)

    return make


@pytest.fixture
def animopt_here(tmp_path, monkeypatch, capsys):
    """A function that runs the command line in this process, which has imported torch already."""
    monkeypatch.chdir(tmp_path)

    def run(*arguments):
        with pytest.raises(SystemExit) as left:
            main(arguments)
        return subprocess.CompletedProcess(arguments, left.value.code or 0, *capsys.readouterr())

    return run


@pytest.fixture(scope="session")
def run_animopt():
    """A function that runs the command in a process of its own, in a folder, with variables of the environment."""

    def run(folder, *arguments, **environment):
        return subprocess.run(
            [sys.executable, "-m", "animopt", *arguments],
            cwd=folder,
            env=os.environ | {"PYTHONIOENCODING": "utf-8"} | environment,
            capture_output=True,
            encoding="utf-8",
            check=False,
        )

    return run


@pytest.fixture(scope="module")
def chromium():
    """Chromium, controlled by Playwright."""
    from playwright.sync_api import Error, sync_playwright

    with sync_playwright() as playwright:
        names = ("chromium", "chromium-browser", "google-chrome", "chrome")
        found = next(filter(None, map(shutil.which, names)), None)
        try:
            browser = playwright.chromium.launch(executable_path=found)
        except Error:
            pytest.skip("needs Chromium: playwright install chromium, or apt install chromium")
        yield browser
        browser.close()


@pytest.fixture(scope="module")
def libreoffice(tmp_path_factory):
    """A function that prints a file by LibreOffice, and returns the path of its PDF."""
    program = shutil.which("soffice") or "/Applications/LibreOffice.app/Contents/MacOS/soffice"
    if not Path(program).exists():
        pytest.skip("needs LibreOffice: apt install libreoffice-impress, brew install libreoffice, or libreoffice.org")
    folder = tmp_path_factory.mktemp("office")
    profile = f"-env:UserInstallation={(folder / 'profile').as_uri()}"

    def printed(path):
        command = [program, profile, "--headless", "--convert-to", "pdf", "--outdir", folder, path]
        subprocess.run(command, check=True, capture_output=True, timeout=300)
        return folder / f"{path.stem}.pdf"

    return printed


class Driver:
    """A process that has imported torch, and runs commands in forks of itself."""

    def __init__(self):
        requests, self._requests = os.pipe()
        self._answers, answers = os.pipe()
        command = [sys.executable, str(TESTS / "program/driver.py"), str(requests), str(answers)]
        environment = os.environ | {"PYTHONIOENCODING": "utf-8"}
        self._process = subprocess.Popen(
            command, pass_fds=(requests, answers), env=environment, stdin=subprocess.DEVNULL
        )
        os.close(requests)
        os.close(answers)
        self._lines = os.fdopen(self._answers)

    def ask(self, **request):
        os.write(self._requests, f"{json.dumps(request)}\n".encode())
        return json.loads(self._lines.readline())

    def close(self):
        os.close(self._requests)
        self._process.wait()
        self._lines.close()


@pytest.fixture(scope="session")
def driver():
    """The process that runs commands."""
    driver = Driver()
    yield driver
    driver.close()
