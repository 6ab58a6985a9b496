"""Run the cases of the attack, which README.md describes, and compare them with what should happen."""

import json
import os
import re
import shlex
import shutil
import subprocess
import sys
import tomllib
import wave
from collections import Counter
from pathlib import Path
from types import SimpleNamespace

import imageio_ffmpeg
import numpy as np
import pytest
from matplotlib import get_cachedir

FOLDER = Path(__file__).parent
PARTS = {path.stem: path for path in sorted(FOLDER.glob("*.toml"))}
CASES = {
    f"{stem}-{index}": case
    for stem, path in PARTS.items()
    for index, case in enumerate(tomllib.loads(path.read_text(encoding="utf-8"))["case"])
}
OBSERVE = "ANIMOPT_OBSERVE" in os.environ
TIMEOUT = 100


class Place:
    """A folder for a case and one for temporary files, in which commands run."""

    def __init__(self, driver, place):
        self.driver = driver
        self.folder, self.temporary = place / "here", place / "temporary"
        self.streams = [place / "stdout", place / "stderr"]
        self.cache = place / "cache"
        for each in (self.folder, self.temporary):
            each.mkdir()

    def run(self, command, environment):
        """Run a command; return its exit code and output."""
        program, *arguments = shlex.split(command)
        own = {"TMPDIR": str(self.temporary), "XDG_CACHE_HOME": str(self.cache), "MPLCONFIGDIR": get_cachedir()}
        environment = own | environment
        if program == "sh":
            path = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
            done = subprocess.run(
                [program, *arguments],
                cwd=self.folder,
                env=os.environ | {"PATH": path} | environment,
                capture_output=True,
                encoding="utf-8",
                timeout=TIMEOUT,
                check=False,
            )
            return SimpleNamespace(code=done.returncode, stdout=done.stdout, stderr=done.stderr)
        script = {"script": arguments.pop(0)} if program == "python" else {}
        assert script or program == "animopt"
        stdout, stderr = self.streams
        number = self.driver.ask(
            arguments=arguments,
            folder=str(self.folder),
            environment=environment,
            stdout=str(stdout),
            stderr=str(stderr),
            **script,
        )
        code = self.driver.ask(wait_for=number, timeout=TIMEOUT)
        return SimpleNamespace(
            code=code, stdout=stdout.read_text("utf-8", "replace"), stderr=stderr.read_text("utf-8", "replace")
        )

    def voice(self, name, seconds, rate=48000, volume=0.2):
        """Write a tone as a WAV file."""
        sound = volume * np.sin(2 * np.pi * 330 * np.arange(round(seconds * rate)) / rate)
        with wave.open(str(self.folder / name), "wb") as file:
            file.setparams((1, 2, rate, 0, "NONE", ""))
            file.writeframes((sound * 32767).astype("<i2").tobytes())

    def ffmpeg(self, source, *arguments):
        """Convert an audio file by ffmpeg, to the last of the arguments."""
        command = [imageio_ffmpeg.get_ffmpeg_exe(), "-loglevel", "error", "-i", source, *arguments]
        subprocess.run(command, cwd=self.folder, check=True)

    def files(self):
        """The files in the folder by their relative paths, except those that Python compiled."""
        found = (path for path in self.folder.rglob("*") if not path.is_dir() and path.parent.name != "__pycache__")
        return {path.relative_to(self.folder).as_posix() for path in found}


def faults(case, done, place):
    """The differences from the expected, as texts."""
    code, makes = case.get("code", 0), sorted(case.get("makes", []))
    output = done.stdout + done.stderr
    left = [path.name for path in [*place.temporary.iterdir(), *place.folder.glob("**/.animopt*")]]
    found = [
        f"code {done.code}, not {code}" if done.code != code else "",
        f"made {done.made}, not {makes}" if done.made != makes else "",
        f"left {left}" if left else "",
        "a report of a bug" if "bug in animopt" in output else "",
        "" if re.search(case.get("says", ""), output) else "does not say it",
    ]
    if done.last.startswith("animopt "):
        errors = [line for line in done.stderr.splitlines() if line.startswith("animopt: ")]
        found.append("a traceback" if "Traceback" in done.stderr else "")
        found.append(f"{len(errors)} errors" if code and len(errors) != 1 else "")
    try:
        exec(case.get("after", ""), {"folder": place.folder, "done": done})
    except Exception as error:
        found.append(f"{type(error).__name__}: {error}")
    return [each for each in found if each]


