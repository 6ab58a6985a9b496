"""Bad command lines: an error of one line that says what to do, the right exit code, and no file written."""

import json
import re
from pathlib import Path

import pytest

from animopt.cli.commands import COMMANDS

WHOLE = "give a whole number of at least"
SIZE = "give two sides of 160 to 16384 pixels, as"
FPS = "give 1 to 120 frames a second"
GOOD = """
from animopt import Racer, Scene

scene = Scene(function=lambda x: (x ** 2).sum(), racers=[Racer('SGD', lr=0.1)], start=(1, 1), seconds=1)
"""
QUICK = ["-o", "a.gif", "--size", "320x180", "--fps", "5"]
OWN = {"mine.py": GOOD}
TWO = {"scenes/my_scene.py": GOOD, "scenes/my-scene.py": GOOD}
FUNCTION = "def mine(x):\n    return (x ** 2).sum()\n"
RACE = ["race", "--function", "ravine", "--racer"]
ADAM = [*RACE, "adam:lr=.1", "-o", "a.gif"]
EXAMPLE = "write it as adam:lr=.05,betas=(.9,.99)"

# The files in the folder, the arguments, the exit code and the message, in which three dots match any text.
COMMAND_LINES = {
    "no such scene": (
        TWO | {"scenes/my_own.py": ""},
        ["my-onw"],
        2,
        "there is no scene 'my-onw'; did you mean 'my-own'?",
    ),
    "a long name": ({}, ["x" * 5000], 2, "there is no scene 'xxx...xxx'; animopt without a scene lists them"),
    "an escape": ({}, ["\x1b[2J"], 2, r"there is no scene '\x1b[2J'; animopt without a scene lists them"),
    "no such file": ({}, ["no/mine.py"], 2, "no/mine.py: there is no such scene file"),
    "a folder": ({"sub.py/a.txt": ""}, ["sub.py"], 2, "sub.py: there is no such scene file"),
    "two of one name": (
        TWO,
        ["my-scene", *QUICK],
        2,
        f"scene 'my-scene': is the name of {Path('scenes/my-scene.py')} and {Path('scenes/my_scene.py')}; rename one, "
        "or name one by its path",
    ),
    "two of one name, all": (
        TWO,
        ["all", "-o", "out"],
        2,
        "...: its clip would replace that of ...; rename...",
    ),
    "an option": (OWN, ["mine.py", "--colour"], 2, "No such option...--colour..."),
    "an argument": (
        OWN,
        ["mine.py", "more"],
        2,
        "unexpected argument 'more'; animopt mine.py --help lists the options",
    ),
    "an option's value": (OWN, ["mine.py", "-o"], 2, "Option '-o' requires an argument."),
    "a suffix": (OWN, ["mine.py", "-o", "a.avi"], 2, "a.avi: suffix '.avi'; a clip ends in ..."),
    "nowhere": (OWN, ["mine.py", "-o", "no/a.gif"], 2, f"{Path('no/a.gif')}: there is no folder 'no'; make it first"),
    "twice": (
        OWN,
        ["mine.py", "-o", "a.gif", "-o", "./a.gif"],
        2,
        "a.gif: is named twice; give each output a path ...",
    ),
    "in a folder of frames": (
        OWN | {"scenes/frame-0001.png": ""},
        ["mine.py", "-o", "scenes/a.gif", "-o", "scenes/"],
        2,
        f"{Path('scenes/a.gif')}: is in the folder scenes, which is for frames; name another place",
    ),
    "a scene file in a folder of frames": (
        OWN,
        [*("race", "--function", "ravine", "--racer", "sgd:lr=0.01"), *("--save-scene", "f/a.py", "-o", "./f/")],
        2,
        f"{Path('f/a.py')}: is in the folder f, which is for frames; name another place",
    ),
    "a scene file that is the clip": (
        OWN,
        [*("race", "--function", "ravine", "--racer", "sgd:lr=0.01"), *("--save-scene", "./a.gif", "-o", "a.gif")],
        2,
        "a.gif: is named twice; give each output a path ...",
    ),
    "a still twice": (
        OWN,
        ["mine.py", "--still", "0", "-o", "a.png", "-o", "./a.png"],
        2,
        "a.png: is named twice; give each output a path ...",
    ),
    "size": (
        OWN,
        ["mine.py", "--size", "large"],
        2,
        "Invalid value for '--size': 'large': give a width and a height...",
    ),
    "small": (OWN, ["mine.py", "--size", "1x1"], 2, f"size 1x1: {SIZE} 1280x720"),
    "digits": (OWN, ["mine.py", "--size", "９x９"], 2, f"size 9x9: {SIZE} 1280x720"),
    "fps": (OWN, ["mine.py", "--fps", "fast"], 2, "Invalid value for '--fps': 'fast' is not a valid float."),
    "fps nan": (OWN, ["mine.py", "--fps", "nan", "-o", "a.mp4"], 2, f"fps nan: {FPS}"),
    "fps inf": (OWN, ["mine.py", "--fps", "inf", "-o", "a.mp4"], 2, f"fps inf: {FPS}"),
    "seconds": (
        OWN,
        ["mine.py", "--seconds", "nan", *QUICK],
        2,
        "seconds nan: give the length of the clip, as second...",
    ),
    "theme": (OWN, ["mine.py", "--theme", "drak"], 2, "Invalid value for '--theme': 'drak' is not one of 'light', ..."),
    "layout": (OWN, ["mine.py", "--layout", "wie"], 2, "Invalid value for '--layout': 'wie' is not one of 'auto', ..."),
    "lang": (OWN, ["mine.py", "--lang", "\x1b", *QUICK], 2, r"lang '\x1b': unknown; use en, ko"),
    "for": (OWN, ["mine.py", "--for", "tv"], 2, "Invalid value for '--for': 'tv' is not one of 'github', ..."),
    "max-bytes": (OWN, ["mine.py", "--max-bytes", "small", "-o", "a.gif"], 2, "max bytes 'small': ..."),
    "max-bytes 0": (
        OWN,
        ["mine.py", "--max-bytes", "1kB", "-o", "a.gif"],
        2,
        "max bytes 1 kB: no clip is that small; gi...",
    ),
    "transparent": (
        OWN,
        ["mine.py", "--transparent", "-o", "a.gif"],
        2,
        "transparent: a .gif has no half-transparent...",
    ),
    "workers": (OWN, ["mine.py", "--workers", "-1"], 2, "Invalid value for '--workers': -1 is not in the range x>=0."),
    "cluster": (OWN, ["mine.py", "--cluster", "nowhere"], 2, "cluster 'nowhere': ..."),
    "still": (OWN, ["mine.py", "--still", "9", "-o", "a.png"], 2, "still 9: give a second of the clip, 0 to 1"),
    "still nan": (OWN, ["mine.py", "--still", "nan", "-o", "a.png"], 2, "still nan: give a second of the clip, 0 to 1"),
    "still gif": (OWN, ["mine.py", "--still", "0", "-o", "a.gif"], 2, "a.gif: a still ends in .png, .svg, .pdf"),
    "both": (
        OWN,
        ["mine.py", "--still", "0", "--storyboard"],
        2,
        "storyboard: cannot be combined with a still; leave ...",
    ),
    "with": (
        OWN,
        ["mine.py", "--sidecars", "cover", *QUICK],
        2,
        "sidecars 'cover': unknown; use poster, ...",
    ),
    "still with": (
        OWN,
        ["mine.py", "--still", "0", "--sidecars", "alt"],
        2,
        "sidecars 'alt': accompany a clip, not a still...",
    ),
    "draft": (
        OWN,
        ["mine.py", "--still", "0", "--draft"],
        2,
        "draft: a still is quick at full size; leave out ...",
    ),
    "no function": ({}, ["race", "--racer", "adam"], 2, "Missing option '--function'."),
    "no racer": ({}, ["race", "--function", "ravine"], 2, "Missing option '--racer'."),
    "function": (
        {},
        ["race", "--function", "ravin", "--racer", "adam"],
        2,
        "function 'ravin': no such function; did y...",
    ),
    "function file": (
        {},
        ["race", "--function", "a.py", "--racer", "adam"],
        2,
        "function 'a.py': there is no such file; ...",
    ),
    "two functions": (
        {"a.py": FUNCTION + FUNCTION.replace("mine", "other")},
        ["race", "--function", "a.py", "--racer", "adam", *QUICK],
        2,
        "function 'a.py': has mine, other; leave one function in the file",
    ),
    "broken function": (
        {"a.py": "def mine(x:\n"},
        ["race", "--function", "a.py", "--racer", "adam", *QUICK],
        1,
        "a.py, line 1, column 9: '(' was never closed: def mine(x:",
    ),
    "racer": ({}, [*RACE, "adem"], 2, "racer 'adem': no such optimizer; did you mean 'Adam'?"),
    "racer's words": ({}, [*RACE, "adam:lr"], 2, f"racer 'adam:lr': is not understood; {EXAMPLE}"),
    "racer's code": ({}, [*RACE, "adam:lr=open('x')"], 2, f"racer \"adam:lr=open('x')\": is not understood; {EXAMPLE}"),
    "racer's module": (
        {},
        [*RACE, "no_such_module.A"],
        2,
        "racer 'no_such_module.A': No module named 'no_such_modul...",
    ),
    "racer's value": ({}, [*RACE, "adam:lr=1e999"], 2, "racer Adam: lr=inf: give a finite number, as lr=0.001"),
    "start": ({}, [*ADAM, "--start", "1"], 2, "Invalid value for '--start': '1': give two numbers, as -1.2,1"),
    "start inf": ({}, [*ADAM, "--start", "inf,1"], 2, "start (inf, 1.0): give two finite numbers, as (-7, 2)"),
    "steps": ({}, [*ADAM, "--steps", "0"], 2, f"steps 0: {WHOLE} 1 and at most 1000000000"),
    "title": (
        {},
        [*ADAM, "--title", "a\x1b]0;b\x07"],
        2,
        r"title 'a\x1b]0;b\x07': leave out the control character ...",
    ),
    "caption": ({}, [*ADAM, "--caption", "\u202e"], 2, r"caption '\u202e': leave out the control character '\u202e'"),
    "save-scene": (
        OWN,
        [*ADAM, "--save-scene", "mine.py"],
        2,
        "mine.py: exists already; name another scene file, or ...",
    ),
    "all format": (
        OWN,
        ["all", "mine.py", "--format", "avi"],
        2,
        "renders...mine.avi: suffix '.avi'; a clip...",
    ),
    "all workers": ({}, ["all", "--workers", "0"], 2, "Invalid value for '--workers': 0 is not in the range x>=1."),
    "all empty": ({"none/a.txt": ""}, ["all", "none"], 2, "none: there is no scene file in this folder"),
    "deck nothing": (
        {},
        ["deck", "a.html"],
        2,
        "a.html: a deck needs scenes; name at least one, as animopt deck a.html...",
    ),
    "deck suffix": (OWN, ["deck", "a.doc", "mine.py"], 2, "a.doc: ..."),
    "deck no file": ({}, ["deck"], 2, "Missing argument 'FILE'."),
    "gallery scene": (
        {},
        ["gallery", "nothing-here"],
        2,
        "there is no scene 'nothing-here'; animopt without a scene ...",
    ),
    "functions": ({}, ["functions", "ravin"], 2, "function 'ravin': no such function; did you mean 'ravine'?"),
    "functions of": (
        {},
        ["functions", "-o", "a.png"],
        2,
        "output a.png: needs a function; name one, as animopt functions rosenbrock",
    ),
    "functions gif": ({}, ["functions", "ravine", "-o", "a.gif"], 2, "a.gif: a still ends in .png, .svg, .pdf"),
    "optimizers": ({}, ["optimizers", "adam"], 2, "Got unexpected extra argument (adam)"),
    "recipe": ({}, ["recipe", "a.gif"], 2, "a.gif: there is no such file"),
    "recipe of none": (OWN, ["recipe", "mine.py"], 1, "mine.py: ..."),
    "new": (
        {},
        ["new", "my scene!"],
        2,
        "name 'my scene!': give letters, digits and underscores, as my_scene; it is ...",
    ),
    "new command": ({}, ["new", "race"], 2, "name 'race': animopt race is a command; use my_race"),
    "new there": (OWN, ["new", "mine"], 2, "mine.py: exists already; name another scene file, or remove it"),
}


