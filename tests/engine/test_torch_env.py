"""Starting quickly: what is not imported, and what the garbage collector leaves alone."""

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

COMPILED = """
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


def python(program):
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_a_race_does_not_import_the_compiler_and_is_the_same_with_it():
    without = python(RACE + "assert 'torch._dynamo' not in sys.modules and '_dynamo' not in vars(torch)")
    assert without == python("import torch._dynamo" + RACE) != ""


def test_a_function_may_still_be_compiled():
    python(COMPILED)


@pytest.mark.parametrize("enabled", [True, False])
def test_what_is_imported_is_not_looked_through_again(enabled):
    program = (
        "import gc; from animopt.core.imports import gc_paused\n"
        f"gc.enable() if {enabled} else gc.disable()\n"
        "with gc_paused():\n    assert not gc.isenabled(); import json\n"
        f"assert gc.isenabled() is {enabled} and gc.get_freeze_count() > 1000"
    )
    python(program)


def test_a_worker_still_collects_garbage():
    from animopt.video.worker_pool import WorkerPool

    with WorkerPool(1, "animopt.video.film") as workers:
        assert workers.submit(gc.get_freeze_count).result() > 10_000
        assert workers.submit(gc.isenabled).result()
