"""Bad scene files and bad functions in them: an error of one line that says where and what, and no file written."""

import re

import pytest

from animopt import Error, Function, Racer, Scene, load_scene

IMPORTS = "from animopt import Function, Question, Racer, Scene, SlowMotion, Sweep\nimport torch\n"
SCENE = "scene = Scene(function={}, racers=[Racer('SGD', lr=0.1)], start=(1, 1), seconds=1)\n"
QUICK = ["-o", "a.gif", "--size", "320x180", "--fps", "5"]
DEEP = "(" * 300

# The text of mine.py and the message, in which three dots match any text.
SCENE_FILES = {
    "empty": ("", "mine.py: has no scene; end it with scene = Scene(...)"),
    "a number": ("scene = 3", "mine.py: has no scene, but 3; end it with scene = Scene(...)"),
    "the class": (
        "from animopt import Scene as scene",
        "mine.py: has no scene, but <class 'animopt.scene.scene.Scene'>; end it with scene = Scene(...)",
    ),
    "hostile": (
        "class A:\n    def __repr__(self): 1 / 0\nscene = A()",
        "mine.py: has no scene, but <A>; end it with...",
    ),
    "never closed": ("scene = (\n", "mine.py, line 1, column 9: '(' was never closed: scene = ("),
    "a quote": (
        "\n\ntitle = 'x",
        "mine.py, line 3, column 9: unterminated string literal (detected at line 3): title = 'x",
    ),
    "indented": (
        "if True:\npass",
        "mine.py, line 2, column 1: expected an indented block after 'if' statement on li...",
    ),
    "a tab": (
        "if True:\n        a = 1\n\tb = 2",
        "mine.py, line 3, column ...: inconsistent use of tabs and spaces in i...",
    ),
    "a long line": (f"a = [{'1, ' * 200}1 1]", "mine.py, line 1, column 606: invalid syntax...: 1, 1, 1,..."),
    "parentheses": (DEEP, "mine.py, line 1, column ...: too many nested parentheses: (((((((..."),
    "null": ("x = 1\0", "mine.py: holds null bytes; save it as text, in UTF-8"),
    "latin": (b"x = 1\ny = '\xff'", "mine.py, line 2: is not UTF-8; save it as UTF-8"),
    "utf-16": ("x = 1".encode("utf-16"), "mine.py, line 1: invalid or missing encoding declaration; save it as UTF-8"),
    "an encoding": (b"# coding: klingon\n", "mine.py, line 1: unknown encoding: klingon; save it as UTF-8"),
    "a name": ("\n\nscene = Scen()", "mine.py, line 3: NameError: name 'Scen' is not defined"),
    "deeper": (
        "def deeper():\n    return 1 / 0\n\nx = deeper()",
        "mine.py, line 2: ZeroDivisionError: division by zero",
    ),
    "lines": ("raise ValueError('one\\n\\x1b[2Jtwo')", "mine.py, line 1: ValueError: one"),
    "a long story": ("raise ValueError('x' * 10**6)", "mine.py, line 1: ValueError: xxxxx...xxxxx"),
    "no story": ("class E(Exception):\n    def __str__(self): 1 / 0\nraise E", "mine.py, line 3: E: E"),
    "leaves": ("import sys\nsys.exit(0)", "mine.py, line 2: SystemExit: 0"),
    "a base": ("class E(BaseException): pass\nraise E('odd')", "mine.py, line 2: E: odd"),
    "recursion": ("def f(): return f()\nf()", "mine.py, line 1: RecursionError: maximum recursion depth exceeded"),
    "no module": (
        "import no_such_thing",
        "mine.py, line 1: ModuleNotFoundError: No module named 'no_such_thing'; install it, as pip install "
        "no_such_thing, or put no_such_thing.py beside the file",
    ),
    "another project": (
        "import sklearn_x.a",
        "mine.py, line 1: ModuleNotFoundError: No module named 'sklearn_x'; in...",
    ),
    "a typo": ("import torhc", "mine.py, line 1: ModuleNotFoundError: No module named 'torhc'; did you mean 'torch'?"),
    "a part": (
        "import torch.nosuch",
        "mine.py, line 1: ModuleNotFoundError: No module named 'torch.nosuch'; torch has no such module; correct...",
    ),
    "from": ("from animopt import Race", "mine.py, line 1: ImportError: cannot import name 'Race' from 'animopt'..."),
    "an argument": (
        IMPORTS + "Scene(funktion=3, racers=[])",
        "mine.py, line 3: TypeError: Scene.__init__() got an unexpected keyword argument 'funktion'; did you mean "
        "'function'?",
    ),
    "none given": (
        IMPORTS + "Scene()",
        "mine.py, line 3: TypeError: Scene.__init__() missing 2 required keyword-only ...",
    ),
    "a racer": (IMPORTS + "Racer('Adem')", "mine.py, line 3: racer 'Adem': no such optimizer; did you mean 'Adam'?"),
    "a file": (
        "open('nowhere.txt')",
        "mine.py, line 1: FileNotFoundError: [Errno 2] No such file or directory: 'now...",
    ),
    "its own folder": ("__file__ + 1", 'mine.py, line 1: TypeError: can only concatenate str (not "int") to str'),
}

