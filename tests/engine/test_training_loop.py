"""Optimizers outside torch are stepped as their authors' loops step them, or are refused with a sentence."""

import re
import warnings

import numpy as np
import pytest
import torch

from animopt.core.errors import Error, UsageError
from animopt.engine.racer import Racer
from animopt.engine.record import record, run
from animopt.functions import ravine

START, STEPS = (-7, 2), 20


def by_hand(build, loop, steps=STEPS):
    """The points of a loop written by hand on the ravine. `loop` takes one step, given the optimizer and a closure."""
    torch.manual_seed(0)
    x = torch.nn.Parameter(torch.tensor(START, dtype=torch.float64))
    optimizer = build(x)

    def closure(**options):
        optimizer.zero_grad()
        loss = x[0] ** 2 / 20 + x[1] ** 2
        loss.backward(**options)
        return loss

    points = [x.tolist()]
    for _ in range(steps):
        loop(optimizer, closure)
        points.append(x.tolist())
    return points


def race(optimizer, **settings):
    return run(ravine, Racer(optimizer, **settings), "racer", START, STEPS)


class Sharpness(torch.optim.Optimizer):
    """SAM (Foret et al. 2021), whose closure is not required and is called only at the perturbed point."""

    def __init__(self, params, base_optimizer, rho=0.05, **kwargs):
        super().__init__(params, {"rho": rho, **kwargs})
        self.base_optimizer = base_optimizer(self.param_groups, **kwargs)

    @torch.no_grad()
    def step(self, closure=None):
        assert closure is not None, "Sharpness requires a closure"
        (point,) = self.param_groups[0]["params"]
        move = point.grad * (self.param_groups[0]["rho"] / (point.grad.norm() + 1e-12))
        point += move
        self.zero_grad()
        torch.enable_grad()(closure)()
        point -= move
        self.base_optimizer.step()


class RequiredSharpness(Sharpness):
    """It reads the gradient although its closure is required."""

    def step(self, closure):
        super().step(closure)


@pytest.mark.parametrize("optimizer", [Sharpness, RequiredSharpness])
def test_sam_perturbs_and_counts_two_gradients_a_step(optimizer):
    found = race(optimizer, base_optimizer=torch.optim.SGD, lr=0.1, rho=0.5)
    np.testing.assert_allclose(found.points[-1], (-5.65083540, 6.61844296e-06), rtol=1e-7)
    expected = by_hand(
        lambda x: optimizer([x], torch.optim.SGD, lr=0.1, rho=0.5),
        lambda optimizer, closure: (closure(), optimizer.step(closure)),
    )
    np.testing.assert_array_equal(found.points, expected)
    np.testing.assert_array_equal(found.evaluations, 2 * np.arange(STEPS + 1))
    np.testing.assert_allclose(race("SGD", lr=0.1).points[-1], (-5.72534856, 0.0230584301), rtol=1e-8)


class Lookout(torch.optim.Optimizer):
    """Extrapolates, and computes its only gradient there."""

    def __init__(self, params, lr=0.1, wait=0):
        super().__init__(params, {"lr": lr})
        self.moved, self.wait = 0.0, wait

    @torch.no_grad()
    def step(self, closure):
        (point,) = self.param_groups[0]["params"]
        if self.wait:
            self.wait -= 1
            return
        point += self.moved
        torch.enable_grad()(closure)()
        point -= self.moved
        self.moved = -self.param_groups[0]["lr"] * point.grad
        point += self.moved


@pytest.mark.parametrize("wait", [0, 5])
def test_unused_gradient_is_neither_computed_nor_counted(wait):
    found = race(Lookout, wait=wait)
    expected = by_hand(lambda x: Lookout([x], wait=wait), lambda optimizer, closure: optimizer.step(closure))
    np.testing.assert_array_equal(found.points, expected)
    assert found.evaluations[-1] == STEPS - wait
    assert np.isnan(found.gradients[:wait]).all()
    assert np.isfinite(found.gradients[wait:-1]).all()


