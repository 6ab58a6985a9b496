"""Write the page reference/optimizers.md: how each optimizer of several libraries runs in a race.

Run it as `python docs/optimizer_tables.py`. The libraries are installed in a temporary folder.
"""

import importlib
import inspect
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch.optim.lr_scheduler import LRScheduler

from animopt import Racer
from animopt.core.errors import Error
from animopt.engine.record import run
from animopt.functions import ravine

PAGE = Path(__file__).parent / "reference" / "optimizers.md"

TORCH = "2.13"
"""Version of torch with which the page is written."""

LIBRARIES = {
    "pytorch_optimizer": ("pytorch_optimizer==4.1.0",),
    "schedulefree": ("schedulefree==1.4.1",),
    "lion_pytorch": ("lion-pytorch==0.2.5",),
    "prodigyopt": ("prodigyopt==1.1.2",),
    "torch_optimizer": ("torch_optimizer==0.3.0", "pytorch_ranger==0.1.1"),
    "heavyball": ("heavyball==3.2.1", "opt_einsum==3.4.0"),
}
"""Packages of each library, by the module that has its classes."""

START, STEPS = (-7.0, 2.0), 20

SAM = {"base_optimizer": "SGD", "lr": 0.1, "rho": 0.5}

SETTINGS: dict[str, dict[str, Any]] = {
    **dict.fromkeys(["SAM", "LookSAM", "FriendlySAM", "WSAM"], SAM),
    "BSAM": {"num_data": 1},
    "Ranger21": {"num_iterations": STEPS},
}
"""Settings of the classes that have no default for each of them."""

WRAPPERS = (
    "Lookahead",
    "Magma",
    "OrthoGrad",
    "PCGrad",
    "SafeFP16Optimizer",
    "ScheduleFreeWrapper",
    "ScheduleFreeWrapperReference",
    "TRAC",
)
"""Classes that take another optimizer in place of the parameters."""

INTRODUCTION = """# Optimizers of other libraries

Each class runs here with its default settings, and with those in the second column, for {steps} steps on the ravine
x²/20 + y² from (−7, 2). “as by hand” means that each point of the race is that of a loop that is written as the
authors of the class write it, and that each of its gradients is computed and counted once. Any other class is refused
before the race, with the error in the third column.

The page is written by `docs/optimizer_tables.py` with torch {torch}.
"""

Loop = Callable[[Any, Callable[..., torch.Tensor]], object]
"""Takes one step of an optimizer, given a closure."""


def _gradient_first(optimizer: Any, closure: Callable[..., torch.Tensor]) -> None:
    closure()
    optimizer.step()


def _closure_after_gradient(optimizer: Any, closure: Callable[..., torch.Tensor]) -> None:
    closure()
    optimizer.step(closure)


def _closure_only(optimizer: Any, closure: Callable[..., torch.Tensor]) -> None:
    optimizer.step(closure)


def _gradient_with_graph(optimizer: Any, closure: Callable[..., torch.Tensor]) -> None:
    closure(create_graph=True)
    optimizer.step()


def _loss_as_closure(optimizer: Any, closure: Callable[..., torch.Tensor]) -> None:
    loss = float(closure())
    optimizer.step(lambda: loss)


LOOPS: dict[str, Loop] = {
    **dict.fromkeys(["SAM", "LookSAM", "FriendlySAM", "BSAM"], _closure_after_gradient),
    **dict.fromkeys(["WSAM", "SAMWrapper", "LBFGS"], _closure_only),
    **dict.fromkeys(["AdaHessian", "Adahessian", "SophiaH"], _gradient_with_graph),
    **dict.fromkeys([f"{name}ScheduleFreeClosure" for name in ("AdamW", "RAdam", "SGD")], _closure_only),
    "AliG": _loss_as_closure,
}
"""Loops of the classes whose authors do not compute the gradient and call `step()`."""

MODELS = "AdaLOMO", "AdamMini", "LOMO"
"""Classes that take a model."""


def write_page() -> None:
    """Write the page."""
    PAGE.write_text(page(), encoding="utf-8", newline="\n")


def page() -> str:
    """Return the text of the page. Raises CalledProcessError if a library cannot be installed."""
    with tempfile.TemporaryDirectory() as folder:
        # The dependencies are those of animopt. Without CUDA, the rows are the same on every machine.
        packages = [package for each in LIBRARIES.values() for package in each]
        pip = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--target", folder, *packages]
        subprocess.run(pip, check=True, capture_output=True, text=True)
        variables = {
            "PYTHONPATH": os.pathsep.join([folder, str(Path(__file__).parents[1])]),
            "CUDA_VISIBLE_DEVICES": "",
            "PYTHONIOENCODING": "utf-8",
        }
        done = subprocess.run(
            [sys.executable, __file__, "rows"],
            check=True,
            stdout=subprocess.PIPE,
            encoding="utf-8",
            env=os.environ | variables,
        )
    parts = [INTRODUCTION.format(steps=STEPS, torch=TORCH)]
    for module, rows in json.loads(done.stdout.splitlines()[-1]).items():
        package, _, version = LIBRARIES[module][0].partition("==")
        ran = sum(result.startswith("as by hand") for _, _, result in rows)
        parts.append(f"## {package} {version}\n\nClasses that run: {ran} of {len(rows)}.\n")
        parts.append("| class | settings | race |\n|---|---|---|\n" + "".join(map(_line, rows)))
    return "\n".join(parts)


