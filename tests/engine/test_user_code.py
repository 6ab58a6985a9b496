"""The state of torch during a race, what a race does not import, and what it leaves behind."""

import gc
import subprocess
import sys

import pytest

RACE = """
import sys, torch
from animopt import Racer, Scene, functions
from animopt.engine.racer import optimizer_table
runnable = [name for name, _, why_not in optimizer_table() if not why_not]
scene = Scene(function=functions.rosenbrock, racers=[Racer(name) for name in runnable], steps=30)
recording = scene.record()
print(recording.xy.tobytes().hex())
"""

COMPILED_FUNCTION = """
import sys, torch
from animopt import Function, Racer, Scene

def bowl(x):
    return torch.compile(lambda x: x[0]**2 + x[1]**2, backend="eager")(x)

scene = Scene(function=Function(bowl, x=(-1, 1), y=(-1, 1)), racers=[Racer("SGD", lr=0.1)], steps=3, start=(1, 1))
recording = scene.record()
assert abs(recording.xy[0, -1, 0] - 0.8**3) < 1e-12, recording.xy
import torch._dynamo
assert torch._dynamo is sys.modules["torch._dynamo"] and torch._dynamo.optimize
"""

EXCLUDING_OPTIMIZER = """
import torch
from animopt import Racer, Scene, functions

class Excluding(torch.optim.SGD):
    def step(self, closure=None):
        self.zero_grad()
        self.plain = lambda: torch.compiler.is_compiling()
        self.excluded = torch.compiler.disable(self.plain)
        found.append(self)
        return super().step(closure)

found = []
Scene(function=functions.ravine, racers=[Racer(Excluding, lr=0.1)], steps=2).record()
"""

COMPILED_STEP = """
optimizer_methods = {
    name: method.__wrapped__ for name, method in vars(torch.optim.Optimizer).items() if hasattr(method, "__wrapped__")
}
assert compiler_asked or not any("__dynamo_disable" in vars(method) for method in optimizer_methods.values())

def train(compiler):
    x = torch.ones(2, dtype=torch.float64, requires_grad=True)
    optimizer = torch.optim.SGD([x], lr=0.1, momentum=0.9)

    @compiler
    def step():
        optimizer.zero_grad()
        loss = (x**2).sum()
        loss.backward()
        optimizer.step()

    for _ in range(3):
        step()
    return x

torch.testing.assert_close(train(torch.compile(backend="eager")), train(lambda step: step))
for name in ("zero_grad", "add_param_group"):
    method = optimizer_methods[name]
    excluded = vars(method)["__dynamo_disable"]
    assert excluded is not method and excluded._torchdynamo_disable, name
"""


def python(program):
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.long
def test_race_does_not_import_the_compiler_and_is_equal_with_it():
    without = python(RACE + "assert 'torch._dynamo' not in sys.modules and '_dynamo' not in vars(torch)")
    assert without == python("import torch._dynamo" + RACE) != ""


@pytest.mark.long
def test_function_can_be_compiled_during_a_race():
    python(COMPILED_FUNCTION)


@pytest.mark.parametrize("race", [RACE, EXCLUDING_OPTIMIZER], ids=["torch.optim", "excluding"])
@pytest.mark.long
def test_optimizers_are_excluded_from_compilation_after_a_race(race):
    python(f"{race}\ncompiler_asked = {race is EXCLUDING_OPTIMIZER}\n{COMPILED_STEP}")


@pytest.mark.long
def test_optimizer_can_exclude_its_own_functions_during_a_race():
    check = "assert all(each.excluded._torchdynamo_disable and each.excluded is not each.plain for each in found)"
    python(f"{EXCLUDING_OPTIMIZER}\n{check}")


@pytest.mark.parametrize("enabled", [True, False])
def test_imported_objects_are_frozen_for_the_garbage_collector(enabled):
    program = (
        "import gc; from animopt.core.contexts import gc_paused\n"
        f"gc.enable() if {enabled} else gc.disable()\n"
        "with gc_paused():\n    assert not gc.isenabled(); import json\n"
        f"assert gc.isenabled() is {enabled} and gc.get_freeze_count() > 1000"
    )
    python(program)


@pytest.mark.long
def test_worker_still_collects_garbage():
    from animopt.video.worker_pool import WorkerPool

    with WorkerPool(1, "animopt.video.film") as workers:
        assert workers.submit(gc.get_freeze_count).result() > 10_000
        assert workers.submit(gc.isenabled).result()