class Curvature(torch.optim.Optimizer):
    """Differentiates the gradient, as AdaHessian does."""

    def __init__(self, params, lr=0.5):
        super().__init__(params, {"lr": lr})

    def step(self, closure=None):
        (point,) = self.param_groups[0]["params"]
        (curvature,) = torch.autograd.grad(point.grad.sum(), point)
        with torch.no_grad():
            point -= self.param_groups[0]["lr"] * point.grad / curvature


def test_optimizer_that_differentiates_the_gradient_gets_its_graph():
    found = race(Curvature)
    np.testing.assert_allclose(found.points[:, 0], -7 * 0.5 ** np.arange(STEPS + 1), rtol=1e-12)
    assert found.evaluations[-1] == STEPS


class Averaging(torch.optim.SGD):
    """Returns the average of its points, which `eval` puts in place."""

    def __init__(self, params, lr=0.1):
        super().__init__(params, lr=lr)
        self.calls, self.taken = [], 0
        (self.point,) = self.param_groups[0]["params"]
        self.average = self.point.detach().clone()

    def train(self):
        self.calls.append("train")
        self.swap()

    def eval(self):
        assert self.taken, "there is no average yet"
        self.calls.append("eval")
        self.swap()

    def swap(self):
        if self.taken:
            self.point.data, self.average = self.average, self.point.data

    def step(self, closure=None):
        assert self.calls[-1] == "train", "step is called in training"
        super().step()
        self.taken += 1
        self.average.lerp_(self.point.detach(), 1 / self.taken)


def test_schedule_free_optimizer_shows_the_point_that_it_returns():
    found, sgd = race(Averaging), race("SGD", lr=0.1)
    np.testing.assert_allclose(found.training, sgd.points, rtol=1e-13)
    means = np.cumsum(sgd.points[1:], axis=0) / np.arange(1, STEPS + 1)[:, None]
    np.testing.assert_allclose(found.points[1:], means, rtol=1e-13)


class Broken(torch.optim.SGD):
    """Has a mode that cannot be used."""

    def train(self):
        raise AttributeError("'SGD' object has no attribute 'train'")

    eval = train

    def step(self, closure=None):
        return super().step(closure)


def test_modes_that_fail_are_not_used():
    np.testing.assert_array_equal(race(Broken, lr=0.1).points, race("SGD", lr=0.1).points)


class Ahead(torch.optim.Optimizer):
    """Wraps another optimizer, and returns every second step to the middle of the two last points."""

    def __init__(self, optimizer, alpha=0.5):
        self.optimizer, self.alpha, self.count = optimizer, alpha, 0
        self.param_groups, self.defaults = optimizer.param_groups, optimizer.defaults
        self.state = optimizer.state
        (self.point,) = self.param_groups[0]["params"]
        self.slow = self.point.detach().clone()

    def zero_grad(self, set_to_none=True):
        self.optimizer.zero_grad(set_to_none)

    def step(self, closure=None):
        self.optimizer.step(closure)
        self.count += 1
        if self.count % 2 == 0:
            self.slow.lerp_(self.point.detach(), self.alpha)
            self.point.data.copy_(self.slow)


@pytest.mark.parametrize(
    "settings",
    [
        {"optimizer": "SGD", "lr": 0.1, "momentum": 0.5},
        {"optimizer": torch.optim.SGD, "lr": 0.1, "momentum": 0.5},
        {"optimizer": Racer("SGD", lr=0.1, momentum=0.5)},
    ],
    ids=["name", "class", "racer"],
)
def test_wrapper_gets_the_optimizer_that_it_wraps(settings):
    expected = by_hand(
        lambda x: Ahead(torch.optim.SGD([x], lr=0.1, momentum=0.5), alpha=0.4),
        lambda optimizer, closure: (closure(), optimizer.step()),
    )
    racer = Racer(Ahead, alpha=0.4, **settings)
    np.testing.assert_array_equal(run(ravine, racer, "racer", START, STEPS).points, expected)
    assert eval(repr(racer), {"Racer": lambda name, **others: Racer(Ahead if name == "Ahead" else name, **others)})