def _line(row: Sequence[str]) -> str:
    name, settings, result = row
    return f"| `{name}` | {f'`{settings}`' if settings else ''} | {result} |\n"


def print_rows() -> None:
    """Print the rows of all tables as JSON, in one line."""
    # A package that only some machines have would change a row.
    sys.modules["einops"] = None  # type: ignore[assignment]
    tables = {}
    for module in LIBRARIES:
        library = importlib.import_module(module)
        if module == "heavyball":
            # Its compiled steps take minutes.
            library.utils.compile_mode = None
        tables[module] = [_row(each) for each in _classes(library)]
    print(json.dumps(tables))


def _classes(library: Any) -> list[type[Any]]:
    """Return the optimizers of a library by their names."""
    found = {
        each for each in vars(library).values() if isinstance(each, type) and callable(getattr(each, "step", None))
    }
    schedulers = {each for each in found if issubclass(each, LRScheduler) or "scheduler" in each.__module__}
    return sorted(found - schedulers - {torch.optim.Optimizer}, key=lambda each: each.__name__)


def _row(optimizer: type[Any]) -> tuple[str, str, str]:
    name = optimizer.__name__
    settings = SETTINGS.get(name, {})
    if name in WRAPPERS:
        settings = {next(iter(inspect.signature(optimizer).parameters)): "SGD", "lr": 0.1}
    words = ", ".join(f"{key}={json.dumps(value)}" for key, value in settings.items())
    try:
        race = run(ravine, Racer(optimizer, **settings), name, START, STEPS)
    except Error as error:
        return name, words, str(error).removeprefix(f"racer {name}: ")
    points, gradients = _by_hand(optimizer, settings)
    if not np.allclose(race.points, points, rtol=1e-9, atol=1e-12) or race.evaluations[-1] != gradients:
        return (
            name,
            words,
            f"differs: {race.evaluations[-1]} gradients to {race.points[-1]}, {gradients} to {points[-1]}",
        )
    notes = ["as by hand"]
    if gradients != STEPS:
        notes.append(
            f"{gradients / STEPS:g} gradients a step" if gradients % STEPS == 0 else "1 or more gradients a step"
        )
    if (race.points == race.points[0]).all():
        notes.append("never moves")
    return name, words, ", ".join(notes)


def _by_hand(optimizer: type[Any], settings: dict[str, Any]) -> tuple[list[Any], int]:
    """Return the points of a loop that is written by hand, and the number of its gradients."""
    torch.manual_seed(0)
    point = torch.nn.Parameter(torch.tensor(START, dtype=torch.float64))
    built = _built(optimizer, point, dict(settings))
    modes = callable(getattr(built, "eval", None)) and optimizer.__name__ != "SAMWrapper"
    gradients, last = 0, None

    def closure(**options: bool) -> torch.Tensor:
        nonlocal gradients, last
        # Some loops compute a gradient twice at one point.
        gradients += point.tolist() != last
        last = point.tolist()
        built.zero_grad()
        loss = point[0] ** 2 / 20 + point[1] ** 2
        if optimizer.__name__ == "SafeFP16Optimizer":
            built.backward(loss)
        else:
            loss.backward(**options)
        return loss

    points = [point.tolist()]
    if modes:
        built.train()
    for _ in range(STEPS):
        last = None
        with torch.enable_grad():
            LOOPS.get(optimizer.__name__, _gradient_first)(built, torch.enable_grad()(closure))
        if modes:
            built.eval()
        points.append(point.tolist())
        if modes:
            built.train()
    return points, gradients


def _built(optimizer: type[Any], point: torch.nn.Parameter, settings: dict[str, Any]) -> Any:
    """Return an optimizer of a point, built as its authors do it."""
    model = torch.nn.Module()
    model.point = point
    if optimizer.__name__ in MODELS:
        return optimizer(model, **settings)
    if inner := settings.get("base_optimizer"):
        settings["base_optimizer"] = getattr(torch.optim, inner)
        if next(iter(inspect.signature(optimizer).parameters)) == "model":
            return optimizer(model, [point], **settings)
    if optimizer.__name__ in WRAPPERS:
        return optimizer(torch.optim.SGD([point], lr=settings["lr"]))
    return optimizer([point], **settings)


if __name__ == "__main__":
    if sys.argv[1:] == ["rows"]:
        print_rows()
    else:
        write_page()