@pytest.mark.parametrize("row", COMMAND_LINES)
@pytest.mark.sampled(6)
def test_bad_command_line_is_refused_in_one_line(row, tmp_path, write_files, assert_refused_here):
    contents, *refusal = COMMAND_LINES[row]
    write_files(tmp_path, contents)
    assert_refused_here(*refusal)


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (["mine.py", *QUICK], 1, "mine.py, line 2, column 9: '(' was never closed: scene = ("),
        ([str(Path("scenes", "race.py")), *QUICK], 1, f"{Path('scenes', 'race.py')}: has no scene; end it with ..."),
        (["all", "mine.py", "-o", "."], 1, "1 of 1 scenes failed: mine"),
        (["mine.py", "--json", *QUICK], 1, "mine.py, line 2, column 9: '(' was never closed: scene = ("),
    ],
    ids=["syntax", "command", "all", "json"],
)
@pytest.mark.sampled(0, 2)
def test_shell_gets_one_line_and_the_exit_code(
    arguments, code, message, tmp_path, write_files, read_files, assert_refused, run_animopt
):
    write_files(tmp_path, {"mine.py": "\nscene = (", "scenes/race.py": ""})
    before = read_files(tmp_path)
    done = run_animopt(tmp_path, *arguments)
    if arguments[0] == "all":
        first, rest = done.stderr.split("\n", 1)
        assert re.fullmatch(r"1/1 mine: failed: mine\.py, line 2, column 9: '\(' was never closed: scene = \(", first)
        done.stderr = rest
    if "--json" in arguments:
        assert json.loads(done.stderr)["exit_code"] == code
        done.stderr = f"animopt: {json.loads(done.stderr)['error']}"
    assert_refused(done, code, message)
    assert read_files(tmp_path) == before