def test_settings_of_a_wrapped_optimizer_can_be_swept():
    from animopt import Sweep

    names = [racer.name for racer in Sweep(Racer(Ahead, lr=0.1, optimizer="SGD"), optimizer=["SGD", "Adam"])]
    assert names == ["optimizer SGD", "optimizer Adam"]
    ends = [run(ravine, racer, "", START, 5).points[-1] for racer in Sweep(Racer(Ahead, optimizer="SGD"), lr=[0.1, 1])]
    assert (ends[0] != ends[1]).all()


class Modelled(torch.optim.SGD):
    """Takes a model."""

    def __init__(self, model, lr=0.1):
        assert [name for name, _ in model.named_parameters()]
        super().__init__(model.parameters(), lr=lr)


class Named(torch.optim.SGD):
    """Takes parameters with their names."""

    def __init__(self, params, lr=0.1):
        super().__init__([parameter for name, parameter in params if name.isidentifier()], lr=lr)

    def step(self, closure=None):
        return super().step(closure)


class Backward(Named):
    """Computes the gradient by a method of its own, twice as long."""

    def backward(self, loss):
        (2 * loss).backward()


@pytest.mark.parametrize(("optimizer", "lr"), [(Modelled, 0.1), (Named, 0.1), (Backward, 0.2)])
def test_optimizer_gets_its_parameters_in_the_form_that_it_takes(optimizer, lr):
    np.testing.assert_allclose(race(optimizer).points, race("SGD", lr=lr).points, rtol=1e-14)


class Descent(torch.optim.Optimizer):
    def __init__(self, params, lr=0.1, num_steps=3):
        super().__init__(params, {"lr": lr})
        self.num_steps = num_steps
        (self.point,) = self.param_groups[0]["params"]

    @torch.no_grad()
    def step(self, closure=None):
        self.point -= self.param_groups[0]["lr"] * self.point.grad


class Keyword(Descent):
    def step(self, *, closure):
        torch.enable_grad()(closure)()
        super().step()


class NoClosure(Descent):
    """Its step takes something else than a closure."""

    def step(self, rate=None):
        self.point.data -= (rate or 0.1) * self.point.grad


@pytest.mark.parametrize("optimizer", [Descent, Keyword, NoClosure])
def test_step_gets_a_closure_if_it_takes_one(optimizer):
    found = race(optimizer)
    np.testing.assert_allclose(found.points, race("SGD", lr=0.1).points, rtol=1e-14)
    assert found.evaluations[-1] == STEPS


class Reshaping(Descent):
    def step(self, closure=None):
        self.point.data = self.point.data[None]


class Rounding(Descent):
    def step(self, closure=None):
        self.point.data = self.point.data.float()


class Emptying(Descent):
    def step(self, closure=None):
        self.param_groups.clear()


class Late(Emptying):
    """Clears its groups after the trial."""

    def step(self, closure=None):
        self.num_steps -= 1
        self.point.data -= 0.1 * self.point.grad
        if self.num_steps < 0:
            super().step()


class Matrices(Descent):
    def step(self, closure=None):
        torch.linalg.svd(self.point.grad)


class Grouped(Descent):
    def __init__(self, params):
        for group in params:
            if "use_muon" not in group:
                raise ValueError("`use_muon` must be set.")
        super().__init__(params)


class Single(Descent):
    @torch.no_grad()
    def step(self, closure=None):
        self.point.lerp_(torch.zeros(2), 0.1)


class Fused(Descent):
    def step(self, closure=None):
        raise NotImplementedError

    def fused_backward(self, loss, lr):
        pass


class Distributed(Descent):
    def __init__(self, params):
        raise RuntimeError("torch.cuda.Stream requires CUDA support")


class Failing(Descent):
    def step(self, closure=None):
        raise ValueError("a stone\nin the way")


class Instance(Descent):
    """Takes an instance of another optimizer beside the parameters."""

    def __init__(self, params, base_optimizer):
        super().__init__(base_optimizer.param_groups[0]["params"])


