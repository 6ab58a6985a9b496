"""Rendering again when a file is saved."""

import runpy
import signal
import subprocess
import sys
import threading
import time

import pytest
from PIL import Image

from animopt.cli import watch


def save_by_rename(path, text):
    """Replace a file as editors do that never leave it half-written."""
    new = path.with_suffix(".new")
    new.write_text(text)
    new.replace(path)


def test_file_and_imported_module_are_watched(tmp_path, monkeypatch):
    monkeypatch.setattr(watch, "POLL_INTERVAL", 0.02)
    monkeypatch.syspath_prepend(tmp_path)
    scene, helper = tmp_path / "watched_scene.py", tmp_path / "watched_helper.py"
    helper.write_text("value = 'one'")
    scene.write_text("import watched_helper\nfound = watched_helper.value")
    seen = []

    def wait_for_runs(count):
        deadline = time.monotonic() + 10
        while len(seen) < count and time.monotonic() < deadline:
            time.sleep(0.01)

    def work():
        seen.append(runpy.run_path(str(scene))["found"])
        if seen[-1] == "end":
            raise KeyboardInterrupt

    def edit():
        wait_for_runs(1)
        time.sleep(0.2)
        # The new text has the same length, and is saved within the same second.
        helper.write_text("value = 'two'")
        wait_for_runs(2)
        save_by_rename(scene, "found = 'renamed'")
        wait_for_runs(3)
        # The file is missing for a while, and then empty.
        scene.unlink()
        time.sleep(0.1)
        scene.write_text("found = 'end'")

    editor = threading.Thread(target=edit)
    editor.start()
    with pytest.raises(KeyboardInterrupt):
        watch.watch(scene, work)
    editor.join()
    assert seen == ["one", "two", "renamed", "end"]


def test_other_file_that_is_saved_during_the_work_is_noticed(tmp_path, monkeypatch):
    monkeypatch.setattr(watch, "POLL_INTERVAL", 0.01)
    lecture, scene = tmp_path / "lecture.py", tmp_path / "scene.py"
    for file in (lecture, scene):
        file.write_text("first")
    stamps, seen = {}, []

    def work():
        watch.add_stamps(stamps, [scene])
        seen.append(scene.read_text())
        if len(seen) == 2:
            raise KeyboardInterrupt
        scene.write_text("second time")

    with pytest.raises(KeyboardInterrupt):
        watch.watch(lecture, work, stamps)
    assert seen == ["first", "second time"]


@pytest.mark.skipif(sys.platform == "win32", reason="Windows cannot interrupt a single process")
@pytest.mark.long
def test_watch_renders_again_when_scene_is_saved(tmp_path, write_scene, scene_source):
    scene, clip = tmp_path / "mine.py", tmp_path / "a.gif"
    write_scene(scene)
    options = ["-o", "a.gif", "--size", "640x360", "--seconds", "0.4", "--watch", "--workers", "0"]
    with (tmp_path / "stderr.txt").open("w+") as stderr:
        process = subprocess.Popen(
            [sys.executable, "-m", "animopt", "mine.py", *options],
            cwd=tmp_path,
            stdout=subprocess.PIPE,
            stderr=stderr,
            encoding="utf-8",
            preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),
        )
        with process:
            try:
                assert process.stdout.readline() == "a.gif\n"
                with Image.open(clip) as drawn:
                    # A draft has half the size and ten frames per second.
                    assert (drawn.size, drawn.n_frames) == ((320, 180), 4)
                first = clip.read_bytes()
                scene.write_text("scene = 1 / 0")
                deadline = time.monotonic() + 30
                while "ZeroDivisionError" not in (tmp_path / "stderr.txt").read_text() and time.monotonic() < deadline:
                    time.sleep(0.05)
                assert clip.read_bytes() == first
                start = time.monotonic()
                save_by_rename(scene, scene_source(start=(7, -2)))
                assert process.stdout.readline() == "a.gif\n"
                # torch is not imported again.
                assert time.monotonic() - start < 10
                assert clip.read_bytes() != first
                time.sleep(0.3)
                process.send_signal(signal.SIGINT)
                assert process.wait(30) == 0
            finally:
                process.kill()
        stderr.seek(0)
        lines = stderr.read().splitlines()
    assert lines[0] == "animopt: mine.py is rendered whenever it is saved; stop with Ctrl-C"
    assert [line for line in lines if line.startswith("animopt: ")][1:] == [
        "animopt: mine.py, line 1: ZeroDivisionError: division by zero"
    ]


def test_race_without_scene_file_cannot_be_watched(animopt_here):
    done = animopt_here("race", "--function", "sphere", "--racer", "adam", "--watch")
    assert done.returncode == 2
    assert "--watch" in done.stderr
