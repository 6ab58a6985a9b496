"""The same frames, bit for bit, whatever surrounds the drawing; as a script it prints what they come to."""

import contextlib
import hashlib
import json
import locale
import os
import random
import subprocess
import sys
import time
import warnings
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from functools import partial
from multiprocessing import get_all_start_methods, get_context
from pathlib import Path
from tempfile import TemporaryDirectory

import matplotlib
import numpy as np
import pytest
import torch

from animopt import Output, Question, Racer, Scene, SettingsMap, StartsMap, Sweep, logspace
from animopt.functions import himmelblau, ravine, rotated
from animopt.regression import line
from animopt.scene.render import film_of
from animopt.video.worker_pool import WorkerPool

SIZE = (320, 180)
FPS = 3
ADAM = Racer("Adam", lr=0.5, betas=(0.9, 0.9))
MOMENTUM = Racer("SGD", lr=0.1, momentum=0.9, name="Momentum")
KOREAN = "골짜기의 최적화 기법 −1,234.5"

# Frames of all that is drawn: every panel, loop, card and question, letters of two scripts, maths, several functions.
SCENES = {
    "race": lambda: Scene(
        function=ravine,
        racers=[Racer("SGD", lr=0.95), MOMENTUM, ADAM],
        start=(-7, 2),
        steps=9,
        noise=0.3,
        seed=3,
        seconds=1,
        title=KOREAN,
        caption=r"Adam with \(\frac{m}{\sqrt{v} + 10^{-8}}\)",
        question=Question("Who?", 4, 0.4),
        loop="seamless",
    ),
    "panels": lambda: Scene(
        function=line([0, 1, 2, 3, 4, 5], [1, 2, 2, 3, 5, 4]),
        racers=[ADAM, Racer("SGD", lr=0.03, momentum=0.5)],
        start=(2, -0.5),
        steps=6,
        batch=2,
        seconds=1,
        card=0.4,
        theme="dark",
        panels=["wireframe", "contour", "loss", "formula", "state", "fit", "standings"],
    ),
    "basins": lambda: Scene(
        function=himmelblau, racers=[ADAM], start=(0, 0), steps=8, seconds=1, map=StartsMap(columns=16, rows=16)
    ),
    "settings": lambda: Scene(
        function=ravine,
        racers=[MOMENTUM],
        start=(-7, 2),
        steps=8,
        seconds=1,
        map=SettingsMap(lr=logspace(0.01, 3, 8), momentum=[0.0, 0.5, 0.9]),
    ),
    "multiples": lambda: Scene(
        function=[rotated(ravine, degrees) for degrees in (0, 20)],
        racers=Sweep(Racer("SGD", momentum=0.5), lr=[0.01, 0.1, 0.5]),
        start=(-7, 2),
        steps=8,
        seconds=1,
        layout="multiples",
    ),
}
TRANSPARENT = ("race",)
VECTORS = "race", "panels"


def films(scenes):
    """Every scene's film, and some without a ground."""
    found = {}
    for name, scene in scenes.items():
        found[name] = film_of(scene, Output("clip.apng", SIZE, FPS))
        if name in TRANSPARENT:
            found[f"{name} transparent"] = film_of(scene, Output("clip.apng", SIZE, FPS, transparent=True))
    return found


def frames(film, workers=None):
    """The film's frames as they come."""
    return list(film.frames(workers))


def digest(pixels):
    """A few letters for some frames, which others would not have."""
    return hashlib.sha256(np.stack(list(pixels)).tobytes()).hexdigest()[:16]


def drawn(draw=frames, names=tuple(SCENES), *, vectors=False):
    """The digest of each film's frames, however these are drawn; of stills with vectors, too, where it is said."""
    scenes = {name: SCENES[name]() for name in names}
    found = {name: digest(draw(film)) for name, film in films(scenes).items()}
    with TemporaryDirectory() as folder:
        for name in VECTORS if vectors else ():
            for suffix in (".svg", ".pdf"):
                path = Path(folder, f"still{suffix}")
                scenes[name].still(path, 0.5, SIZE)
                found[name + suffix] = hashlib.sha256(path.read_bytes()).hexdigest()[:16]
    return found