class Scheduled(Descent):
    def __init__(self, params, base_optimizer, rho_scheduler, lr=0.1):
        super().__init__(params, lr)


@pytest.mark.parametrize(
    ("optimizer", "settings", "words"),
    [
        (
            Reshaping,
            {},
            "a trial step failed: it changed the parameter's shape from (2,) to (1, 2); change only its "
            "values, as with copy_()",
        ),
        (
            Rounding,
            {},
            "a trial step failed: it changed the parameter's type from torch.float64 to torch.float32; change only its "
            "values, as with copy_()",
        ),
        (Emptying, {}, "a trial step failed: it cleared its param_groups; leave its parameter there"),
        (
            Matrices,
            {},
            "cannot run here: takes only matrices, and a point (x, y) is a vector; use SGD with momentum",
        ),
        (
            Grouped,
            {},
            "needs parameter groups with settings of their own (`use_muon` must be set), and a race has one point; use "
            "Adam",
        ),
        (Single, {}, "cannot run here: computes only in float32, and a race is in float64; use Adam"),
        (
            Fused,
            {},
            "cannot run here: needs a loop that calls its fused_backward(), and a race calls step(); use Adam",
        ),
        (Distributed, {}, "cannot run here: needs a GPU with CUDA, and a race runs on the CPU; use Adam"),
        (Failing, {}, "a trial step failed: a stone"),
        (Sharpness, {}, "needs base_optimizer; give base_optimizer='SGD'"),
        (
            Scheduled,
            {"lr": 1},
            "needs base_optimizer and rho_scheduler; give base_optimizer='SGD', rho_scheduler=...",
        ),
        (
            Sharpness,
            {"base_optimizer": 3},
            "base_optimizer=3: give a class, its name in torch.optim, or a racer, as base_optimizer='SGD'",
        ),
        (
            Sharpness,
            {"base_optimizer": Racer("SGD")},
            "'SGD' object is not callable; give a class and its settings, as base_optimizer='SGD'",
        ),
        (
            Instance,
            {"base_optimizer": "SGD"},
            "type object 'SGD' has no attribute 'param_groups'; give a racer, as base_optimizer=Racer('SGD')",
        ),
        (Sharpness, {"base_optimizer": "SGD", "lr": -1}, "lr=-1: give a number of at least 0, as lr=0.001"),
        (Ahead, {}, "needs optimizer; give optimizer='SGD'"),
        (Ahead, {"optimizer": 3}, "optimizer=3: give a class, its name in torch.optim, or a racer, as optimizer='SGD'"),
        (Ahead, {"optimizer": "SGD", "momentun": 1}, "momentun=1: no such setting; did you mean 'momentum'?"),
        (Ahead, {"optimizer": Racer("SGD"), "lr": 1}, "lr=1: no such setting; it takes optimizer, alpha"),
        (
            Ahead,
            {"optimizer": "Muon"},
            "cannot run here: takes only matrices, and a point (x, y) is a vector; use SGD with momentum",
        ),
        (
            "SGD",
            {"optimizer": "Adam"},
            "optimizer='Adam': no such setting; it takes lr, momentum, dampening, weight_decay, nesterov, maximize, "
            "foreach, differentiable, fused",
        ),
    ],
    ids=lambda value: value.__name__ if isinstance(value, type) else str(value)[:40],
)
def test_optimizer_that_cannot_run_is_refused_before_the_race(optimizer, settings, words):
    name = optimizer if isinstance(optimizer, str) else optimizer.__name__
    with pytest.raises(UsageError) as caught:
        Racer(optimizer, **settings)
    message = str(caught.value)
    assert message == f"racer {name}: {words}"
    assert "\n" not in message


def test_unknown_wrapped_optimizer_is_an_error():
    with pytest.raises(UsageError, match=r"^racer 'SDG': no such optimizer; did you mean 'SGD'\?$"):
        Racer(Ahead, optimizer="SDG")


def test_fault_in_a_later_step_is_an_error():
    racer = Racer(Late, num_steps=15)
    words = "racer Late: step 16 failed: it cleared its param_groups; leave its parameter there"
    with pytest.raises(Error, match=re.escape(words)):
        record(ravine, [racer], START, STEPS)


