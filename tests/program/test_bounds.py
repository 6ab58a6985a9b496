"""Endless iterators and large counts are refused before any work."""

import itertools

import pytest

from animopt import Function, Question, Racer, Scene, SettingsMap, Sweep, UsageError, tuned
from animopt.deck import save_deck
from animopt.functions import ravine
from animopt.video.output import Output
from animopt.video.worker_pool import WorkerPool, max_workers

ENDLESS = {
    "sweep lr=": lambda: Sweep(Racer("SGD"), lr=itertools.count(1)),
    "sweep lr=range(1, 1000000)": lambda: Sweep(Racer("SGD"), lr=range(1, 10**6)),
    "sweep steps=": lambda: Sweep(Racer("SGD"), steps=itertools.count(1)),
    "racers ": lambda: Scene(function=ravine, racers=itertools.repeat(Racer("SGD"))),
    "panels ": lambda: scene(panels=itertools.repeat("contour")),
    "slow ": lambda: scene(slow=itertools.repeat(1)),
    "claims ": lambda: scene(claims=itertools.repeat(1)),
    "view ": lambda: scene(view=itertools.count()),
    "start ": lambda: scene(start=itertools.count()),
    "tuned racers ": lambda: tuned(itertools.repeat(Racer("SGD"))),
    "tuned starts ": lambda: tuned([Racer("SGD")], starts=itertools.repeat((1, 2))),
    "tuned lr ": lambda: tuned([Racer("SGD")], lr=itertools.count(1)),
    "map settings lr=": lambda: SettingsMap(lr=itertools.count(1), momentum=[0, 0.9]),
    "function minima ": lambda: Function(lambda x: x.sum(), minima=itertools.repeat((0, 0))),
    "function saddles ": lambda: Function(lambda x: x.sum(), saddles=itertools.repeat((0, 0))),
    "function x ": lambda: Function(lambda x: x.sum(), x=itertools.count()),
    "function data ": lambda: Function(lambda x, *data: x.sum(), data=itertools.repeat([1, 2])),
    "size ": lambda: Output("a.gif", itertools.count(1)),
    "sidecars ": lambda: scene().save("a.gif", sidecars=itertools.repeat("alt")),
    "scenes ": lambda: save_deck("a.html", itertools.repeat(scene())),
}


def scene(**fields):
    return Scene(function=ravine, racers=[Racer("SGD", lr=0.1)], **fields)


@pytest.mark.parametrize("field", ENDLESS)
def test_endless_iterator_is_refused(field, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(UsageError, match=r"has more than 10{3,4} items; ") as caught:
        ENDLESS[field]()
    assert str(caught.value).startswith(field)
    assert "\n" not in str(caught.value)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("command", [["ravine-race"], ["all"], ["gallery"], ["deck", "a.html", "ravine-race"]])
def test_thousands_of_workers_are_refused_at_once(animopt_here, tmp_path, monkeypatch, command):
    monkeypatch.setattr("animopt.video.worker_pool._Worker", lambda preload: pytest.fail("a worker was started"))
    done = animopt_here(*command, "--workers", "5000")
    assert (done.returncode, done.stdout) == (2, "")
    assert f"workers 5000: more than {max_workers()}, the maximum for the " in done.stderr.splitlines()[-1]
    assert not [path for path in tmp_path.rglob("*") if path.is_file()]


def test_maximum_of_workers_depends_on_the_processors(monkeypatch):
    monkeypatch.setattr("animopt.video.worker_pool.available_processors", lambda: 64)
    assert max_workers() == 256
    with pytest.raises(UsageError, match="workers 257: more than 256, the maximum for the 64 processors"):
        WorkerPool(257)


@pytest.mark.parametrize("number", ["1" * 5000, "1" * 19, "-1", "1e9", "x" * 5000])
def test_unusable_limit_is_refused_in_one_line(animopt_here, number):
    done = animopt_here("ravine-race", "--limit", f"frames={number}")
    assert (done.returncode, done.stdout, done.stderr.count("\n")) == (2, "", 1)
    assert done.stderr.startswith("animopt: limit 'frames=")
    assert len(done.stderr) < 300


def test_large_numbers_do_not_start_any_work():
    with pytest.raises(UsageError, match="more than"):
        scene(steps=10**9).record()
    with pytest.raises(UsageError, match="the card and the question leave none"):
        scene(question=Question("Who?", seconds=1e300))
