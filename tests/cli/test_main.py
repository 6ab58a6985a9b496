"""The command line as a shell sees it: exit code, standard output, standard error, files."""

import ast
import os
import signal
import subprocess
import sys
import time
from functools import partial
from pathlib import Path

import pytest
from PIL import Image

from animopt.core.processes import INTERRUPTED

COMMAND = [sys.executable, "-m", "animopt"]
QUICK = ["--size", "320x180", "--seconds", "0.4", "--fps", "10"]
WINDOWS = sys.platform == "win32"

SCENE = '''"""{docstring}

More about it.
"""

from pathlib import Path

import torch

from animopt import Function, Racer, Scene

Path(__file__).with_suffix(".ran").touch()

scene = Scene(
    title="My own scene",
    function=Function(lambda x: (x ** 2).sum(), minima=[(0, 0)]),
    racers=[Racer(torch.optim.SGD, lr=0.125, name="Mine"), Racer("Adam", betas=(0.75, 0.5))],
    start=(-7, 2),
    steps=5,
)
'''


def write_scene(path, docstring="A scene of my own."):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(SCENE.format(docstring=docstring), encoding="utf-8")


@pytest.fixture
def animopt(run_animopt, tmp_path):
    """A function that runs the command in another process, in an empty folder."""
    return partial(run_animopt, tmp_path)


def in_one_line(text):
    return " ".join(text.split())


def files(folder):
    return {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}


@pytest.mark.parametrize("arguments", [[], ["--help"]], ids=["alone", "help"])
def test_list_has_summary_of_every_scene(animopt, scenes, arguments):
    done = animopt(*arguments)
    assert (done.returncode, done.stderr) == (0, "")
    assert len(scenes) >= 12
    for stem, path in scenes.items():
        summary = ast.get_docstring(ast.parse(path.read_bytes())).splitlines()[0]
        assert f" {stem.replace('_', '-')} {summary} " in in_one_line(done.stdout) + " "


def test_local_scenes_override_built_in_ones_and_are_not_run_by_list(animopt, tmp_path):
    write_scene(tmp_path / "scenes" / "my_own.py")
    write_scene(tmp_path / "scenes" / "ravine_sgd.py", "A better one.")
    (tmp_path / "scenes" / "broken.py").write_text("scene = (")
    (tmp_path / "scenes" / "bytes.py").write_bytes(b"'\xff'\0")
    (tmp_path / "scenes" / "silent.py").write_text("scene = 1 / 0")
    before = files(tmp_path)
    done = animopt()
    assert (done.returncode, done.stderr) == (0, "")
    listed = in_one_line(done.stdout) + " "
    assert " my-own A scene of my own. " in listed
    assert " ravine-sgd A better one. " in listed
    assert "Gradient descent zigzags" not in listed
    assert " quartic-sgd " in listed
    assert all(f" {name} " in listed for name in ("broken", "bytes", "silent"))
    assert files(tmp_path) == before


@pytest.mark.long
def test_local_scene_overrides_built_in_one_when_rendered(animopt, tmp_path):
    write_scene(tmp_path / "scenes" / "ravine_sgd.py")
    done = animopt("ravine-sgd", "-o", "mine.gif", *QUICK)
    assert (done.returncode, done.stdout, done.stderr) == (0, "mine.gif\n", "")
    assert files(tmp_path) == {"scenes/ravine_sgd.py", "scenes/ravine_sgd.ran", "mine.gif"}


@pytest.mark.long
def test_scene_file_in_another_folder_is_rendered(run_animopt, tmp_path):
    write_scene(tmp_path / "theirs" / "my_scene.py")
    (tmp_path / "here").mkdir()
    path = Path("..", "theirs", "my_scene.py")
    done = run_animopt(tmp_path / "here", str(path), "-o", "mine.mp4", *QUICK)
    assert (done.returncode, done.stdout, done.stderr) == (0, "mine.mp4\n", "")
    assert files(tmp_path / "here") == {"mine.mp4"}


@pytest.mark.long
def test_scene_file_in_current_folder_is_rendered(animopt, tmp_path):
    write_scene(tmp_path / "my_scene.py")
    done = animopt("my_scene.py", *QUICK)
    paths = [str(Path("renders", f"my-scene{suffix}")) for suffix in (".gif", ".mp4")]
    assert (done.returncode, done.stdout.splitlines(), done.stderr) == (0, paths, "")