# The body of the function mine(x) and the message.
FUNCTIONS = {
    "none": ("pass", "function mine: returned None; end it with return and the value"),
    "an array": (
        "return x.detach().numpy().sum(keepdims=True)",
        "function mine: returned ndarray; write it in torch arithmetic; l...",
    ),
    "a float": ("return 3.0", "function mine: returned float; write it in torch arithmetic"),
    "a text": ("return 'x'", "function mine: returned str; write it in torch arithmetic"),
    "a tuple": ("return x[0], x[1]", "function mine: returned tuple; write it in torch arithmetic"),
    "a generator": ("yield x[0]", "function mine: returned generator; write it in torch arithmetic"),
    "its argument": ("return x", "function mine: returned shape (2,) at one point; return one number"),
    "a whole number": ("return x.sum().long()", "function mine: returned torch.int64; ..."),
    "a truth": (
        "return x[0] > 0",
        "function mine: returned torch.bool; return a floating-point number, without int ...",
    ),
    "complex": (
        "return torch.complex(x[0], x[1])",
        "function mine: returned a complex number; return a real one, as ...",
    ),
    "fails": ("raise ValueError('no')", "function mine, line 4 of mine.py: ValueError: no"),
    "fails elsewhere": (
        "if x[0] < -5: raise ValueError('no')\n    return x.sum()",
        "function mine, line 4 of mine.py: ValueError: no",
    ),
    "fails later": (
        "if 0.1 < x[0] < 0.2 and x[0] == x[1]: raise ValueError('late')\n    return (x ** 2).sum()",
        "function mine, line 4 of mine.py: ValueError: late",
    ),
    "constant": (
        "return torch.tensor(3.0)",
        "function mine: autograd cannot follow it; write it in torch, as torch...",
    ),
    "detached": (
        "return x.detach().sum()",
        "function mine: autograd cannot follow it; line 4 of mine.py: leave out .detach()",
    ),
    "without gradients": (
        "with torch.no_grad(): return x.sum()",
        "function mine: autograd cannot follow it; line 4 of mine.py: leave out torch.no_grad()",
    ),
    "half a gradient": (
        "return x[0] ** 2 + x[1].item() ** 2",
        "function mine: autograd loses part of its gradient, ...; line 4 of mine.py: leave out .item()",
    ),
    "in place": (
        "x *= 2\n    return x.sum()",
        "function mine, line 4 of mine.py: changes x in place; leave x as it is, and work on x.clone()",
    ),
    "in place by data": (
        "y = 0\n    x.data.mul_(1.5)\n    return x.sum()",
        "function mine, line 5 of mine.py: changes x in place; leave x as it is, and work on x.clone()",
    ),
    "in place by NumPy": (
        "x.detach().numpy()[:] = 0.5\n    return x.sum()",
        "function mine, line 4 of mine.py: changes x in place; leave ...",
    ),
    "in place without gradients": (
        "with torch.no_grad():\n        x[0] += 1\n    return x.sum()",
        "function mine, line 5 of mine.py: changes x in place; leave ...",
    ),
    "random numbers": (
        "y = torch.randn(2).double()\n    return ((x + y) ** 2).sum()",
        "function mine, line 4 of mine.py: gives two values for one point, ... and ... at (1, 1); let it depend on x "
        "alone, with random numbers drawn once, outside it; for noise in the gradients, give the scene noise=0.5",
    ),
    "the time": (
        "import time\n    return x.sum() + time.perf_counter()",
        "function mine, line 5 of mine.py: gives two values for one point, ...",
    ),
    "a counter": (
        "mine.calls = getattr(mine, 'calls', 0) + 1\n    return x.sum() * mine.calls",
        "function mine, line 5 of mine.py: gives two values for one point, 2 and ... at (1, 1); ...",
    ),
    "dropout": (
        "return torch.nn.Dropout()(x).sum()",
        "function mine, line 4 of mine.py: gives two values for one point, ...; call .eval() on the model, which "
        "switches its dropout off",
    ),
    "float32": (
        "return x @ torch.ones(2, 2) @ x",
        "function mine, line 4 of mine.py: uses float32; write dtype=torch.float64 or call .double()",
    ),
    "whole numbers": (
        "return x @ torch.tensor([[2, 1], [1, 3]]) @ x",
        "function mine, line 4 of mine.py: uses int64; write dtype=torch.float64 or call .double()",
    ),
    "a module": (
        "return torch.nn.Linear(2, 1)(x)",
        "function mine, line 4 of mine.py: uses float32; write dtype=torch.float64 or call .double()",
    ),
    "three variables": (
        "return x[0] + x[1] + x[2]",
        "function mine, line 4 of mine.py: reads a third variable; write a number for all but two of them, which are "
        "x[0] and x[1]",
    ),
    "three names": (
        "a, b, c = x\n    return a + b + c",
        "function mine, line 4 of mine.py: reads a third variable; ...",
    ),
    "a third row": (
        "return torch.eye(3).double() @ x @ x",
        "function mine, line 4 of mine.py: RuntimeError: ...; x is a tensor of two numbers",
    ),
    "columns": (
        "return x[:, 0] + x[:, 1]",
        "function mine, line 4 of mine.py: reads x with too many indices; x is a tensor of two numbers, x[0] and x[1]",
    ),
    "mpmath": (
        "import mpmath\n    return mpmath.sin(x[0]) + x[1]",
        "function mine, line 5 of mine.py: TypeError: cannot create mpf from ...; write torch.sin for mpmath.sin",
    ),
    "mpmath with numbers": (
        "import mpmath\n    return mpmath.sin(float(x[0])) + x[1]",
        "function mine, line 5 of mine.py: TypeError: unsupported ...; write torch.sin for mpmath.sin",
    ),
    "NumPy": (
        "import numpy as np\n    return np.sin(x[0]) + x[1] ** 2",
        "function mine: autograd cannot follow it; line 5 of mine.py: write torch.sin for np.sin",
    ),
    "NumPy's norm": (
        "import numpy as np\n    return np.linalg.norm(x)",
        "function mine: autograd cannot follow it; line 5 of mine.py: write torch.linalg.norm for np.linalg.norm",
    ),
    "a NumPy array": (
        "import numpy as np\n    return np.eye(2) @ x @ x",
        "function mine, line 5 of mine.py: TypeError: ...; make a tensor of the array, as torch.from_numpy(array)",
    ),
    "NumPy's array": (
        "import numpy as np\n    return np.array([x[0], x[1]]).sum()",
        "function mine: autograd cannot follow it; line 5 of mine.py: write torch.stack for np.array",
    ),
    "no number at the start": (
        "return x.sum() + torch.log(x[0] - 1.5)",
        "racer SGD: the function is nan at its start; start elsewhere",
    ),
    "infinite at the start": (
        "return x.sum() + 1 / (x[0] - 1)",
        "racer SGD: the function is inf at its start; start ...",
    ),
    "no number": ("return x.sum() * float('nan')", "racer SGD: the function is nan at its start; start elsewhere"),
    "endless": ("return mine(x)", "function mine, line 4 of mine.py: RecursionError: maximum recursion depth exceeded"),
    "leaves": ("raise SystemExit(0)", "function mine, line 4 of mine.py: SystemExit: 0"),
    "a base": ("raise GeneratorExit('x')", "function mine, line 4 of mine.py: GeneratorExit: x"),
    "too much memory": ("return torch.ones(10 ** 15) @ x", "function mine, line 4 of mine.py: RuntimeError: ..."),
    "shapes": (
        "return x[:int(x[0] > 0)].sum() + x[2]",
        "function mine, line 4 of mine.py: reads a third variable; ...",
    ),
    "escapes": ("raise ValueError('\\x1b[2J\\u202e')", r"function mine, line 4 of mine.py: ValueError: \x1b[2J\u202e"),
}


