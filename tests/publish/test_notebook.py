"""Outputs in a notebook, read from the kernel's messages and from the notebook's HTML page in a browser."""

import base64
import io
import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import nbconvert
import nbformat
import numpy as np
import pytest
from IPython.core.formatters import DisplayFormatter
from nbclient import NotebookClient
from PIL import Image

from animopt import Racer, Scene, UsageError, plot
from animopt.functions import ravine
from animopt.publish import notebook
from animopt.scene.races import timeline_of

ROOT = Path(__file__).parents[2]
LECTURE = ROOT / "lecture.ipynb"
KOREAN_LECTURE = ROOT / "lecture.ko.ipynb"
PNG, HTML, PLAIN = "image/png", "text/html", "text/plain"

SMALL = """
from animopt import Output, Racer, Scene, plot
from animopt.functions import ravine
scene = Scene(function=ravine, racers=[Racer("SGD", lr=0.95), Racer("Adam", lr=0.9)], title="Two < five", seconds=1)
"""

LOOK = """
import glob, json, sys, tempfile
import matplotlib, psutil
children = [" ".join(each.cmdline()) for each in psutil.Process().children(recursive=True)]
pyplot = sys.modules.get("matplotlib.pyplot")
print(json.dumps({
    "settings": repr(sorted(matplotlib.rcParams.items())),
    "figures": pyplot.get_fignums() if pyplot else [],
    "children": children,
    "files": sorted(glob.glob(tempfile.gettempdir() + "/animopt-*") + glob.glob(".animopt-*")),
}))
"""


class Client(NotebookClient):
    """Runs a notebook, and records the messages of its kernel."""

    def __init__(self, *arguments, **options):
        super().__init__(*arguments, **options)
        self.messages = []

    def process_message(self, message, cell, index):
        self.messages.append((index, message["msg_type"], message["content"]))
        return super().process_message(message, cell, index)

    def states(self, index):
        """Return all outputs of a cell in order, also those that replaced others."""
        kinds = ("display_data", "update_display_data", "execute_result")
        return [(kind, content["data"]) for number, kind, content in self.messages if number == index and kind in kinds]


@pytest.fixture
def run(tmp_path):
    """Return a function that runs cells or a notebook in a kernel, and returns the client."""
    temporary = tmp_path / "temporary"
    temporary.mkdir()
    env = {
        **os.environ,
        **dict.fromkeys(("TMPDIR", "TEMP", "TMP"), str(temporary)),
        "IPYTHONDIR": str(tmp_path / "ipython"),
        "PYTHONPATH": os.pathsep.join([str(ROOT), os.environ.get("PYTHONPATH", "")]),
    }

    def execute(*sources, allow_errors=False):
        given = isinstance(sources[0], nbformat.NotebookNode)
        cells = [] if given else [nbformat.v4.new_code_cell(source) for source in sources]
        client = Client(
            sources[0] if given else nbformat.v4.new_notebook(cells=cells),
            timeout=300,
            kernel_name="python3",
            allow_errors=allow_errors,
            resources={"metadata": {"path": str(tmp_path)}},
        )
        client.execute(env=env)
        return client

    return execute


@pytest.fixture
def page(tmp_path):
    """Return a function that opens the HTML page of a notebook in a browser, and returns the page."""
    chromium = shutil.which("chromium") or shutil.which("google-chrome") or shutil.which("chrome")
    if not chromium:
        pytest.skip("needs Chromium or Chrome; install one, as Debian has it in its package chromium")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])

        def theme(notebook, script, **context):
            text, _ = nbconvert.HTMLExporter().from_notebook_node(notebook)
            (tmp_path / "page.html").write_text(text, encoding="utf-8")
            tab = browser.new_context(offline=True, **context).new_page()
            tab.goto((tmp_path / "page.html").as_uri(), wait_until="domcontentloaded")
            return tab.evaluate(script)

        yield theme
        browser.close()