@pytest.mark.long
def test_default_files_are_a_gif_and_an_mp4(animopt, tmp_path):
    done = animopt("ravine-sgd", "--seconds", "0.2")
    paths = [Path("renders", f"ravine-sgd{suffix}") for suffix in (".gif", ".mp4")]
    assert (done.returncode, done.stdout.splitlines(), done.stderr) == (0, list(map(str, paths)), "")
    assert files(tmp_path) == {path.as_posix() for path in paths}
    with Image.open(tmp_path / paths[0]) as image:
        assert image.size == (800, 450)
        assert (image.n_frames, image.info["duration"]) == (5, 40)


@pytest.mark.long
def test_several_outputs_share_options(animopt, tmp_path):
    done = animopt("ravine-sgd", "-o", "a.gif", "--output=-b.gif", "-o", str(tmp_path / "c.mp4"), *QUICK)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.splitlines() == ["a.gif", "-b.gif", str(tmp_path / "c.mp4")]
    for name in ("a.gif", "-b.gif"):
        with Image.open(tmp_path / name) as image:
            assert (image.size, image.n_frames, image.info["duration"]) == ((320, 180), 4, 100)


@pytest.mark.parametrize(
    ("arguments", "name", "size"),
    [
        ([], "renders/ravine-sgd-still.png", (1280, 720)),
        (["-o", "poster.png", "--size", "320x181"], "poster.png", (320, 181)),
    ],
    ids=["default", "named"],
)
@pytest.mark.long
def test_still_is_one_frame(animopt, tmp_path, arguments, name, size):
    done = animopt("ravine-sgd", "--still", "2.5", *arguments)
    assert (done.returncode, done.stdout, done.stderr) == (0, f"{Path(name)}\n", "")
    assert files(tmp_path) == {name}
    with Image.open(tmp_path / name) as image:
        assert (image.format, image.size) == ("PNG", size)


@pytest.mark.long
def test_help_of_scene_shows_docstring_and_racers(animopt, tmp_path):
    write_scene(tmp_path / "my_scene.py")
    done = animopt("my_scene.py", "--help")
    assert (done.returncode, done.stderr) == (0, "")
    text = in_one_line(done.stdout)
    for part in ["A scene of my own. More about it.", "Mine lr 0.125", "betas (0.75, 0.5)", "5 steps from", "--still"]:
        assert part in text
    assert files(tmp_path) == {"my_scene.py", "my_scene.ran"}


@pytest.mark.long
def test_help_of_scene_with_a_box_says_that_racers_are_projected(animopt_here):
    assert "betas (0, 0.1), amsgrad, projected" in in_one_line(animopt_here("adam-fails", "--help").stdout)


@pytest.mark.long
def test_help_is_printed_in_an_encoding_that_lacks_letters(animopt):
    # This is the encoding of pipes on Windows; it has no root sign.
    done = animopt("ravine-rmsprop", "--help", PYTHONIOENCODING="cp1252")
    assert (done.returncode, done.stderr) == (0, "")
    assert "RMSprop forgets old gradients" in done.stdout