@pytest.mark.parametrize("row", SCENE_FILES)
@pytest.mark.sampled(2, 12)
def test_bad_scene_file_is_refused_in_one_line(
    row, animopt_here, tmp_path, write_files, read_files, assert_message, assert_refused
):
    text, message = SCENE_FILES[row]
    write_files(tmp_path, {"mine.py": text})
    before = read_files(tmp_path)
    assert_refused(animopt_here("mine.py", *QUICK), 1, message)
    with pytest.raises(Error) as caught:
        load_scene("mine.py")
    assert type(caught.value) is Error
    assert_message(str(caught.value), message)
    assert read_files(tmp_path) == before


@pytest.mark.parametrize("row", FUNCTIONS)
@pytest.mark.sampled(1, 15)
def test_bad_function_is_refused_in_one_line(
    row, animopt_here, tmp_path, write_files, read_files, assert_message, assert_refused
):
    body, message = FUNCTIONS[row]
    write_files(tmp_path, {"mine.py": f"{IMPORTS}def mine(x):\n    {body}\n\n{SCENE.format('mine')}"})
    before = read_files(tmp_path)
    assert_refused(animopt_here("mine.py", *QUICK), 1, message)
    with pytest.raises(Error) as caught:
        load_scene("mine.py").save("a.gif")
    assert type(caught.value) is Error
    assert_message(str(caught.value), message)
    assert read_files(tmp_path) == before


@pytest.mark.parametrize("make_path", [lambda folder: folder, lambda folder: folder / "not.py"], ids=["folder", "none"])
def test_unreadable_scene_file_is_named_by_the_given_path(make_path, tmp_path):
    path = make_path(tmp_path)
    with pytest.raises(Error, match=rf"^{re.escape(str(path))}: .*; give the path of a scene file$") as caught:
        load_scene(path)
    assert type(caught.value) is Error


def test_interrupt_in_user_code_is_not_an_error_of_the_scene(tmp_path):
    (tmp_path / "mine.py").write_text("raise KeyboardInterrupt")
    with pytest.raises(KeyboardInterrupt):
        load_scene(tmp_path / "mine.py")

    def interrupted(x):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        Scene(function=Function(interrupted), racers=[Racer("SGD", lr=0.1)], start=(1, 1)).record()