@pytest.mark.long
def test_scene_named_like_a_command_is_listed_by_its_path(animopt_here, tmp_path, write_files):
    named_like_commands = [f"{name}.py" for name in COMMANDS]
    write_files(tmp_path, {f"scenes/{name}": f'"""Mine."""\n{GOOD}' for name in named_like_commands})
    write_files(tmp_path, {"scenes/_private.py": "", "scenes/.hidden.py": "", **TWO})
    done = animopt_here()
    assert (done.returncode, done.stderr) == (0, "")
    # Descriptions continue on lines that are indented farther.
    listed = [line.split()[0] for line in done.stdout.splitlines() if re.match("  [^ ]", line)]
    paths = [str(Path("scenes", name)) for name in (*named_like_commands, "my_scene.py", "my-scene.py")]
    assert set(paths) < set(listed)
    assert not {"my-scene", str(Path("scenes", "_private.py")), "-private", ".hidden"} & set(listed)
    assert all(listed.count(name) == 1 for name in COMMANDS)
    done = animopt_here(paths[0], *QUICK)
    assert (done.returncode, done.stdout, done.stderr) == (0, "a.gif\n", "")
    # This command takes only scenes, so the name is not ambiguous.
    done = animopt_here("all", "race", "--seconds", "1", "--size", "160x160", "--fps", "2", "--format", "gif")
    assert (done.returncode, done.stdout) == (0, f"{Path('renders', 'race.gif')}\n")
