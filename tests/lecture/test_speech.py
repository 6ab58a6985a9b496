import json
import os
import shlex
import signal
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import psutil
import pytest

from animopt.core.errors import Error, UsageError
from animopt.core.processes import WINDOWS, is_alive
from animopt.lecture import speech
from animopt.lecture.cache import Cache, entries
from animopt.lecture.speech import speak, split_command
from animopt.lecture.voice import RATE, load_voice

WRITE = """
import array, json, math, pathlib, sys, wave
def write(path, seconds=0.5, amplitude=9000):
    samples = array.array("h", (int(amplitude * math.sin(n / 7)) for n in range(int(48000 * seconds))))
    with wave.open(path, "wb") as file:
        file.setparams((1, 2, 48000, 0, "NONE", ""))
        file.writeframes(samples.tobytes())
"""


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """The folder in which the command runs."""
    folder = tmp_path / "work"
    folder.mkdir()
    monkeypatch.chdir(folder)
    return folder


@pytest.fixture
def cache(tmp_path):
    with Cache(tmp_path / "cache") as cache:
        yield cache


@pytest.fixture
def command(folder):
    """A function that returns the command of a Python program with arguments."""

    def made(program, arguments="{out}"):
        (folder / "say it.py").write_text(WRITE + program, encoding="utf-8")
        return f'{shlex.quote(sys.executable)} -S "say it.py" {arguments}'

    return made


LOG = """
write(sys.argv[1])
with open("log", "a", encoding="utf-8") as log:
    print(json.dumps([sys.argv[2:], sys.stdin.buffer.read().decode("utf-8")]), file=log)
"""


def logged(folder):
    """Return the arguments and the standard input of each run of the program."""
    return [json.loads(line) for line in (folder / "log").read_text("utf-8").splitlines()]


@pytest.mark.long
def test_program_gets_the_text_and_runs_once_for_each(folder, cache, command, tmp_path):
    says = command(LOG)
    path = speak(says, "골짜기  is a\nvalley 🌊.", "en", cache)
    assert path.suffix == ".wav"
    assert len(load_voice(path, cache).samples) == RATE // 2
    assert speak(says, "골짜기 is a valley 🌊.", "en", cache) == path
    with Cache(tmp_path / "cache") as later:
        assert speak(says, "골짜기 is a valley 🌊.", "en", later).read_bytes() == path.read_bytes()
    assert logged(folder) == [[[], "골짜기 is a valley 🌊.\n"]]
    speak(says, "Another text.", "en", cache)
    speak(says, "Another text.", "ko", cache)
    speak(f"{says} -v", "Another text.", "ko", cache)
    assert logged(folder)[1:] == [[[], "Another text.\n"]] * 2 + [[["-v"], "Another text.\n"]]


def test_fields_of_the_command_are_replaced(folder, cache, command):
    text = "\"Quoted\" $HOME; rm -rf {out} `{lang}` \\ 'end'"
    speak(command(LOG, '{out} --voice={lang} {text} "a b" {other}'), text, "ko", cache)
    assert logged(folder) == [[["--voice=ko", text, "a b", "{other}"], ""]]


@pytest.mark.parametrize(
    ("command", "words"),
    [
        ("piper --output_file {out}", ["piper", "--output_file", "{out}"]),
        ("'my piper' \"a 'b'\" c\\ d # e", ["my piper", "a 'b'", "c d", "#", "e"]),
        ('say --text="a b"', ["say", "--text=a b"]),
    ],
)
def test_command_is_split_as_by_a_shell(command, words):
    assert split_command(command) == words


def test_command_is_split_on_windows(monkeypatch):
    monkeypatch.setattr(speech, "WINDOWS", True)
    command = r'"C:\Program Files\piper.exe" --model C:\voices\en.onnx -f {out} --text="it' + "'" + r's a" D:\x' + "\\"
    assert split_command(command) == [
        r"C:\Program Files\piper.exe",
        *("--model", r"C:\voices\en.onnx", "-f", "{out}", "--text=it's a", "D:\\x\\"),
    ]


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ("piper --out x.wav", "lacks {out}, the file that the program writes; add it, as piper --output_file {out}"),
        ("", "names no program; give a command, as piper --output_file {out}"),
        ("piper | sox - {out}", "'|' needs a shell, and none runs it; write a script and name that"),
        ("piper '{out}", "no closing quotation; write the command as in a shell"),
    ],
)
def test_command_that_cannot_be_read_is_one_line(folder, cache, given, message):
    with pytest.raises(UsageError) as caught:
        speak(given, "Text.", "en", cache)
    assert str(caught.value) == f"speech {given!r}: {message}"


def test_program_that_is_missing_is_one_line(folder, cache):
    missing = "there is no such program; install it, or give its path"
    for name in ("no-such-program", "./none/say", "."):
        with pytest.raises(UsageError, match=f"^speech '{name}': {missing}$" if name != "." else "^speech '.': "):
            speak(f"{name} {{out}}", "Text.", "en", cache)
    (folder / "notes.txt").write_text("no program")
    with pytest.raises(UsageError, match=r"^speech '\./notes\.txt': is no program; make the file executable"):
        speak("./notes.txt {out}", "Text.", "en", cache)