def assert_fails(done, code, message):
    """Check that the command failed with an exit code, no results, and one line on standard error."""
    assert "Traceback" not in done.stderr
    (line,) = done.stderr.splitlines()
    assert line.startswith("animopt: ")
    assert message in line
    assert (done.returncode, done.stdout) == (code, "")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--nonsense"], "--nonsense"),
        (["extra"], "extra"),
        (["-o"], "-o"),
        (["-o", "a.avi"], "a.avi: suffix '.avi'"),
        (["-o", "a"], "a: no suffix"),
        (["-o", "a.png"], "a.png"),
        (["-o", "missing/a.gif"], "there is no folder 'missing'"),
        (["-o", "."], "is a folder; give the name of a file, or end it in / for a folder of frames"),
        (["-o", "a.gif", "-o", "./a.gif"], "a.gif: is named twice"),
        (["-o", "a.gif", "--size", "320"], "'320': give a width and a height"),
        (["-o", "a.gif", "--size", "-320x180"], "'-320x180': give a width and a height"),
        (["-o", "a.gif", "--size", "0x0"], "size 0x0"),
        (["-o", "a.gif", "-o", "a.mp4", "--size", "321x180"], "size 321x180: an MP4 needs even sides"),
        (["-o", "a.mp4", "-o", "a.gif", "--fps", "60"], "fps 60: a GIF shows at most 50"),
        (["-o", "a.mp4", "--fps", "0"], "fps 0"),
        (["-o", "a.mp4", "--fps", "many"], "'many'"),
        (["-o", "a.mp4", "--seconds", "-3"], "seconds -3"),
        (["-o", "a.mp4", "--seconds", "0"], "seconds 0"),
        (["-o", "a.png", "--still", "11"], "still 11: give a second of the clip, 0 to 10"),
        (["-o", "a.png", "--still", "-1"], "still -1"),
        (["-o", "a.gif", "--still", "1"], "a.gif: a still ends in .png"),
        (["-o", "a.png", "--still", "1", "--fps", "10"], "fps 10.0: a still has no frame rate; leave out --fps"),
        (["--still", "11"], "still 11"),
        (["--fps", "60"], "fps 60: a GIF shows at most 50"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
@pytest.mark.sampled(3)
def test_wrong_usage_exits_with_code_2(animopt_here, scenes, tmp_path, arguments, message):
    assert_fails(animopt_here(str(scenes["ravine_sgd"]), *arguments), 2, message)
    assert not files(tmp_path)


IMPORTS = "from animopt import Racer, Scene\nfrom animopt.functions import ravine\n"


@pytest.mark.parametrize("arguments", [["-o", "a.gif"], ["--help"]], ids=" ".join)
@pytest.mark.parametrize(
    ("program", "message"),
    [
        ("scene = (", "mine.py, line 3, column 9: '(' was never closed: scene = ("),
        ("scene = Scene(racers=[Racer('Adem')])", "mine.py, line 3: racer 'Adem': no such optimizer; did you mean 'Ad"),
        ("scene = Scene(racers=[Racer('SGD', rate=1)])", "mine.py, line 3: racer SGD: "),
        ("scene = Scene(function=lambda x: (x ** 2).sum(), racers=[Racer('SGD')])", "mine.py, line 3: start: "),
        ("raise SystemExit(0)", "mine.py, line 3: SystemExit: 0"),
        ("raise ValueError('one\\ntwo')", "mine.py, line 3: ValueError: one"),
        ("", "mine.py: has no scene"),
    ],
    ids=lambda text: text[:40],
)
@pytest.mark.sampled(1)
def test_broken_scene_file_exits_with_code_1(animopt_here, tmp_path, program, message, arguments):
    (tmp_path / "mine.py").write_text(IMPORTS + program)
    assert_fails(animopt_here("mine.py", *arguments), 1, message)
    assert files(tmp_path) == {"mine.py"}


@pytest.mark.long
def test_failed_race_exits_with_code_1(animopt_here, tmp_path):
    racing = "scene = Scene(function=ravine, racers=[Racer('SparseAdam')], start=(1, 1))"
    (tmp_path / "mine.py").write_text(IMPORTS + racing)
    assert_fails(animopt_here("mine.py", "-o", "a.gif"), 1, "racer SparseAdam: cannot run here")
    assert files(tmp_path) == {"mine.py"}


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (["ravine-sdg"], 2, "did you mean 'ravine-sgd'?"),
        (["nothing-of-the-kind"], 2, "'nothing-of-the-kind'"),
        (["nowhere.py"], 2, "nowhere.py: there is no such scene file"),
        (["--nonsense"], 2, "--nonsense"),
        (["mine.py", "-o", "a.mp4", "--size", "321x180"], 2, "use 322x180"),
        (["mine.py", "-o", "a.mp4"], 1, "mine.py, line 3: racer 'Adem'"),
    ],
    ids=["typo", "scene", "file", "option", "size", "optimizer"],
)
@pytest.mark.sampled(1, 3)
def test_exit_code_reaches_the_shell(animopt, tmp_path, arguments, code, message):
    (tmp_path / "mine.py").write_text(f"{IMPORTS}scene = Racer('Adem')")
    assert_fails(animopt(*arguments), code, message)
    assert files(tmp_path) == {"mine.py"}


def is_writable(folder):
    try:
        (folder / "probe").touch()
    except OSError:
        return False
    (folder / "probe").unlink()
    return True


@pytest.fixture
def unwritable(tmp_path):
    """A folder to which this user cannot write."""
    if WINDOWS:
        pytest.skip("on Windows the mode of a folder does not stop its owner from writing")
    locked = tmp_path / "locked"
    locked.mkdir(mode=0o500)
    # Modes do not stop root, but /proc and /sys do.
    folder = next(
        (each for each in (locked, Path("/proc"), Path("/sys")) if each.is_dir() and not is_writable(each)), None
    )
    if folder is None:
        pytest.skip("this user can write to every folder")
    return folder


@pytest.mark.parametrize("arguments", [["a.gif", *QUICK], ["a.mp4", *QUICK], ["a.png", "--still", "1"]], ids=" ".join)
@pytest.mark.sampled(1)
def test_unwritable_folder_exits_with_code_1(animopt_here, scenes, unwritable, arguments):
    name, *options = arguments
    done = animopt_here(str(scenes["ravine_sgd"]), "-o", str(unwritable / name), *options)
    assert_fails(done, 1, f"{unwritable / name}: cannot be written: ")