IMAGES = """async () => Promise.all([...document.querySelectorAll(".jp-OutputArea-output img")].map(async image => {
    await image.decode();
    return {alt: image.alt, lang: image.closest("[lang]").lang,
            width: image.naturalWidth, height: image.naturalHeight, shown: image.width,
            source: image.currentSrc.slice(0, 20)};
}))"""


def outputs(client, index):
    return client.nb.cells[index].outputs


def data(output):
    return dict(output.get("data", {}))


def embedded(page_text, kind):
    return base64.b64decode(re.search(f'data:{kind};base64,([^"]*)', page_text)[1])


def scene(**changes):
    return Scene(**{"function": ravine, "racers": [Racer("SGD", lr=0.95)], "seconds": 1} | changes)


def test_korean_lecture_has_the_code_of_the_english_one():
    """The two differ only in the titles, the names and the language."""
    english, korean = (nbformat.read(path, as_version=4) for path in (LECTURE, KOREAN_LECTURE))
    assert [(cell.id, cell.cell_type) for cell in korean.cells] == [(cell.id, cell.cell_type) for cell in english.cells]
    for cell, translated in zip(english.cells, korean.cells, strict=True):
        if cell.cell_type == "code":
            titled = r'\b(title|name)="[^"]*"'
            code = re.sub(titled, r"\1", translated.source).replace(', "lang": "ko"', "").replace(', lang="ko"', "")
            assert code == re.sub(titled, r"\1", cell.source)
            for _, text in re.findall(r'\b(title|name)=("[^"]*")', translated.source):
                assert re.search("[가-힣]", text)
        else:
            assert re.search("[가-힣]", translated.source)
    assert sum('"lang": "ko"' in cell.source for cell in korean.cells) == 1


@pytest.mark.long
@pytest.mark.parametrize(
    "path", [LECTURE, pytest.param(KOREAN_LECTURE, marks=pytest.mark.exhaustive)], ids=["en", "ko"]
)
def test_lecture_runs_and_shows_each_race(path, run, page, tmp_path):
    notebook = nbformat.read(path, as_version=4)
    run(notebook)
    shown = [data(output) for cell in notebook.cells if cell.cell_type == "code" for output in cell.outputs]
    assert [set(each) for each in shown] == [{HTML, PNG, PLAIN}] * 8
    seen = page(notebook, IMAGES)
    assert len(seen) == 8
    titles = [re.search('title="(.*?)"', cell.source) for cell in notebook.cells]
    assert [image["alt"].partition(".")[0] for image in seen[1:]] == [title[1] for title in titles if title]
    assert [(image["width"], image["height"]) for image in seen[1:]] == [(640, 360)] * 5 + [(480, 270), (640, 360)]
    for each in shown[1:]:
        with Image.open(io.BytesIO(embedded(each[HTML], "image/gif"))) as clip:
            assert clip.n_frames > 10
            assert clip.info["loop"] == 0
    assert not list(tmp_path.glob("*.gif"))
    # The saved outputs are those of a new run.
    kept = [output for cell in nbformat.read(path, 4).cells for output in cell.get("outputs", [])]
    alts = [re.search('alt="(.*?)"', data(output)[HTML])[1] for output in kept]
    assert alts == [re.search('alt="(.*?)"', each[HTML])[1] for each in shown]


@pytest.mark.parametrize("before", ["", "%matplotlib inline"], ids=["plain", "inline"])
@pytest.mark.sampled(0, 1)
def test_rendering_leaves_no_files_and_processes(before, run):
    client = run(before, SMALL + LOOK, "long = scene.replace(seconds=12)\nlong", LOOK)
    assert [output.output_type for output in outputs(client, 2)] == ["display_data"]
    earlier, later = (json.loads(outputs(client, index)[0]["text"]) for index in (1, 3))
    assert earlier == later
    assert later["figures"] == later["files"] == later["children"] == []
    # A clip with this number of frames is drawn by worker processes.
    assert client.states(2)[-2][1][PLAIN].endswith("of 120 frames")


