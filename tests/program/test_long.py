"""Long runs: memory and open files do not grow with the length or the number of clips."""

import json
import subprocess
import sys

import imageio_ffmpeg
import pytest
from PIL import Image

pytestmark = pytest.mark.exhaustive

MB = 10**6

CLIP = """
import json
import sys
import threading

import psutil

from animopt import Output, Racer, Scene
from animopt.functions import ravine
from animopt.scene.render import save_outputs

FRAMES = int(sys.argv[1])


def memory():
    # Shared memory counts once per process, which is the same for any length.
    processes = [psutil.Process(), *psutil.Process().children(recursive=True)]
    total = 0
    for process in processes:
        try:
            total += process.memory_info().rss
        except psutil.NoSuchProcess:
            pass
    return total


scene = Scene(function=ravine, racers=[Racer("Adam", lr=0.05)], start=(-7, 2), steps=100, seconds=FRAMES / 50)
outputs = [Output(f"long{suffix}", (160, 160), 50) for suffix in (".gif", ".mp4")]
samples = []


def progress(done, total):
    if done % 250 == 0:
        samples.append(memory())


for path in save_outputs(scene, *outputs, workers=1, progress=progress):
    pass
print(json.dumps(samples))
"""


def test_15000_frames_need_no_more_memory_than_1000(tmp_path):
    done = subprocess.run(
        [sys.executable, "-c", CLIP, "15000"], cwd=tmp_path, capture_output=True, text=True, check=True
    )
    samples = json.loads(done.stdout)
    assert len(samples) == 60
    # The first frames fill the caches: text bitmaps, palettes, the queues of the encoders.
    early, late = max(samples[:8]), max(samples[8:])
    assert late < early + 60 * MB, f"{early / MB:.0f} MB, then {late / MB:.0f} MB"
    assert imageio_ffmpeg.count_frames_and_secs(str(tmp_path / "long.mp4")) == (15_000, 300.0)
    with Image.open(tmp_path / "long.gif") as clip:
        assert clip.n_frames == 15_000
    assert sorted(path.name for path in tmp_path.iterdir()) == ["long.gif", "long.mp4"]


SCENES = """
import gc
import json
import sys
import threading

import psutil

from animopt import Output, Racer, Scene
from animopt.engine.library import all_functions

process = psutil.Process()
functions = list(all_functions().values())
open_files = process.num_handles if sys.platform == "win32" else process.num_fds
samples = []
for number in range(100):
    function = functions[number % len(functions)]
    start = function.start or (function.x[0], function.y[0])
    scene = Scene(function=function, racers=[Racer("Adam", lr=0.05), Racer("SGD", lr=0.01)], start=start, seconds=0.3)
    outputs = [Output(f"{number}{suffix}", (320, 180), 10) for suffix in (".gif", ".mp4")]
    scene.save(*outputs, workers=1 if number % 10 == 9 else 0)
    scene.still(f"{number}.svg", 0.1, (320, 180))
    gc.collect()
    samples.append((process.memory_info().rss, open_files(), len(process.children()), threading.active_count()))
print(json.dumps(samples))
"""


def test_hundred_scenes_leave_nothing_behind_in_the_process(tmp_path):
    done = subprocess.run([sys.executable, "-c", SCENES], cwd=tmp_path, capture_output=True, text=True, check=True)
    memory, open_files, children, threads = zip(*json.loads(done.stdout), strict=True)
    # Each function has been drawn twice by then, so that all caches are full: fonts, text bitmaps, gradients.
    settled = 60
    assert max(memory[settled:]) < max(memory[:settled]) + 30 * MB, [round(each / MB) for each in memory]
    assert max(open_files[settled:]) <= max(open_files[:settled]), open_files
    assert max(children[settled:]) <= max(children[:settled]), children
    assert max(threads[settled:]) <= max(threads[:settled]), threads
    assert len(list(tmp_path.iterdir())) == 300