def test_unwritable_working_folder_exits_with_code_1(animopt_here, scenes, unwritable, monkeypatch):
    monkeypatch.chdir(unwritable)
    assert_fails(animopt_here(str(scenes["ravine_sgd"]), *QUICK), 1, "renders")


def test_file_named_renders_exits_with_code_1(animopt_here, scenes, tmp_path):
    (tmp_path / "renders").write_text("mine")
    assert_fails(animopt_here(str(scenes["ravine_sgd"]), *QUICK), 1, "renders")
    assert (tmp_path / "renders").read_text() == "mine"


@pytest.mark.skipif(WINDOWS, reason="Windows cannot interrupt a single process")
@pytest.mark.long
def test_interrupt_keeps_old_file(tmp_path):
    (tmp_path / "a.mp4").write_text("the old file")
    command = [*COMMAND, "ravine-sgd", "-o", "a.mp4", "--seconds", "300", "--size", "320x180"]
    # As from a terminal, every process of a session gets the signal. Processes in the background ignore it by default.
    process = subprocess.Popen(
        command,
        cwd=tmp_path,
        stderr=subprocess.PIPE,
        encoding="utf-8",
        start_new_session=True,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),
    )
    with process:
        deadline = time.monotonic() + 60
        while len(files(tmp_path)) < 2 and process.poll() is None and time.monotonic() < deadline:
            time.sleep(0.05)
        os.killpg(process.pid, signal.SIGINT)
        _, stderr = process.communicate(timeout=60)
    # The process is ended by the signal, which a shell reports as exit code 130.
    assert (process.returncode, stderr) == (-signal.SIGINT, f"animopt: {INTERRUPTED}\n")
    assert files(tmp_path) == {"a.mp4"}
    assert (tmp_path / "a.mp4").read_text() == "the old file"


def test_short_help_option_works(animopt_here):
    for words in ([], ["ravine-sgd"], ["deck"]):
        short, long = animopt_here(*words, "-h"), animopt_here(*words, "--help")
        assert short.returncode == 0
        assert short.stdout == long.stdout
        assert "-h, --help" in short.stdout


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["ravine-sgd", "x.mp4"], "unexpected argument 'x.mp4'; to write this file, use -o x.mp4"),
        (["ravine-sgd", "--draft", "frames/"], "unexpected argument 'frames/'; to write this file, use -o frames/"),
        (["ravine-sgd", "fast"], "unexpected argument 'fast'; animopt ravine-sgd --help lists the options"),
        (["ravine-sgd", "--preview"], "no such option: --preview; use --draft and --open"),
        (["ravine-sgd", "--language", "ko"], "no such option: --language; use --lang"),
    ],
)
def test_common_mistake_is_answered_with_the_remedy(animopt_here, words, message):
    done = animopt_here(*words)
    assert (done.returncode, done.stdout, done.stderr) == (2, "", f"animopt: {message}\n")


LACKING = """from animopt.core.errors import required_extra
with required_extra("tuning", "tuned", "optuna"):
    import no_such_module_at_all
"""


@pytest.mark.parametrize("command", ["all", "gallery"])
@pytest.mark.sampled(0, 1)
def test_scenes_without_their_extra_are_left_out(animopt_here, tmp_path, scenes, monkeypatch, command):
    lacking = tmp_path / "lacking.py"
    lacking.write_text(LACKING)
    found = {"lacking": lacking, "ravine-sgd": scenes["ravine_sgd"]}
    monkeypatch.setattr("animopt.scene.catalog.scenes", lambda reserved=(): found)
    options = ["--size", "320x180", "--fps", "5", "--seconds", "0.4", "--workers", "1"]
    done = animopt_here(command, *options)
    assert done.returncode == 0, done.stderr
    assert done.stderr.splitlines()[-1] == (
        'animopt: left out lacking; to render them, install it with pip install "animopt[tuning]"'
    )
    assert "ravine-sgd.mp4" in done.stdout
    # A scene that is named is wanted.
    done = animopt_here(command, "lacking", *options)
    assert done.returncode == 1
    assert done.stderr.splitlines()[-1] == "animopt: 1 of 1 scenes failed: lacking"


@pytest.mark.long
def test_poster_in_an_empty_folder_is_kept_by_a_still(animopt_here, tmp_path):
    done = animopt_here("ravine-sgd", "--draft", "--seconds", "0.4", "--sidecars", "poster", "--format", "mp4")
    assert done.returncode == 0, done.stderr
    poster = (tmp_path / "renders" / "ravine-sgd.png").read_bytes()
    assert animopt_here("ravine-sgd", "--still", "1").returncode == 0
    assert (tmp_path / "renders" / "ravine-sgd.png").read_bytes() == poster
    assert (tmp_path / "renders" / "ravine-sgd-still.png").exists()