def script(*options, **environment):
    """What this file prints as a script, with options of Python's and variables of the environment, None for none."""
    own = {**os.environ, **environment}
    done = subprocess.run(
        [sys.executable, *options, __file__],
        env={name: value for name, value in own.items() if value is not None},
        capture_output=True,
        text=True,
        encoding="utf-8",
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


@pytest.fixture(scope="module")
def expected():
    """The digests in a fresh interpreter without settings."""
    return script(PYTHONHASHSEED=None, MATPLOTLIBRC=None, LC_ALL=None, LANG=None, TZ=None)


def without_vectors(digests):
    """Those of the frames alone."""
    return {name: digest for name, digest in digests.items() if not name.endswith((".svg", ".pdf"))}


WILD = {
    "agg.path.chunksize": 100,
    "axes.edgecolor": "red",
    "axes.facecolor": "yellow",
    "axes.formatter.limits": "-1, 1",
    "axes.formatter.use_locale": True,
    "axes.formatter.use_mathtext": True,
    "axes.grid": True,
    "axes.linewidth": 5,
    "axes.prop_cycle": "cycler('color', ['k', 'm'])",
    "axes.unicode_minus": False,
    "axes.xmargin": 0.4,
    "figure.autolayout": True,
    "figure.dpi": 31,
    "figure.facecolor": "green",
    "font.family": "monospace",
    "font.size": 31,
    "font.weight": "bold",
    "grid.linestyle": ":",
    "hatch.color": "red",
    "image.cmap": "jet",
    "image.interpolation": "lanczos",
    "image.origin": "lower",
    "image.resample": False,
    "legend.fontsize": 40,
    "lines.antialiased": False,
    "lines.linewidth": 9,
    "lines.marker": "x",
    "lines.solid_capstyle": "butt",
    "markers.fillstyle": "none",
    "mathtext.default": "regular",
    "mathtext.fontset": "cm",
    "patch.antialiased": False,
    "patch.edgecolor": "red",
    "patch.force_edgecolor": True,
    "patch.linewidth": 7,
    "path.simplify": False,
    "path.simplify_threshold": 1.0,
    "path.sketch": (3, 50, 2),
    "path.snap": False,
    "pdf.compression": 0,
    "pdf.fonttype": 3,
    "pdf.use14corefonts": True,
    "savefig.bbox": "tight",
    "savefig.dpi": 300,
    "savefig.facecolor": "green",
    "savefig.pad_inches": 1,
    "savefig.transparent": True,
    "svg.fonttype": "none",
    "svg.hashsalt": "pepper",
    "text.antialiased": False,
    "text.color": "red",
    "text.hinting": "force_autohint",
    "text.usetex": True,
    "timezone": "Asia/Seoul",
    "xtick.direction": "in",
    "xtick.labelsize": 31,
    "xtick.minor.visible": True,
    "ytick.major.size": 20,
}


@pytest.fixture(scope="module")
def matplotlibrc(tmp_path_factory):
    """A user's matplotlibrc, in which nothing is as usual."""
    path = tmp_path_factory.mktemp("rc") / "matplotlibrc"
    told = {key: ", ".join(map(str, value)) if isinstance(value, tuple) else value for key, value in WILD.items()}
    path.write_text("".join(f"{key}: {value}\n" for key, value in told.items()), "utf-8")
    return path


def locales():
    """The locales of the machine, no more than a few: those that write numbers with a comma first."""
    try:
        told = subprocess.run(["locale", "-a"], capture_output=True, check=False).stdout.decode(errors="replace")
    except OSError:
        return ["C", ""]
    found = told.split()
    return sorted(found, key=lambda name: not name.startswith(("de", "fr", "ru", "tr", "pl")))[:3] or ["C"]


@pytest.mark.parametrize(
    ("options", "seed", "zone", "name"),
    [
        (options, seed, zone, name)
        for (options, seed, zone), name in zip(
            [(["-O"], "1", "Asia/Seoul"), (["-OO"], "4294967295", "XYZ-14")], [*locales(), "C"], strict=False
        )
    ],
)
def test_another_run_elsewhere(options, seed, zone, name, expected):
    environment = {"PYTHONHASHSEED": seed, "LC_ALL": name, "LANG": name, "TZ": zone, "SOURCE_DATE_EPOCH": "86400"}
    assert script(*options, **environment) == expected


def test_the_matplotlibrc_of_the_user(matplotlibrc, expected):
    environment = {"MATPLOTLIBRC": str(matplotlibrc), "OMP_NUM_THREADS": "3", "MKL_NUM_THREADS": "3"}
    assert script(**environment) == expected


def test_frames_in_any_order(expected):
    order = random.Random(5)

    def shuffled(film):
        indices = [*range(len(film)), *reversed(range(len(film)))]
        order.shuffle(indices)
        found = {index: film.frame(index) for index in indices}
        return [found[index] for index in range(len(film))]

    assert drawn(shuffled) == without_vectors(expected)


@pytest.mark.parametrize("count", [1, 2])
def test_any_number_of_workers(count, expected):
    with WorkerPool(count, "animopt.video.film") as workers:
        assert drawn(partial(frames, workers=workers)) == without_vectors(expected)


def test_threads(expected):
    with ThreadPoolExecutor(3) as threads:
        assert drawn(partial(frames, workers=threads)) == without_vectors(expected)


# Threads of this process would be lost in a fork of it, which is why Python warns of that one.
@pytest.mark.parametrize("method", sorted(set(get_all_start_methods()) - {"fork"}))
def test_any_start_method(method, expected):
    with ProcessPoolExecutor(2, mp_context=get_context(method)) as processes:
        assert drawn(partial(frames, workers=processes)) == without_vectors(expected)


@pytest.mark.skipif("fork" not in get_all_start_methods(), reason="the system has no fork")
def test_forks(expected):
    code = "from multiprocessing import get_context; from concurrent.futures import ProcessPoolExecutor; import json"
    code += "; executor = ProcessPoolExecutor(2, mp_context=get_context('fork')); from functools import partial"
    code += "; print(json.dumps(drawn(partial(frames, workers=executor)))); executor.shutdown()"
    program = f"import sys; sys.path.insert(0, {str(Path(__file__).parent)!r}); from test_same_frames import *; {code}"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout) == without_vectors(expected)


