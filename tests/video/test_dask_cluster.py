"""A Dask cluster of two workers: its frames, lost workers, and messages about missing clusters."""

import os
import re
import shutil
import socket
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, suppress
from pathlib import Path

import imageio_ffmpeg
import numpy as np
import psutil
import pytest
from distributed import Client, LocalCluster, Security

from animopt import Error, Output, Racer, Scene, UsageError, load_scene
from animopt.scene import batch
from animopt.scene.batch import render_all
from animopt.scene.folder_defaults import FolderDefaults
from animopt.scene.render import save_outputs
from animopt.video import dask_cluster
from animopt.video.dask_cluster import connected
from animopt.video.encoder import Segment

SMALL = (320, 180)

SCENE = """
from animopt import Racer, Scene
scene = Scene(
    function=lambda x: (x ** 2).sum(), racers=[Racer("SGD", lr=0.125)], start=(-7, 2), steps=5, seconds=0.4
)
"""


@pytest.fixture(scope="module")
def dask(tmp_path_factory):
    """A cluster of two workers."""
    with local_cluster(tmp_path_factory.mktemp("workers"), n_workers=2) as running:
        yield running


def local_cluster(folder, n_workers):
    # Files that killed workers leave are removed with pytest's own.
    return LocalCluster(
        n_workers=n_workers,
        threads_per_worker=1,
        processes=True,
        host="127.0.0.1",
        dashboard_address="127.0.0.1:0",
        memory_limit=0,
        local_directory=str(folder),
        env=dict.fromkeys(["TMPDIR", "TEMP", "TMP"], str(folder)),
    )


@pytest.fixture
def workers(tmp_path_factory):
    """The executor of a new cluster for a test that kills workers, because a restarted worker may fail."""
    with (
        local_cluster(tmp_path_factory.mktemp("workers"), n_workers=2) as running,
        connected(running.scheduler_address) as executor,
    ):
        yield executor


@pytest.fixture
def processes(workers):
    """The processes of both workers."""
    return [psutil.Process(number) for number in workers._client.run(os.getpid).values()]


def bowl(x):
    return (x[0] - 2) ** 2 / 4 + (x[1] - 1) ** 2


def scene(**changes):
    return Scene(**{"function": bowl, "racers": [Racer("SGD", lr=0.3)], "start": (-7, 6), "seconds": 2} | changes)


def ffmpeg(*arguments):
    command = [imageio_ffmpeg.get_ffmpeg_exe(), "-hide_banner", *arguments]
    return subprocess.run(command, capture_output=True, check=True)


def decoded(path):
    """Return the frames of a small MP4, and their times in seconds."""
    raw = ffmpeg("-i", path, "-vf", "showinfo", "-fps_mode", "passthrough", "-f", "rawvideo", "-pix_fmt", "rgb24", "-")
    times = [float(each) for each in re.findall(rb" pts_time: *(\S+)", raw.stderr)]
    return np.frombuffer(raw.stdout, np.uint8).reshape(-1, SMALL[1], SMALL[0], 3), times


def described(path):
    """Return ffmpeg's description of an MP4 without its name and its bit rate."""
    info = ffmpeg("-i", path, "-c", "copy", "-f", "null", "-").stderr.decode()
    length = re.search(r"Duration: \S+, start: \S+,", info)[0]
    return length, re.sub(r" \d+ kb/s,", "", re.search(r"Video: .*", info)[0])


def psnr(one, other):
    """Return the peak signal-to-noise ratio of two pictures, in decibels."""
    return 10 * np.log10(255**2 / np.mean((one.astype(float) - other.astype(float)) ** 2))


def assert_complete(path, film):
    """Check that an MP4 has the frames of a film at their times."""
    frames, times = decoded(path)
    assert len(frames) == len(film)
    assert times == pytest.approx(np.arange(len(film)) / film.fps, abs=1e-5)
    assert min(map(psnr, frames, film.frames())) > 32