def test_clip_replaces_the_progress_bar(run, page):
    client = run(
        SMALL, "print('said before')\ndisplay(scene)\nprint('said after')", "scene", "scene", "scene.replace(lang='ko')"
    )
    said, clip, more = outputs(client, 1)
    assert (said["text"], more["text"]) == ("said before\n", "said after\n")
    assert set(data(clip)) == {HTML, PNG, PLAIN}
    kinds = [kind for kind, _ in client.states(1)]
    assert kinds[0] == "display_data"
    assert set(kinds[1:]) == {"update_display_data"}
    assert client.states(1)[0][1][PLAIN] == "Rendering Two < five"
    assert "Two &lt; five" in client.states(1)[0][1][HTML]
    assert not [kind for _, kind, _ in client.messages if kind == "clear_output"]
    # A clip that is shown again is not rendered again.
    for index in (2, 3):
        assert [kind for kind, _ in client.states(index)] == ["display_data"]
        assert data(outputs(client, index)[0]) == data(clip)
    assert client.states(4)[0][1][PLAIN] == "렌더링 중: Two < five"
    seen = page(client.nb, IMAGES)
    assert [image["alt"].startswith("Two < five. An animation of 20 steps") for image in seen] == [True] * 3 + [False]
    assert "20걸음의 애니메이션" in seen[3]["alt"]
    assert [image["lang"] for image in seen] == ["en", "en", "en", "ko"]
    assert {(image["width"], image["height"], image["shown"]) for image in seen} == {(640, 360, 640)}
    assert {image["source"] for image in seen} == {"data:image/gif;base6"}
    still = page(client.nb, IMAGES, reduced_motion="reduce", viewport={"width": 500, "height": 600})
    assert {image["source"] for image in still} == {"data:image/png;base6"}
    assert all(image["shown"] < 500 for image in still)


@pytest.mark.long
def test_progress_bar_of_a_file_is_emptied(run, page):
    client = run(SMALL, 'print("said")\nscene.save(Output("a.gif", (320, 180), 10))')
    said, bar = outputs(client, 1)
    assert said["text"] == "said\n"
    assert data(bar) == {HTML: "", PLAIN: ""}
    states = [state[HTML] for _, state in client.states(1)]
    assert "<progress" in states[0]
    height = page(client.nb, "() => [...document.querySelectorAll('.jp-OutputArea-child')].at(-1).offsetHeight")
    assert height == 0
    for kind in ("html", "markdown", "latex", "rst"):
        nbconvert.get_exporter(kind)().from_notebook_node(client.nb)


@pytest.mark.long
def test_mp4_is_shown_as_a_playing_video(run, page):
    client = run(SMALL, 'scene.clip("mp4", size=(320, 180), theme="dark")')
    (clip,) = outputs(client, 1)
    assert set(data(clip)) == {HTML, PNG, PLAIN}
    assert clip["data"][PLAIN] == "Clip('Two < five', .mp4, 320x180, 25 fps)"

    seen = page(
        client.nb,
        """async () => {
            const video = document.querySelector("video");
            const loaded = new Promise((done, failed) => {
                video.onplaying = done;
                video.onerror = () => failed(video.error.message);
            });
            video.load();
            await Promise.all([loaded, video.play()]);
            return {label: video.ariaLabel, width: video.videoWidth, height: video.videoHeight,
                    seconds: video.duration, plain: [video.muted, video.loop, video.controls]};
        }""",
    )
    assert seen["label"].startswith("Two < five. An animation")
    assert (seen["width"], seen["height"], seen["plain"]) == (320, 180, [True, True, True])
    assert seen["seconds"] == pytest.approx(1, abs=0.05)