def observation(done, found, folder):
    """The code, the new files and the last message in one line, without process numbers, times and the folder."""
    lines = (done.stderr.strip() or done.stdout.strip()).splitlines() or ["no message"]
    text = "; ".join(
        [f"code {done.code}", ", ".join(done.made) or "no file", " ".join(lines[-1].split())[:300], *found]
    )
    text = text.replace(f"{folder}{os.sep}", "")
    text = re.sub(r"process \d+", "process N", re.sub(r"\b[\d.]+ s\b", "N s", text))
    return "".join(letter if letter.isprintable() else f"\\x{ord(letter):x}" for letter in text)


def write_observation(name, text):
    """Add the observation of a case to its file."""
    stem, _, index = name.rpartition("-")
    head, *blocks = re.split(r"(?m)^(?=\[\[case\]\])", PARTS[stem].read_text(encoding="utf-8"))
    # Before the tables of the case, if it has some.
    main, *tables = re.split(r"(?m)^(?=\[case\.)", blocks[int(index)], maxsplit=1)
    blocks[int(index)] = "".join([f"{main.rstrip()}\nobserved = {json.dumps(text, ensure_ascii=False)}\n\n", *tables])
    PARTS[stem].write_text("".join([head, *blocks]).rstrip() + "\n", encoding="utf-8")


def tier(name):
    """The mark of a case: long if it is the first of its mechanism, or the first that fell."""
    alike = [each for each, case in CASES.items() if case["mechanism"] == CASES[name]["mechanism"]]
    shown = next((each for each in alike if CASES[each].get("fell")), alike[0])
    return pytest.mark.long if name == shown else pytest.mark.exhaustive


@pytest.mark.skipif(not hasattr(os, "fork"), reason="the driver needs os.fork")
@pytest.mark.parametrize("name", [pytest.param(name, marks=tier(name)) for name in CASES])
def test_case_holds(name, driver, tmp_path):
    case = CASES[name]
    if "needs" in case and not shutil.which(case["needs"]):
        pytest.skip(f"there is no {case['needs']}")
    place = Place(driver, tmp_path)
    for file, text in case.get("files", {}).items():
        (place.folder / file).parent.mkdir(parents=True, exist_ok=True)
        (place.folder / file).write_text(text, encoding="utf-8")
    exec(case.get("before", ""), {"folder": place.folder, "voice": place.voice, "ffmpeg": place.ffmpeg})
    given = place.files()
    command = case["command"]
    for each in [command] if isinstance(command, str) else command:
        done = place.run(each, case.get("environment", {}))
        done.last = each
    done.made = sorted(place.files() - given)
    found = faults(case, done, place)
    if OBSERVE and "observed" not in case:
        write_observation(name, observation(done, found, place.folder))
    assert not found, f"{case['mechanism']}: {case['input']}\n{done.stdout}\n{done.stderr}"


def table():
    """All cases as a table in Markdown."""
    counts = Counter(case["mechanism"] for case in CASES.values())
    recent = sum(bool(case.get("recent")) for case in CASES.values())
    fell = sum(case.get("fell", False) for case in CASES.values())
    lines = [
        "# Cases of the attack",
        "",
        f"{len(CASES)} cases with {len(counts)} mechanisms; {recent} of them attack what was added recently. "
        f"{fell} fell, marked ✗, and hold since.",
        "",
        "| case | mechanism | attacks | input | expected | observed |",
        "|---|---|---|---|---|---|",
    ]
    for name, case in CASES.items():
        mark = "✗ " if case.get("fell") else ""
        cells = [name, case["mechanism"], case.get("recent", ""), case["input"], case["expected"]]
        cells.append(mark + case["observed"])
        lines.append("| " + " | ".join(re.sub(r"\s+", " ", each).replace("|", "\\|") for each in cells) + " |")
    return "\n".join(lines) + "\n"


def test_table_lists_every_case():
    path = FOLDER / "table.md"
    if OBSERVE:
        path.write_text(table(), encoding="utf-8")
    assert path.read_text(encoding="utf-8") == table()


def test_cases_are_many_and_differ():
    counts = Counter(case["mechanism"] for case in CASES.values())
    assert len(CASES) >= 300
    assert len(counts) >= 40
    assert max(counts.values()) <= 10
    assert sum(bool(case.get("recent")) for case in CASES.values()) >= len(CASES) / 2
    assert len({json.dumps(case) for case in CASES.values()}) == len(CASES)