def validated(key):
    """A wild setting as matplotlib keeps it."""
    value = ", ".join(map(str, WILD[key])) if isinstance(WILD[key], tuple) and key != "path.sketch" else WILD[key]
    return matplotlib.RcParams({key: value})[key]


@contextlib.contextmanager
def wild_settings():
    with matplotlib.rc_context():
        matplotlib.rcParams.update({key: validated(key) for key in WILD})
        yield


@contextlib.contextmanager
def comics():
    from matplotlib import pyplot as plt

    with matplotlib.rc_context():
        plt.style.use(["ggplot", "dark_background"])
        # A fixture of comics is no font of the machine's.
        with plt.xkcd():
            yield


@contextlib.contextmanager
def decimal_commas():
    before = locale.setlocale(locale.LC_ALL)
    for name in [*locales(), "de_DE.UTF-8", ""]:
        with contextlib.suppress(locale.Error):
            locale.setlocale(locale.LC_ALL, name)
            break
    try:
        yield
    finally:
        locale.setlocale(locale.LC_ALL, before)


@contextlib.contextmanager
def foreign_zone():
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TZ", "Pacific/Apia")
        if hasattr(time, "tzset"):
            time.tzset()
        yield
    if hasattr(time, "tzset"):
        time.tzset()


@contextlib.contextmanager
def numpy_habits():
    with np.printoptions(precision=1, suppress=True, formatter={"float": lambda value: "?"}), np.errstate(all="raise"):
        np.random.seed(7)
        random.seed(7)
        yield


@contextlib.contextmanager
def torch_defaults(**changed):
    dtype, threads, deterministic = (
        torch.get_default_dtype(),
        torch.get_num_threads(),
        torch.are_deterministic_algorithms_enabled(),
    )
    state = torch.random.get_rng_state()
    torch.set_default_dtype(changed.get("dtype", dtype))
    torch.set_num_threads(changed.get("threads", threads))
    torch.use_deterministic_algorithms(changed.get("deterministic", deterministic))
    torch.manual_seed(changed.get("seed", 0))
    torch.set_printoptions(precision=1)
    try:
        with contextlib.ExitStack() as stack:
            if "grad" in changed:
                stack.enter_context(changed["grad"]())
            if "device" in changed:
                stack.enter_context(torch.device(changed["device"]))
            yield
    finally:
        torch.set_default_dtype(dtype)
        torch.set_num_threads(threads)
        torch.use_deterministic_algorithms(deterministic)
        torch.random.set_rng_state(state)
        torch.set_printoptions(profile="default")


@contextlib.contextmanager
def no_warnings():
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


@contextlib.contextmanager
def all_of(*surroundings):
    with contextlib.ExitStack() as stack:
        for each in surroundings:
            stack.enter_context(each())
        yield


SURROUNDINGS = {
    "settings of matplotlib's": wild_settings,
    "comics": comics,
    "a place and NumPy's habits": partial(all_of, decimal_commas, foreign_zone, numpy_habits),
    "torch in double": partial(torch_defaults, dtype=torch.float64, seed=1, deterministic=True, threads=1),
    "torch in half": partial(all_of, partial(torch_defaults, dtype=torch.float16, seed=2, threads=3), no_warnings),
    "torch without gradients": partial(torch_defaults, grad=torch.no_grad),
    "torch in inference": partial(torch_defaults, grad=torch.inference_mode),
    "torch elsewhere": partial(torch_defaults, device="meta"),
}


@pytest.mark.parametrize("surrounding", SURROUNDINGS)
def test_any_surroundings_in_the_process(surrounding, expected):
    vectors = "torch" not in surrounding
    with SURROUNDINGS[surrounding]():
        found = drawn(vectors=vectors)
    assert found == (expected if vectors else without_vectors(expected))


def test_surroundings_that_change_between_frames(expected):
    def between(film):
        found = []
        for index in range(len(film)):
            with comics() if index % 2 else all_of(wild_settings, decimal_commas, numpy_habits):
                found.append(film.frame(index))
        return found

    assert drawn(between) == without_vectors(expected)


def test_what_surrounds_is_left_as_it_was():
    with wild_settings(), torch_defaults(grad=torch.no_grad):
        before = dict(matplotlib.rcParams), torch.get_default_dtype(), torch.random.get_rng_state().tolist()
        drawn(names=["race"])
        assert (dict(matplotlib.rcParams), torch.get_default_dtype(), torch.random.get_rng_state().tolist()) == before
        assert not torch.is_grad_enabled()


def test_a_digest_tells_one_pixel_from_another():
    found = []

    def changed(film):
        pixels = frames(film)
        found.append(digest(pixels))
        pixels[-1][90, 160, 1] ^= 1
        return pixels

    assert drawn(changed, ["basins"]) != {"basins": found[0]}


if __name__ == "__main__":
    print(json.dumps(drawn(vectors=True)))