@pytest.mark.long
def test_error_is_shown_as_one_line(run):
    bad = "def bad(x):\n    y = x[0]\n    return y + undefined\nracers = [Racer('SGD', lr=0.1)]\n"
    client = run(
        SMALL,
        f"{bad}Scene(function=bad, racers=racers, start=(1, 1))",
        "Racer('Adm')",
        "scene.save('nowhere/a.gif')",
        "1 / 0",
        allow_errors=True,
    )
    shown = [[output for output in outputs(client, index) if output.output_type == "error"] for index in (1, 2, 3)]
    assert [[line for output in each for line in output["traceback"]] for each in shown] == [
        ["Error: function bad, line 3: NameError: name 'undefined' is not defined"],
        ["UsageError: racer 'Adm': no such optimizer; did you mean 'Adam'?"],
        ["UsageError: nowhere/a.gif: there is no folder 'nowhere'; make it first"],
    ]
    assert [output.output_type for output in outputs(client, 1) if data(output) != {HTML: "", PLAIN: ""}] == ["error"]
    # Errors of other packages have their usual traceback.
    assert len(outputs(client, 4)[0]["traceback"]) > 1


@pytest.mark.long
def test_interrupt_leaves_no_files_and_processes(run):
    interrupted = """
import _thread, threading
long = scene.replace(seconds=100)
threading.Timer(4, _thread.interrupt_main).start()
long
"""
    client = run(SMALL, interrupted, LOOK, allow_errors=True)
    emptied, error = outputs(client, 1)
    assert data(emptied) == {HTML: "", PLAIN: ""}
    assert error["ename"] == "KeyboardInterrupt"
    left = json.loads(outputs(client, 2)[0]["text"])
    assert left["children"] == left["files"] == []


@pytest.mark.parametrize(
    ("lang", "title", "shown"),
    [
        ("en", "A race", ["Rendering A race", "Rendering A race 1 of 1 frame", "Rendering A race 3 of 1,200 frames"]),
        ("en", "", ["Rendering", "Rendering 1 of 1 frame", "Rendering 3 of 1,200 frames"]),
        (
            "ko",
            "경주",
            ["렌더링 중: 경주", "렌더링 중: 경주 프레임 1개 중 1개", "렌더링 중: 경주 프레임 1,200개 중 3개"],
        ),
    ],
)
def test_progress_is_in_the_language_of_the_scene(lang, title, shown, monkeypatch):
    bundles = []
    monkeypatch.setattr(notebook, "BAR_INTERVAL", 0)
    monkeypatch.setattr(notebook, "in_notebook", lambda: True)
    monkeypatch.setattr(notebook.ProgressBar, "replace", lambda self, bundle: bundles.append(bundle[0]))
    bar = notebook.ProgressBar(title, lang)
    for done, total in ((0, 0), (1, 1), (3, 1200)):
        bar(done, total)
    assert [bundle[PLAIN] for bundle in bundles] == shown
    assert [" ".join(re.sub("<.*?>", "", bundle[HTML]).split()) for bundle in bundles] == shown


def test_scene_is_rendered_only_if_its_clip_is_shown(monkeypatch):
    monkeypatch.setattr("animopt.scene.races.record", lambda *_, **__: pytest.fail("recorded"))
    monkeypatch.setattr("animopt.scene.render.save_with_poster", lambda *_: pytest.fail("rendered"))
    shown = scene()
    assert repr(shown).startswith("Scene(racers=(Racer(")
    assert str(shown.clip()) == "Clip('SGD on a ravine', .gif, 640x360, 10 fps)"
    # A debugger does this to show an object's attributes.
    for each in (shown, shown.clip()):
        for name in dir(each):
            getattr(each, name)
    assert [shown.replace(lang=lang).clip().lang for lang in ("en", "ko")] == ["en", "ko"]
    for each in (shown, shown.clip()):
        assert each._repr_mimebundle_(include=[PLAIN]) == ({PLAIN: repr(each)}, {})