@pytest.mark.skipif(WINDOWS, reason="Windows chooses programs by their suffix")
def test_program_is_found_by_its_relative_path(folder, cache):
    script = folder / "say"
    script.write_text(f"#!{sys.executable} -S\n{WRITE}write(sys.argv[1])\n")
    script.chmod(0o755)
    assert speak("./say {out}", "Text.", "en", cache).stat().st_size == RATE + 44
    script.write_bytes(b"\x7fELF no program of this system")
    with pytest.raises(Error, match=r"^speech '\./say': does not start: .*; check that it is a program"):
        speak("./say {out}", "Other text.", "en", cache)


@pytest.mark.skipif(WINDOWS, reason="other limits of a command line")
def test_text_that_is_too_long_for_an_argument_is_one_line(folder, cache, command):
    with pytest.raises(Error, match=r"does not start: Argument list too long; leave out {text}, and let"):
        speak(command(LOG, "{out} {text}"), "a" * 3_000_000, "en", cache)


@pytest.mark.sampled(5)
@pytest.mark.parametrize(
    ("program", "message"),
    [
        (
            "print('no model', file=sys.stderr); print('bad \\x1b[1mvoice\\n\\n', file=sys.stderr); sys.exit(3)",
            r"ended with exit code 3: bad \x1b[1mvoice; correct the command",
        ),
        ("print('no voice'); sys.exit(1)", "ended with exit code 1: no voice; correct the command"),
        ("sys.exit(2)", "ended with exit code 2; correct the command"),
        ("write(sys.argv[1]); sys.exit(2)", "ended with exit code 2; correct the command"),
        ("print('done')", "wrote nothing to {out}: done; check how the program takes the name of its file"),
        ("open(sys.argv[1], 'w')", "wrote nothing to {out}; check how the program takes the name of its file"),
        (
            "pathlib.Path(sys.argv[1]).mkdir()",
            "wrote nothing to {out}; check how the program takes the name of its file",
        ),
        ("write(sys.argv[1], amplitude=0)", "its file: is silent, not above -70 LUFS; correct the command"),
        ("write(sys.argv[1], seconds=0)", "its file: has 0 samples, too few to be heard; correct the command"),
    ],
)
def test_failure_of_the_program_is_one_line_and_nothing_is_kept(folder, cache, command, tmp_path, program, message):
    with pytest.raises(Error) as caught:
        speak(command(program), "Text.", "en", cache)
    assert not isinstance(caught.value, UsageError)
    assert str(caught.value) == f"speech {sys.executable!r}: {message}"
    assert not entries(tmp_path / "cache")


def test_file_that_is_no_audio_is_one_line(folder, cache, command, tmp_path):
    with pytest.raises(Error, match=r": its file: cannot be decoded: .*; correct the command$"):
        speak(command("open(sys.argv[1], 'w').write('no audio')"), "Text.", "en", cache)
    assert not entries(tmp_path / "cache")
    # The same command runs again after the program was corrected.
    speak(command("write(sys.argv[1])"), "Text.", "en", cache)


CHILD = "import subprocess; subprocess.Popen([sys.executable, '-S', '-c', 'import time; time.sleep(60)']);"


def children_of(process):
    return psutil.Process(process).children(recursive=True)


def wait_for(condition):
    end = time.monotonic() + 10
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.01)


def test_program_that_does_not_end_is_ended_with_its_children(folder, cache, command, monkeypatch):
    monkeypatch.setattr(speech, "MAX_SECONDS", 0.3)
    says = command(CHILD + "\nprint('loading', file=sys.stderr, flush=True)\nwhile True: pass")
    with pytest.raises(Error, match=r"did not end within 0\.3 seconds: loading; split the text, or use a faster"):
        speak(says, "Text.", "en", cache)
    wait_for(lambda: not children_of(os.getpid()))


def test_program_without_progress_is_ended(folder, cache, command, monkeypatch):
    monkeypatch.setattr("animopt.video.watchdog.CHECK_INTERVAL", 0.02)
    monkeypatch.setattr("animopt.video.watchdog.MAX_STALLED_CHECKS", 15)
    with pytest.raises(Error, match=r"made no progress since .* and was ended; check whether something stopped it"):
        speak(command("import time; time.sleep(60)"), "Text.", "en", cache)
    wait_for(lambda: not children_of(os.getpid()))


@pytest.fixture
def interrupt():
    """A function that raises KeyboardInterrupt in the main thread, as Ctrl-C does."""

    def handle(number, frame):
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGUSR1, handle)
    yield lambda: os.kill(os.getpid(), signal.SIGUSR1)
    signal.signal(signal.SIGUSR1, before)


@pytest.mark.skipif(WINDOWS, reason="Windows has no such signal")
def test_interrupt_ends_the_program_and_its_children(folder, cache, command, tmp_path, interrupt):
    says = command(CHILD + " open('started', 'w'); import time; time.sleep(60)")
    started = []

    def wait_and_interrupt():
        wait_for(Path("started").exists)
        started.extend(children_of(os.getpid()))
        interrupt()

    with ThreadPoolExecutor() as pool:
        pool.submit(wait_and_interrupt)
        with pytest.raises(KeyboardInterrupt):
            speak(says, "Text.", "en", cache)
    assert len(started) == 2
    wait_for(lambda: not any(is_alive(each.pid, time.time()) for each in started))
    assert not entries(tmp_path / "cache")
