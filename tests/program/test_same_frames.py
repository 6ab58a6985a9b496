"""Frames are the same, bit for bit, in any environment. Run as a script, this file prints their digests."""

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

SCENES = {
    "race": lambda: Scene(
        function=ravine,
        racers=[Racer("SGD", lr=0.95, name=r"경사하강법 \(\eta = 0.95\)"), MOMENTUM, ADAM],
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
"""Scenes that draw every panel, loops, cards and questions, two scripts, maths beside both, and several functions."""

TRANSPARENT = ("race",)
VECTORS = "race", "panels"


def films(scenes):
    """The film of every scene, and for some a second film with a transparent background."""
    made = {}
    for name, scene in scenes.items():
        made[name] = film_of(scene, Output("clip.apng", SIZE, FPS))
        if name in TRANSPARENT:
            made[f"{name} transparent"] = film_of(scene, Output("clip.apng", SIZE, FPS, transparent=True))
    return made


def frames(film, workers=None):
    """The frames of a film in their order."""
    return [np.array(each) for each in film.frames(workers)]


def digest(pixels):
    """A hash of frames."""
    return hashlib.sha256(np.stack(list(pixels)).tobytes()).hexdigest()[:16]


def digests(draw=frames, names=tuple(SCENES), *, vectors=False):
    """The digest of each film's frames, which `draw` returns; with `vectors` also those of SVG and PDF stills."""
    scenes = {name: SCENES[name]() for name in names}
    found = {name: digest(draw(film)) for name, film in films(scenes).items()}
    with TemporaryDirectory() as folder:
        for name in VECTORS if vectors else ():
            for suffix in (".svg", ".pdf"):
                path = Path(folder, f"still{suffix}")
                scenes[name].still(path, 0.5, SIZE)
                found[name + suffix] = hashlib.sha256(path.read_bytes()).hexdigest()[:16]
    return found


def script_digests(*options, **environment):
    """The digests that this file prints, run with options of Python and variables of the environment (None unsets)."""
    variables = {**os.environ, **environment}
    done = subprocess.run(
        [sys.executable, *options, __file__],
        env={name: value for name, value in variables.items() if value is not None},
        capture_output=True,
        text=True,
        encoding="utf-8",
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


@pytest.fixture(scope="module")
def expected():
    """The digests from a new interpreter without settings."""
    return script_digests(PYTHONHASHSEED=None, MATPLOTLIBRC=None, LC_ALL=None, LANG=None, TZ=None)


def without_vectors(every):
    """The digests of the frames, without those of SVG and PDF stills."""
    return {name: digest for name, digest in every.items() if not name.endswith((".svg", ".pdf"))}


UNUSUAL = {
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
    """A matplotlibrc of a user with unusual settings."""
    path = tmp_path_factory.mktemp("rc") / "matplotlibrc"
    lines = {key: ", ".join(map(str, value)) if isinstance(value, tuple) else value for key, value in UNUSUAL.items()}
    path.write_text("".join(f"{key}: {value}\n" for key, value in lines.items()), "utf-8")
    return path


def locales():
    """Up to three locales of this machine, preferably with a decimal comma."""
    try:
        listed = subprocess.run(["locale", "-a"], capture_output=True, check=False).stdout.decode(errors="replace")
    except OSError:
        return ["C", ""]
    return sorted(listed.split(), key=lambda name: not name.startswith(("de", "fr", "ru", "tr", "pl")))[:3] or ["C"]


@pytest.mark.parametrize(
    ("options", "seed", "zone", "name"),
    [
        (options, seed, zone, name)
        for (options, seed, zone), name in zip(
            [(["-O"], "1", "Asia/Seoul"), (["-OO"], "4294967295", "XYZ-14")], [*locales(), "C"], strict=False
        )
    ],
)
@pytest.mark.sampled(0, 1)
def test_frames_do_not_depend_on_the_environment(options, seed, zone, name, expected):
    environment = {"PYTHONHASHSEED": seed, "LC_ALL": name, "LANG": name, "TZ": zone, "SOURCE_DATE_EPOCH": "86400"}
    assert script_digests(*options, **environment) == expected


@pytest.mark.long
def test_frames_do_not_depend_on_the_users_matplotlibrc(matplotlibrc, expected):
    environment = {"MATPLOTLIBRC": str(matplotlibrc), "OMP_NUM_THREADS": "3", "MKL_NUM_THREADS": "3"}
    assert script_digests(**environment) == expected


@pytest.mark.long
def test_frames_do_not_depend_on_their_order(expected):
    order = random.Random(5)

    def shuffled(film):
        indices = [*range(len(film)), *reversed(range(len(film)))]
        order.shuffle(indices)
        drawn = {index: film.frame(index) for index in indices}
        return [drawn[index] for index in range(len(film))]

    assert digests(shuffled) == without_vectors(expected)


@pytest.mark.parametrize("count", [1, 2])
@pytest.mark.sampled(0, 1)
def test_frames_do_not_depend_on_the_number_of_workers(count, expected):
    with WorkerPool(count, "animopt.video.film") as workers:
        assert digests(partial(frames, workers=workers)) == without_vectors(expected)


@pytest.mark.long
def test_frames_drawn_by_threads(expected):
    with ThreadPoolExecutor(3) as threads:
        assert digests(partial(frames, workers=threads)) == without_vectors(expected)


# Python warns about forks of a process with threads; test_frames_drawn_by_forks forks a new process instead.
@pytest.mark.parametrize("method", sorted(set(get_all_start_methods()) - {"fork"}))
@pytest.mark.sampled(0, 1)
def test_frames_do_not_depend_on_the_start_method(method, expected):
    with ProcessPoolExecutor(2, mp_context=get_context(method)) as processes:
        assert digests(partial(frames, workers=processes)) == without_vectors(expected)


@pytest.mark.skipif("fork" not in get_all_start_methods(), reason="the system has no fork")
@pytest.mark.long
def test_frames_drawn_by_forks(expected):
    code = "from multiprocessing import get_context; from concurrent.futures import ProcessPoolExecutor; import json"
    code += "; executor = ProcessPoolExecutor(2, mp_context=get_context('fork')); from functools import partial"
    code += "; print(json.dumps(digests(partial(frames, workers=executor)))); executor.shutdown()"
    program = f"import sys; sys.path.insert(0, {str(Path(__file__).parent)!r}); from test_same_frames import *; {code}"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout) == without_vectors(expected)


def validated(key):
    """An unusual setting as the value that matplotlib stores."""
    value = (
        ", ".join(map(str, UNUSUAL[key])) if isinstance(UNUSUAL[key], tuple) and key != "path.sketch" else UNUSUAL[key]
    )
    return matplotlib.RcParams({key: value})[key]


@contextlib.contextmanager
def unusual_settings():
    with matplotlib.rc_context():
        matplotlib.rcParams.update({key: validated(key) for key in UNUSUAL})
        yield


@contextlib.contextmanager
def comic_style():
    from matplotlib import pyplot as plt

    with matplotlib.rc_context():
        plt.style.use(["ggplot", "dark_background"])
        # The fonts of xkcd() need not be installed.
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
def other_time_zone():
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TZ", "Pacific/Apia")
        if hasattr(time, "tzset"):
            time.tzset()
        yield
    if hasattr(time, "tzset"):
        time.tzset()


@contextlib.contextmanager
def numpy_settings():
    with np.printoptions(precision=1, suppress=True, formatter={"float": lambda value: "?"}), np.errstate(all="raise"):
        np.random.seed(7)
        random.seed(7)
        yield


@contextlib.contextmanager
def torch_settings(**changed):
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
def combined(*environments):
    with contextlib.ExitStack() as stack:
        for each in environments:
            stack.enter_context(each())
        yield


ENVIRONMENTS = {
    "everything at once": partial(
        combined,
        unusual_settings,
        decimal_commas,
        other_time_zone,
        numpy_settings,
        partial(torch_settings, dtype=torch.float16, seed=2, threads=3, grad=torch.no_grad),
        no_warnings,
    ),
    "matplotlib settings": unusual_settings,
    "comic style": comic_style,
    "locale, time zone and NumPy settings": partial(combined, decimal_commas, other_time_zone, numpy_settings),
    "torch float64": partial(torch_settings, dtype=torch.float64, seed=1, deterministic=True, threads=1),
    "torch float16": partial(combined, partial(torch_settings, dtype=torch.float16, seed=2, threads=3), no_warnings),
    "torch without gradients": partial(torch_settings, grad=torch.no_grad),
    "torch inference mode": partial(torch_settings, grad=torch.inference_mode),
    "torch on another device": partial(torch_settings, device="meta"),
}


WIDEST = ("everything at once", "torch inference mode", "torch on another device")
"""Environments whose settings include those of the others, or similar ones."""


@pytest.mark.parametrize(
    "name",
    [pytest.param(name, marks=pytest.mark.long if name in WIDEST else pytest.mark.exhaustive) for name in ENVIRONMENTS],
)
def test_frames_do_not_depend_on_settings_of_the_process(name, expected):
    vectors = "torch" not in name
    with ENVIRONMENTS[name]():
        found = digests(vectors=vectors)
    assert found == (expected if vectors else without_vectors(expected))


@pytest.mark.long
def test_frames_do_not_depend_on_settings_that_change_between_them(expected):
    def between(film):
        drawn = []
        for index in range(len(film)):
            with comic_style() if index % 2 else combined(unusual_settings, decimal_commas, numpy_settings):
                drawn.append(film.frame(index))
        return drawn

    assert digests(between) == without_vectors(expected)


@pytest.mark.long
def test_drawing_changes_no_settings():
    with unusual_settings(), torch_settings(grad=torch.no_grad):
        before = dict(matplotlib.rcParams), torch.get_default_dtype(), torch.random.get_rng_state().tolist()
        digests(names=["race"])
        assert (dict(matplotlib.rcParams), torch.get_default_dtype(), torch.random.get_rng_state().tolist()) == before
        assert not torch.is_grad_enabled()


@pytest.mark.long
def test_digest_changes_with_one_pixel():
    found = []

    def changed(film):
        pixels = frames(film)
        found.append(digest(pixels))
        pixels[-1][90, 160, 1] ^= 1
        return pixels

    assert digests(changed, ["basins"]) != {"basins": found[0]}


if __name__ == "__main__":
    print(json.dumps(digests(vectors=True)))