@pytest.mark.parametrize(
    ("include", "exclude", "kinds"),
    [
        (None, None, {HTML, PNG, PLAIN}),
        ([PNG], None, {PNG}),
        (None, [HTML], {PNG, PLAIN}),
        ([HTML, PNG], [PNG], {HTML}),
    ],
)
@pytest.mark.sampled(1)
def test_bundle_contains_the_requested_types(include, exclude, kinds):
    found, more = DisplayFormatter().format(scene(seconds=0.2).clip(size=(160, 160)), include, exclude)
    assert set(found) == kinds
    assert set(more) == kinds & {PNG}


@pytest.mark.long
def test_clip_is_rendered_once_and_leaves_no_files(tmp_path, monkeypatch):
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    clip = scene().clip("GIF", size=(320, 180), fps=5)
    rendered = clip.render()
    assert clip.render() is rendered
    assert not list(tmp_path.iterdir())
    with Image.open(io.BytesIO(rendered.data)) as moving, Image.open(io.BytesIO(rendered.poster)) as still:
        assert moving.size == still.size == (320, 180)
        moving.seek(moving.n_frames - 1)
        last, poster = (np.asarray(picture.convert("RGB"), dtype=float) for picture in (moving, still))
    # The poster shows the end of the race.
    assert np.abs(last - poster).mean() < 3


def test_poster_of_a_seamless_clip_shows_the_end_of_the_race():
    seamless = timeline_of(scene(loop="seamless", seconds=4))
    assert seamless.moment(seamless.result_second).step == seamless.steps
    assert seamless.moment(seamless.result_second).hold_progress == pytest.approx(1)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ({"suffix": "webm"}, "clip 'webm': a notebook shows gif or mp4; use one of them"),
        ({"size": (1, 1)}, "size 1x1: give two sides"),
        ({"suffix": "mp4", "size": (321, 181)}, "an MP4 needs even sides; use 322x182"),
        ({"fps": 60}, "a GIF shows at most 50 frames a second"),
        ({"theme": "pink"}, "theme 'pink': unknown"),
    ],
)
def test_bad_clip_is_refused_before_rendering(arguments, said):
    with pytest.raises(UsageError, match=re.escape(said)):
        scene().clip(**arguments)


def test_plot_has_alt_text():
    found, _ = plot(ravine, points=[[0, 1, 2], [0, -1, 3]])._repr_mimebundle_()
    assert 'alt="The surface of a ravine as a wireframe, and its contour lines, with 3 points joined' in found[HTML]
    with Image.open(io.BytesIO(base64.b64decode(found[PNG]))) as picture:
        assert picture.size == (1080, 480)


def ipython(program, tmp_path):
    """Return the output of a session in a terminal."""
    return subprocess.run(
        [sys.executable, "-m", "IPython", "--simple-prompt", "--no-banner", "--colors=NoColor", "--quick"],
        input=program,
        env={**os.environ, "IPYTHONDIR": str(tmp_path), "PYTHONPATH": str(ROOT)},
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=True,
    )


@pytest.mark.long
def test_terminal_shows_text_without_rendering(tmp_path):
    spoil = "Scene._rendered = None\n"
    done = ipython(f"{SMALL}\n{spoil}scene\nscene.clip()\nplot(ravine)\nRacer('Adm')\n", tmp_path)
    assert "Scene(racers=(Racer(" in done.stdout.replace("\n", "").replace(" ", "")
    assert "Clip('Two < five', .gif, 640x360, 10 fps)" in done.stdout
    assert "TypeError" not in done.stdout + done.stderr
    assert "UsageError: racer 'Adm': no such optimizer; did you mean 'Adam'?" in done.stdout + done.stderr
    assert "Traceback" not in done.stdout + done.stderr


@pytest.mark.long
def test_ipython_is_not_imported(tmp_path):
    program = f"{SMALL}\nscene.save(Output('a.gif', (160, 160), 2))\nscene.clip(size=(160, 160), fps=2).render()\n"
    check = "import sys\nprint([name for name in sys.modules if name.lower().startswith(('ipy', 'jupyter'))])"
    done = subprocess.run(
        [sys.executable, "-c", program + check],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=True,
    )
    assert (done.stdout, done.stderr) == ("[]\n", "")