class Sleeping(Descent):
    def step(self, closure=None):
        pass


class Wandering(Descent):
    @torch.no_grad()
    def step(self, closure=None):
        self.point += 0.01


class Plain:
    """Has no base class, and asks for no gradient."""

    def __init__(self, params):
        (self.point,) = params

    def step(self, closure):
        self.point.data += 0.01


IDLE = "never moves, though the gradient at its start is not 0; check its settings"
UNUSED = "asks for no gradient; read the parameter's grad in its step, or call the closure"
FORGETS_NOTHING = "it never forgets, and its average of squared gradients remains 0; give less than 1, as "


@pytest.mark.parametrize(
    ("racer", "words"),
    [
        (Racer(Sleeping), IDLE),
        (Racer("SGD", lr=0), IDLE),
        (Racer(Wandering), UNUSED),
        (Racer(Plain), UNUSED),
        (Racer("RMSprop", alpha=1), f"with alpha=1 {FORGETS_NOTHING}alpha=0.99"),
        (Racer("Adadelta", rho=1.0), f"with rho=1 {FORGETS_NOTHING}rho=0.9"),
    ],
    ids=repr,
)
def test_idle_racer_is_a_warning(racer, words):
    with pytest.warns(UserWarning, match=re.escape(words)) as caught:
        recording = record(ravine, [racer], START, 5)
    assert len(caught) == 1
    assert str(caught[0].message).startswith(f"racer {recording.names[0]}: ")
    assert recording.evaluations[0, -1] == (0 if words is UNUSED else 5)


@pytest.mark.parametrize(
    ("racer", "start"),
    [
        (Racer("SGD", lr=0.1), (0, 0)),
        (Racer("RMSprop", alpha=0.99), START),
        (Racer(Sharpness, base_optimizer="SGD"), START),
    ],
    ids=repr,
)
def test_moving_racer_and_one_at_a_minimum_cause_no_warning(racer, start):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        record(ravine, [racer], start, 5)


def test_recording_has_the_path_of_the_gradients_points():
    racers = [Racer("SGD", lr=0.1), Racer(Averaging), Racer(Averaging, steps=5)]
    recording = record(ravine, racers, START, STEPS)
    assert recording.training[0] is None
    _, path, short = recording.training
    np.testing.assert_allclose(path.head(STEPS)[:2], recording.xy[0, -1], rtol=1e-12)
    np.testing.assert_array_equal(short.head(STEPS), path.head(5))
    assert path.head(STEPS)[2] < recording.z[1, -1]
    assert recording.single(1).training == (path,)
    assert record(ravine, racers[:1], START, STEPS).single(0).training == (None,)


def test_command_line_names_the_wrapped_optimizer(tmp_path, monkeypatch):
    from animopt.scene.race_spec import race_scene

    (tmp_path / "ahead_of_time.py").write_text(
        "import torch\n\n\nclass Outer(torch.optim.SGD):\n"
        "    def __init__(self, optimizer, k=1):\n"
        "        super().__init__(optimizer.param_groups[0]['params'], lr=k * optimizer.param_groups[0]['lr'])\n",
        encoding="utf-8",
    )
    monkeypatch.chdir(tmp_path)
    scene, text = race_scene("ravine", ["ahead_of_time.Outer:optimizer=SGD,lr=.1,k=2"], {"steps": 5})
    assert 'Racer(Outer, optimizer="SGD", lr=0.1, k=2)' in text
    np.testing.assert_array_equal(scene.record().xy[0], run(ravine, Racer("SGD", lr=0.2), "", START, 5).points)
    with pytest.raises(UsageError, match=r"^racer SGD: self=1: no such setting; it takes lr, "):
        race_scene("ravine", ["sgd:self=1"], {})


def test_racer_as_a_setting_is_an_instance():
    found = race(Instance, base_optimizer=Racer("SGD"))
    np.testing.assert_allclose(found.points, race("SGD", lr=0.1).points, rtol=1e-14)