@pytest.mark.parametrize(("fps", "seconds"), [(50, 2.02), (30, 3.4), (15, 6.8), (12.5, 4.16), (29.97, 3.4)])
@pytest.mark.sampled(0, 2)
def test_joined_segments_match_the_file_of_one_encoder(tmp_path, make_film, fps, seconds):
    shown = scene(seconds=seconds)
    path, usual, twin = tmp_path / "it's joined.mp4", tmp_path / "usual.mp4", tmp_path / "twin.mp4"
    calls = []
    with ThreadPoolExecutor(2) as threads:
        outputs = [Output(path, SMALL, fps), Output(twin, SMALL, fps)]
        list(save_outputs(shown, *outputs, workers=threads, progress=lambda *far: calls.append(far)))
    shown.save(Output(usual, SMALL, fps), workers=0)
    film = make_film(shown.record(), seconds=seconds, fps=fps)
    assert_complete(path, film)
    assert described(path) == described(usual)
    assert "yuv420p(tv, bt709" in described(path)[1]
    content = path.read_bytes()
    assert content.index(b"moov") < content.index(b"mdat")
    assert twin.read_bytes() == content
    assert len(calls) == -(-len(film) // 50) >= 2
    assert calls[-1] == (len(film), len(film))


@pytest.mark.long
def test_invalid_segment_is_reported_in_one_line(tmp_path, monkeypatch):
    path = tmp_path / "a.mp4"
    path.write_bytes(b"what was there")
    monkeypatch.setattr("animopt.video.save._segment", lambda film, run, quality_step: Segment(b"nothing", len(run)))
    with ThreadPoolExecutor(1) as threads, pytest.raises(Error, match=r"a\.mp4: the encoder failed: ") as caught:
        scene().save(Output(path, SMALL, 50), workers=threads)
    assert "\n" not in str(caught.value)
    assert {each.name: each.read_bytes() for each in tmp_path.iterdir()} == {"a.mp4": b"what was there"}


@pytest.mark.exhaustive
def test_frames_of_lost_workers_are_drawn_again(workers, processes, make_film, ravine_race):
    film = make_film(ravine_race, seconds=4)
    count = 0
    for index, frame in enumerate(film.frames(workers)):
        if index == 5:
            # Both, so that the film is lost too.
            for process in processes:
                process.kill()
        assert np.array_equal(frame, film.frame(index))
        count += 1
    assert count == len(film) == 40


@pytest.mark.long
def test_segments_of_a_lost_worker_are_made_again(workers, processes, tmp_path, make_film):
    shown = scene(seconds=4)
    calls = []

    def progress(done, total):
        if not calls:
            processes[0].kill()
        calls.append(done)

    list(save_outputs(shown, Output(tmp_path / "a.mp4", SMALL, 50), workers=workers, progress=progress))
    assert calls == [50, 100, 150, 200]
    assert not processes[0].is_running()
    assert_complete(tmp_path / "a.mp4", make_film(shown.record(), seconds=4, fps=50))
    with ThreadPoolExecutor(1) as threads:
        shown.save(Output(tmp_path / "b.mp4", SMALL, 50), workers=threads)
    assert (tmp_path / "a.mp4").read_bytes() == (tmp_path / "b.mp4").read_bytes()


@pytest.fixture
def short_timeout(monkeypatch):
    """Shorten the timeout for a cluster without progress to a few seconds."""
    monkeypatch.setattr("animopt.video.watchdog.CHECK_INTERVAL", 0.5)
    monkeypatch.setattr("animopt.video.watchdog.MAX_STALLED_CHECKS", 8)


@pytest.mark.exhaustive
def test_work_of_a_stopped_worker_is_repeated(short_timeout, workers, processes, tmp_path, make_film):
    shown = scene(seconds=4)
    stopped = []

    def progress(done, total):
        if not stopped:
            processes[0].suspend()
            stopped.append(True)

    with pytest.warns(UserWarning, match=r"tcp://\S+ has not answered since [\d:]+; other workers repeat its work"):
        list(save_outputs(shown, Output(tmp_path / "a.mp4", SMALL, 50), workers=workers, progress=progress))
    assert_complete(tmp_path / "a.mp4", make_film(shown.record(), seconds=4, fps=50))
    processes[0].kill()


@pytest.mark.parametrize(
    ("fault", "message"),
    [("stop", r"no worker has answered since [\d:]+; "), ("lose", r"has had no worker since [\d:]+; start one, ")],
)
@pytest.mark.long
def test_cluster_without_workers_is_reported(short_timeout, tmp_path, fault, message):
    (tmp_path / "one.py").write_text(SCENE)
    scenes = {"one": (tmp_path / "one.py", [Output(tmp_path / "one.gif", SMALL, 10)])}
    with local_cluster(tmp_path / "dask", n_workers=1) as running, connected(running.scheduler_address) as executor:
        (process,) = (psutil.Process(number) for number in executor._client.run(os.getpid).values())
        blocked = executor.submit(time.sleep, 60)
        time.sleep(1)
        if fault == "stop":
            process.suspend()
        else:
            running.scale(0)
        (result,) = render_all(scenes, executor)
        assert re.search(f"^cluster 'tcp://.*': {message}", result.failure)
        with pytest.raises(Error, match=message):
            blocked.result()
        if fault == "stop":
            process.kill()


@pytest.mark.long
def test_silent_scheduler_is_reported(short_timeout, capfd):
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = str(free.getsockname()[1])
    address = f"tcp://127.0.0.1:{port}"
    with ExitStack() as stack:
        processes = []
        for words in (
            ["scheduler", "--host", "127.0.0.1", "--no-dashboard", "--port", port],
            ["worker", address, "--no-nanny", "--no-dashboard"],
        ):
            process = subprocess.Popen([sys.executable, "-m", "dask", *words], stderr=subprocess.DEVNULL)
            stack.callback(process.wait)
            stack.callback(process.kill)
            processes.append(process)
        with Client(address, timeout=60, set_as_default=False) as client:
            client.wait_for_workers(1, timeout=60)
        capfd.readouterr()
        with connected(address) as executor:
            assert executor.submit(abs, -3).result(60) == 3
            waiting = executor.submit(time.sleep, 60)
            psutil.Process(processes[0].pid).suspend()
            with pytest.raises(Error, match=r"its scheduler has not answered since [\d:]+; look at its log"):
                waiting.result(60)
        assert capfd.readouterr().err == ""


@pytest.mark.long
def test_stopped_worker_is_noticed_before_work(tmp_path, monkeypatch):
    monkeypatch.setattr(dask_cluster, "CONNECT_TIMEOUT", 2)
    with local_cluster(tmp_path / "dask", n_workers=1) as running:
        with Client(running.scheduler_address, set_as_default=False) as client:
            client.wait_for_workers(1, timeout=60)
            (process,) = (psutil.Process(number) for number in client.run(os.getpid).values())
        process.suspend()
        with (
            pytest.raises(Error, match="a worker does not answer; check whether something stopped it"),
            connected(running.scheduler_address),
        ):
            pass
        process.kill()


@pytest.mark.long
def test_scenes_of_a_lost_worker_are_rendered_again(workers, processes, tmp_path):
    scenes = {}
    for name in ("one", "two", "three", "four"):
        path = tmp_path / f"{name}.py"
        path.write_text(SCENE)
        scenes[name] = path, [Output(tmp_path / f"{name}{suffix}", SMALL, 10) for suffix in (".gif", ".mp4")]
    rendered = render_all(scenes, workers, {"seconds": 1})
    done = [next(rendered)]
    processes[0].kill()
    done += rendered
    assert {each.name: each.failure for each in done} == dict.fromkeys(scenes, "")
    for suffix in (".gif", ".mp4"):
        # The recipes differ, because they contain the names of the files.
        assert len({decoded(tmp_path / f"{name}{suffix}")[0].tobytes() for name in scenes}) == 1
    assert len(list(tmp_path.iterdir())) == 12
    load_scene(tmp_path / "one.py").replace(seconds=1).save(Output(tmp_path / "here.gif", SMALL, 10), workers=0)
    assert np.array_equal(decoded(tmp_path / "here.gif")[0], decoded(tmp_path / "one.gif")[0])


@pytest.mark.long
def test_cluster_option(dask, animopt_here, tmp_path):
    (tmp_path / "one.py").write_text(SCENE)
    (tmp_path / "broken.py").write_text(f"{SCENE}\n1 / 0")
    there = ["--size", "320x180", "--fps", "10", "--cluster", dask.scheduler_address]
    done = animopt_here("one.py", "-o", "a.gif", "-o", "a.mp4", *there)
    assert (done.returncode, done.stdout.split(), done.stderr) == (0, ["a.gif", "a.mp4"], "")
    here = animopt_here("one.py", "-o", "b.gif", "-o", "b.mp4", *there[:4], "--workers", "0")
    assert here.returncode == 0
    for suffix in (".gif", ".mp4"):
        assert Path(f"a{suffix}").read_bytes() == Path(f"b{suffix}").read_bytes()

    done = animopt_here("all", "one.py", "broken.py", "-o", "out", "--format", "gif", *there)
    assert done.returncode == 1
    assert done.stdout.split() == [str(Path("out", "one.gif"))]
    assert "broken: failed: broken.py, line 7: ZeroDivisionError: division by zero" in done.stderr
    assert Path("out", "one.gif").read_bytes() == Path("a.gif").read_bytes()


@pytest.mark.long
def test_closed_iterator_leaves_nothing_on_the_cluster(dask, tmp_path):
    with connected(dask.scheduler_address) as executor:
        saving = save_outputs(
            scene(seconds=6),
            Output(tmp_path / "a.gif", SMALL, 1),
            Output(tmp_path / "a.mp4", SMALL, 50),
            workers=executor,
        )
        assert next(saving) == tmp_path / "a.gif"
        saving.close()
    assert [path.name for path in tmp_path.iterdir()] == ["a.gif"]
    deadline = time.monotonic() + 60
    while dask.scheduler.tasks or any(each.startswith("Client-") for each in dask.scheduler.clients):
        assert time.monotonic() < deadline
        time.sleep(0.05)


@pytest.mark.long
def test_executor_of_a_client_renders(dask, tmp_path):
    with Client(dask.scheduler_address, set_as_default=False) as client:
        scene().save(Output(tmp_path / "a.mp4", SMALL, 50), workers=client.get_executor())
        (tmp_path / "one.py").write_text(SCENE)
        scenes = {"one": (tmp_path / "one.py", [Output(tmp_path / "one.gif", SMALL, 10)])}
        (rendered,) = render_all(scenes, client.get_executor())
    with ThreadPoolExecutor(1) as threads:
        scene().save(Output(tmp_path / "b.mp4", SMALL, 50), workers=threads)
    assert (tmp_path / "a.mp4").read_bytes() == (tmp_path / "b.mp4").read_bytes()
    assert (rendered.paths, rendered.failure) == ((tmp_path / "one.gif",), "")


@pytest.mark.long
def test_scene_file_is_sent_to_workers_that_lack_it(tmp_path):
    data = "from pathlib import Path\nprint(Path(__file__).with_name('data.txt').read_text())\n"
    (tmp_path / "one.py").write_text(data + SCENE)
    (tmp_path / "data.txt").write_text("beside it")
    outputs = [Output(tmp_path / "one.gif", SMALL, 10)]

    def render():
        path = tmp_path / "one.py"
        defaults, fields = FolderDefaults(), {"seconds": 0.2}
        return batch.render_in_worker(
            "one", str(path), str(path), content, defaults, outputs, fields, batch.render_scene
        )

    content = (tmp_path / "one.py").read_bytes()
    here, _ = render()
    assert here.failure == ""
    (tmp_path / "one.py").write_text(SCENE)
    elsewhere, files = render()
    assert not files
    assert elsewhere.failure.startswith(f"{tmp_path / 'one.py'}, line 2: FileNotFoundError")
    content = (tmp_path / "one.py").read_bytes()
    _, files = render()
    assert list(files) == ["0.gif"]
    (tmp_path / "one.py").unlink()
    with ThreadPoolExecutor(1) as threads:
        (rendered,) = render_all({"one": (tmp_path / "one.py", outputs)}, threads)
    assert re.search(r"one\.py: cannot be read: ", rendered.failure)


@pytest.mark.parametrize(
    "address", ["", "nonsense", "tcp://scheduler", "http://here:1", "tcp://here:99999", "tcp://[:1"]
)
@pytest.mark.long
def test_invalid_address_is_refused(animopt_here, tmp_path, address):
    (tmp_path / "one.py").write_text(SCENE)
    for command in (["one.py"], ["all", "one.py"]):
        done = animopt_here(*command, "--cluster", address)
        assert (done.returncode, done.stderr.count("\n")) == (2, 1)
        assert f"cluster {address!r}: give the address of a scheduler, as tcp://scheduler:8786" in done.stderr


@pytest.mark.parametrize("command", [["one.py"], ["all", "one.py"], ["race", "--function", "ravine", "--racer", "sgd"]])
@pytest.mark.long
def test_cluster_with_workers_is_refused(animopt_here, tmp_path, command):
    (tmp_path / "one.py").write_text(SCENE)
    done = animopt_here(*command, "--cluster", "tcp://here:1", "--workers", "2")
    assert done.returncode == 2
    assert "cluster 'tcp://here:1': has its own workers; leave out --workers or --cluster" in done.stderr


@pytest.mark.long
def test_cluster_for_a_still_is_refused(animopt_here, tmp_path):
    (tmp_path / "one.py").write_text(SCENE)
    done = animopt_here("one.py", "--still", "0.1", "--cluster", "tcp://here:1")
    assert done.returncode == 2
    assert "cluster 'tcp://here:1': a still is drawn on this machine; leave out --cluster" in done.stderr


@pytest.mark.long
def test_missing_dask_names_the_extra(monkeypatch):
    monkeypatch.setitem(sys.modules, "distributed", None)
    message = re.escape(
        "cluster 'tcp://here:1': needs dask.distributed; install it with pip install \"animopt[cluster]\""
    )
    with pytest.raises(Error, match=message), connected("tcp://here:1"):
        pass


@pytest.mark.long
def test_missing_scheduler_is_reported(monkeypatch):
    monkeypatch.setattr(dask_cluster, "CONNECT_TIMEOUT", 0.5)
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        address = f"tcp://127.0.0.1:{taken.getsockname()[1]}"
        with pytest.raises(Error, match="no scheduler answers there") as caught, connected(address):
            pass
    assert not isinstance(caught.value, UsageError)


def end(process):
    """End a process. A worker that is still starting may ignore SIGTERM."""
    process.terminate()
    with suppress(subprocess.TimeoutExpired):
        process.wait(10)
    process.kill()
    process.wait()


@pytest.mark.exhaustive
def test_documented_tls_needs_the_certificate(tmp_path, run_animopt):
    page = (Path(__file__).parent.parent.parent / "docs" / "how-to" / "cluster.md").read_text(encoding="utf-8")
    (make,), (scheduler, worker), (*variables, render) = (
        block.splitlines() for block in re.findall(r"```sh\n(.*?)```", page.partition("\n## Trust")[2], re.DOTALL)
    )
    if not shutil.which("openssl"):
        pytest.skip("openssl is not installed")
    subprocess.run(make.split(), cwd=tmp_path, capture_output=True, check=True)
    (tmp_path / "one.py").write_text(SCENE)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = str(free.getsockname()[1])
    address = f"tls://127.0.0.1:{port}"
    options = ["--host", "127.0.0.1", "--no-dashboard"]
    commands = [[*scheduler.split(), *options, "--port", port], [*worker.split(), *options]]
    certificate = dict(line.removeprefix("export ").split("=") for line in variables)
    assert set(certificate) == set(dask_cluster.CERTIFICATES)
    render = [word.replace("tls://scheduler:8786", address) for word in render.split()[2:]]
    render = ["one.py", "-o", "a.gif", "--size", "320x180", "--fps", "5", *render]
    with ExitStack() as stack:
        for command in commands:
            words = [sys.executable, "-m", *(word.replace("tls://scheduler:8786", address) for word in command)]
            words = [word.replace("auto", "1") for word in words]
            process = subprocess.Popen(words, cwd=tmp_path, stderr=subprocess.DEVNULL)
            stack.callback(end, process)
        files = {"tls_ca_file": "cert.pem", "tls_client_cert": "cert.pem", "tls_client_key": "key.pem"}
        security = Security(**{name: str(tmp_path / file) for name, file in files.items()})
        with Client(address, security=security, timeout=60, set_as_default=False) as client:
            client.wait_for_workers(1, timeout=60)
        done = run_animopt(tmp_path, *render, **certificate)
        assert (done.returncode, done.stdout, done.stderr) == (0, "a.gif\n", "")
        (tmp_path / "a.gif").unlink()
        for wrong in ({}, certificate | {dask_cluster.CERTIFICATES[1]: "none.pem"}):
            done = run_animopt(tmp_path, *render, **wrong)
            assert (done.returncode, done.stdout, done.stderr.count("\n")) == (1, "", 1)
            assert f"cluster '{address}': needs a certificate that can be read; set DASK_" in done.stderr
        # Another key is refused by the scheduler.
        subprocess.run(make.replace(".pem", "2.pem").split(), cwd=tmp_path, capture_output=True, check=True)
        other = {name: file.replace(".pem", "2.pem") for name, file in certificate.items()}
        for wrong in (other, other | {dask_cluster.CERTIFICATES[0]: "cert.pem"}):
            done = run_animopt(tmp_path, *render, **wrong)
            assert (done.returncode, done.stdout, done.stderr.count("\n")) == (1, "", 1)
            assert f"cluster '{address}': no scheduler answers there" in done.stderr
    assert not (tmp_path / "a.gif").exists()


@pytest.mark.long
def test_unsuitable_cluster_is_reported(tmp_path, monkeypatch):
    older = tmp_path / "animopt-0.0.1.dist-info"
    older.mkdir()
    (older / "METADATA").write_text("Metadata-Version: 2.1\nName: animopt\nVersion: 0.0.1\n")
    with local_cluster(tmp_path, n_workers=0) as running:
        address = running.scheduler_address
        with monkeypatch.context() as hasty:
            hasty.setattr(dask_cluster, "CONNECT_TIMEOUT", 0.5)
            message = f"cluster '{address}': has no worker; start one, with dask worker {address}"
            with pytest.raises(Error, match=message), connected(address):
                pass
        running.scale(1)
        with Client(address, set_as_default=False) as client:
            client.wait_for_workers(1, timeout=60)
            client.run(exec, f"import sys; sys.path.insert(0, {str(tmp_path)!r})")
            message = (
                rf"cluster '{address}': worker tcp://\S+ has animopt 0\.0\.1, this machine \S+; install the same there"
            )
            with pytest.raises(Error, match=message), connected(address):
                pass
            client.run(exec, "import sys; del sys.path[0]")
        with pytest.raises(Error, match="its scheduler is gone"):
            lose_the_scheduler(running)


def lose_the_scheduler(running):
    with connected(running.scheduler_address) as executor:
        future = executor.submit(time.sleep, 2)
        running.close()
        future.result(60)
