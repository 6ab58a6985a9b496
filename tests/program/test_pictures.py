"""Finished frames: every text is legible, texts do not overlap, and nothing flashes."""

import re
import subprocess
from contextlib import contextmanager
from itertools import combinations

import imageio_ffmpeg
import numpy as np
import pytest
from matplotlib.text import Text
from matplotlib.transforms import Bbox

import animopt
from animopt import Output, Racer, Scene
from animopt.drawing.artists import HEAD_SIZE, Markers
from animopt.drawing.canvas import drawing_settings
from animopt.drawing.colors import contrast
from animopt.drawing.layout import LAYOUTS, PANELS, pixel_unit
from animopt.drawing.text import text_source, without_common_prefix
from animopt.drawing.theme import THEMES
from animopt.functions import quartic, ravine
from animopt.recording.results import Results
from animopt.recording.timeline import LOOPS, Timeline
from animopt.scene.races import staging_of
from animopt.video.film import PANEL_CLASSES, RACE_PANELS, Film, Staging

SIZES = [(480, 270), (1280, 720), (1080, 1080), (1080, 1920)]
ALL_RACE_PANELS = tuple(
    panel for panel in PANELS if not any(hasattr(PANEL_CLASSES[panel], name) for name in ("needs", "quantity"))
)
DATA_PANELS = (*ALL_RACE_PANELS, "fit")
# The racers of line_search have no learning rate.
LINE_SEARCH_PANELS = (*(panel for panel in ALL_RACE_PANELS if panel != "rate"), "ray")
NAMED_PANELS = {"scoreboard", "standings", "multiples"}
"""Panels that list the racers with their names."""
SECONDS = 10
MOMENTS = [0, 4.5, SECONDS]
"""Seconds of the frames that are checked: start, middle and end."""


@contextmanager
def recorded_texts(monkeypatch):
    """Record every text that is drawn, in a list."""
    drawn = []
    draw = Text.draw

    def record_text(self, renderer, *arguments, **options):
        if self.get_visible() and self.get_text().strip():
            drawn.append(self)
        return draw(self, renderer, *arguments, **options)

    with monkeypatch.context() as patch:
        patch.setattr(Text, "draw", record_text)
        yield drawn


def flaws(recording, size, staging, monkeypatch):
    """The flaws of the frames at the start, in the middle and at the end, as sentences."""
    found = []
    with recorded_texts(monkeypatch) as still:
        film = Film(recording, Timeline(recording.last_step, SECONDS), size, 25, staging)
        renderer = film.canvas().figure.canvas.get_renderer()
    for second in MOMENTS:
        moment = film.timeline.moment(second)
        frame = film.canvas().draw(moment)
        moving = [
            each for each in film.canvas().moving_artists(moment) if isinstance(each, Text) and each.get_visible()
        ]
        assert frame.shape == (size[1], size[0], 3)
        assert frame.std() > 3
        texts = [
            (text, text.get_window_extent(renderer))
            for text in still + moving
            if text.get_text() and opacity(text) > 0.3
        ]
        assert len(texts) >= 2
        found += [
            f"at {second}: {flaw}" for flaw in [*unreadable(texts, size), *covered(film, recording, moment, texts)]
        ]
    return found


def unreadable(texts, size):
    """Report texts that are too small, leave the picture or overlap."""
    min_size = max(10, 0.016 * size[1]) - 1e-6
    for text, box in texts:
        if text.get_fontsize() < min_size:
            yield f"{description(text)} has {text.get_fontsize():.2f} pixels"
        if box.x0 < -1 or box.y0 < -1 or box.x1 > size[0] + 1 or box.y1 > size[1] + 1:
            yield f"{description(text)} leaves the picture: {box.extents.round(1)}"
    for (one, box), (other, another) in combinations(texts, 2):
        shared = Bbox.intersection(box, another)
        if shared is not None and min(shared.width, shared.height) > 1.5:
            yield f"{description(one)} and {description(other)} share {shared.width:.1f} x {shared.height:.1f} pixels"


def covered(film, recording, moment, texts):
    """Report names of racers that cover a head."""
    half = 0.45 * max(7, HEAD_SIZE * pixel_unit(*film.size))
    for panel in {text.axes for text, _ in texts if panel_of(text) in ("contour", "wireframe")}:
        for racer, (x, y) in enumerate(heads(film, recording, moment, panel)):
            for text, box in texts:
                is_label = text.axes is panel and text.get_text() in {
                    *recording.names,
                    *without_common_prefix(recording.names),
                }
                if is_label and box.x0 < x + half and x - half < box.x1 and box.y0 < y + half and y - half < box.y1:
                    yield f"{description(text)} covers head {racer}"


def heads(film, recording, moment, axes):
    """The positions of the heads on a panel, in pixels."""
    if axes.get_label() == "contour":
        return [axes.transData.transform(path.head(moment.step)[:2]) for path in recording.paths]
    # Among all markers, only heads have an edge.
    markers = [
        each
        for each in film.canvas().moving_artists(moment)
        if isinstance(each, Markers) and each.axes is axes and each.get_linewidth()
    ]
    shapes = [marker.get_path() for marker in markers[-len(recording.names) :]]
    return [shape.get_extents().get_points().mean(axis=0) for shape in shapes if len(shape)]


def description(text):
    return f"{panel_of(text)} {text.get_text()!r}"


def panel_of(text):
    """The panel of a text; tick labels have no axes."""
    return text.axes.get_label() if text.axes else "tick"


def opacity(text):
    return 1 if text.get_alpha() is None else text.get_alpha()


@pytest.mark.parametrize("size", SIZES, ids=str)
@pytest.mark.sampled(1, 20)
def test_every_scene_is_legible(scene_file, record, size, scenes, monkeypatch):
    # Light and dark alternate, so that each scene and each size is drawn in both themes.
    index = list(scenes).index(scene_file.stem) + SIZES.index(size)
    staging = staging_of(animopt.load_scene(scene_file), ("light", "dark")[index % 2])
    assert flaws(record(scene_file), size, staging, monkeypatch) == []


@pytest.mark.parametrize("size", SIZES, ids=str)
@pytest.mark.parametrize("racers", ["sgd", "momentum", "adagrad", "rmsprop", "adam", "race"])
@pytest.mark.parametrize("function", ["ravine", "quartic"])
@pytest.mark.sampled(1, 12)
def test_end_shows_every_result_at_every_size(function, racers, scenes, record, size):
    recording = record(scenes[f"{function}_{racers}"])
    film = Film(recording, Timeline(recording.last_step, SECONDS), size, 25)
    results = Results(recording)
    shown = [text.get_text() for text, _ in board_texts(film, SECONDS)]
    for racer in range(len(recording.names)):
        spellings = {names[racer] for names in (recording.names, without_common_prefix(recording.names))}
        assert spellings & set(shown)
        assert results.loss(racer, recording.last_step) in shown
        # The distance is the first to give way, and then, in small pictures, the settings.
        assert size == (480, 270) or recording.settings[racer] in shown
    ends = [np.hypot(*(recording.minima[:, :2] - end).T).min() for end in recording.xy[:, -1]]
    found = [re.match(r"([\d.]+) from (the|a higher) minimum", text) for text in shown]
    distances = [float(match[1]) for match in found if match]
    assert not distances or sorted(distances) == pytest.approx(sorted(ends), rel=0.05, abs=0.005)


BOARDS = ("scoreboard", "standings")
"""Panels in which every racer has a name and a marker."""

READABLE_SIZES = [(640, 360), (1280, 720), (1024, 768), (1080, 1080), (1080, 1920)]


def board_texts(film, second):
    """The texts of the scoreboard or the standings, each with its box in pixels."""
    moment = film.timeline.moment(second)
    artists = film.canvas(moment.race).moving_artists(moment)
    texts = [each for each in artists if isinstance(each, Text) and panel_of(each) in BOARDS]
    renderer = film.canvas(moment.race).figure.canvas.get_renderer()
    return [(each, each.get_window_extent(renderer)) for each in texts if each.get_visible() and each.get_text()]


def static_boxes(film):
    """The boxes of the texts that do not move."""
    figure = film.canvas().figure
    # Axes have tick labels beyond their ends, which are not drawn.
    with recorded_texts(pytest.MonkeyPatch()) as texts, drawing_settings():
        figure.draw(figure.canvas.get_renderer())
    boxes = [each.get_window_extent() for each in texts]
    return [box for box in boxes if box.width > 0]


def unreadable_racers(film, recording, theme):
    """Report each racer whose name or marker cannot be read in a frame, and return the smallest type size."""
    labels = {axes.get_label() for axes in film.canvas().figure.axes}
    if not labels & set(BOARDS):
        return unreadable_headings(film, recording, theme)
    static = static_boxes(film)
    picture = Bbox.from_bounds(-1, -1, film.size[0] + 2, film.size[1] + 2)
    found, smallest = [], np.inf
    for second in np.arange(0, SECONDS + 0.01, 0.4):
        texts = board_texts(film, second)
        markers = marker_boxes(film, second)
        for racer, spellings in enumerate(zip(recording.names, without_common_prefix(recording.names), strict=True)):
            own = [each for each in texts if each[0].get_text() in {text_source(name)[0] for name in spellings}]
            if not own or racer >= len(markers):
                found.append(f"at {second:.1f}: {recording.names[racer]!r} is not shown")
                continue
            name, box = own[0]
            smallest = min(smallest, name.get_fontsize())
            others = [other for text, other in texts if text is not name] + static
            problems = {
                "small": name.get_fontsize() < 10,
                "pale": contrast(name.get_color(), theme.background) < 4.5 or opacity(name) < 1,
                "outside": not (picture.contains(*box.min) and picture.contains(*box.max)),
                "covered": any(overlapping(box, other) for other in others),
                "marker": any(overlapping(markers[racer], other) for other in [box, *others]),
            }
            found += [
                f"at {second:.1f}: {name.get_text()!r}: {problem}" for problem, is_found in problems.items() if is_found
            ]
    return found, smallest


def unreadable_headings(film, recording, theme):
    """Report each racer without a legible heading above its own contour, and return the smallest type size."""
    (axes,) = (axes for axes in film.canvas().figure.axes if axes.get_label() == "multiples")
    picture = Bbox.from_bounds(-1, -1, film.size[0] + 2, film.size[1] + 2)
    sizes, found = [], []
    for spellings in zip(recording.names, without_common_prefix(recording.names), strict=True):
        own = [text for text in axes.texts if text.get_text() in {text_source(name)[0] for name in spellings}]
        sizes += [text.get_fontsize() for text in own[:1]]
        legible = [
            text
            for text in own
            if text.get_fontsize() >= 10
            and contrast(text.get_color(), theme.background) >= 4.5
            and picture.contains(*text.get_window_extent().min)
            and picture.contains(*text.get_window_extent().max)
        ]
        if not legible:
            found.append(f"{spellings[0]!r} has no legible heading")
    return found, min(sizes, default=0)


def marker_boxes(film, second):
    """The boxes of the racers' markers in the scoreboard or the standings."""
    moment = film.timeline.moment(second)
    canvas = film.canvas(moment.race)
    drawn = [*canvas.moving_artists(moment), *canvas.figure.findobj(lambda artist: not artist.get_animated())]
    markers = [each for each in drawn if isinstance(each, Markers) and each.axes and each.axes.get_label() in BOARDS]
    return [each.get_path().get_extents() for each in markers if len(each.get_path())]


def overlapping(box, other):
    shared = Bbox.intersection(box, other)
    return shared is not None and min(shared.width, shared.height) > 1.5


@pytest.mark.parametrize("size", READABLE_SIZES, ids=str)
@pytest.mark.sampled(1, 20)
def test_every_racer_can_be_read_in_every_frame(size, scene_file, record):
    recording = record(scene_file)
    staging = staging_of(animopt.load_scene(scene_file), "light")
    if not NAMED_PANELS & {*staging.panels}:
        pytest.skip("no panel lists the racers")
    film = Film(recording, Timeline(recording.last_step, SECONDS), size, 25, staging)
    found, _ = unreadable_racers(film, recording, THEMES["light"])
    assert found == []


@pytest.mark.exhaustive
def test_smallest_names_are_large_enough(scenes, record):
    """Print the scene with the smallest names."""
    sizes = {}
    for stem in scenes:
        staging = staging_of(animopt.load_scene(scenes[stem]), "dark")
        if NAMED_PANELS & {*staging.panels}:
            recording = record(scenes[stem])
            film = Film(recording, Timeline(recording.last_step, SECONDS), (640, 360), 25, staging)
            found, sizes[stem] = unreadable_racers(film, recording, THEMES["dark"])
            assert found == [], stem
    worst = min(sizes, key=sizes.get)
    print(f"smallest names at 640 x 360: {worst}, {sizes[worst]:.1f} pixels")
    assert sizes[worst] >= 10


@pytest.mark.parametrize("theme", THEMES)
@pytest.mark.parametrize("size", READABLE_SIZES, ids=str)
@pytest.mark.sampled(0, 3)
def test_every_racer_of_a_crowd_can_be_read(crowd, size, theme):
    film = Film(crowd, Timeline(crowd.last_step, SECONDS), size, 25, Staging(theme))
    assert unreadable_racers(film, crowd, THEMES[theme])[0] == []


@pytest.mark.long
@pytest.mark.parametrize("stem", ["ravine_race", "quartic_race", "quartic_adam"])
def test_both_views_label_every_racer_during_the_race(stem, scenes, record):
    recording = record(scenes[stem])
    film = Film(recording, Timeline(recording.last_step, SECONDS), (1280, 720), 25)
    labels = {"contour": set(), "wireframe": set()}
    for second in np.arange(0, SECONDS, 0.2):
        for each in film.canvas().moving_artists(film.timeline.moment(second)):
            if isinstance(each, Text) and panel_of(each) in labels:
                labels[panel_of(each)].add(each.get_text())
    assert labels["contour"] == labels["wireframe"]
    assert labels["contour"] in (set(recording.names), set(without_common_prefix(recording.names)))


@pytest.mark.parametrize("stem", ["ravine_race", "quartic_race", "quartic_adam"])
@pytest.mark.parametrize("size", SIZES, ids=str)
@pytest.mark.sampled(0, 4)
def test_every_panel_is_legible(stem, size, scenes, record, monkeypatch):
    assert flaws(record(scenes[stem]), size, Staging("dark", panels=ALL_RACE_PANELS), monkeypatch) == []


@pytest.mark.parametrize("theme", THEMES)
@pytest.mark.parametrize("panels", [(*RACE_PANELS, "fit"), DATA_PANELS], ids=len)
@pytest.mark.parametrize("size", SIZES, ids=str)
@pytest.mark.sampled(0, 6)
def test_panels_of_data_are_legible(size, panels, theme, scenes, record, monkeypatch):
    staging = Staging(theme, panels=panels)
    assert flaws(record(scenes["regression_minibatch"]), size, staging, monkeypatch) == []


@pytest.mark.parametrize(
    "panels", [("wireframe", "contour", "sharpness", "scoreboard"), (*ALL_RACE_PANELS, "sharpness")], ids=len
)
@pytest.mark.parametrize("size", SIZES, ids=str)
@pytest.mark.sampled(0, 4)
def test_sharpness_is_legible(size, panels, scenes, record, monkeypatch):
    assert flaws(record(scenes["edge_of_stability"]), size, Staging("dark", panels=panels), monkeypatch) == []


@pytest.mark.parametrize(
    "panels", [("wireframe", "contour", "modes", "scoreboard"), (*ALL_RACE_PANELS, "modes")], ids=len
)
@pytest.mark.parametrize("size", SIZES, ids=str)
@pytest.mark.sampled(0, 4)
def test_modes_are_legible(size, panels, scenes, record, monkeypatch):
    assert flaws(record(scenes["critical_damping"]), size, Staging("dark", panels=panels), monkeypatch) == []


@pytest.mark.parametrize("panels", [("ray", "contour", "standings"), LINE_SEARCH_PANELS], ids=len)
@pytest.mark.parametrize("size", SIZES, ids=str)
@pytest.mark.sampled(0, 4)
def test_ray_is_legible(size, panels, scenes, record, monkeypatch):
    assert flaws(record(scenes["line_search"]), size, Staging("dark", panels=panels), monkeypatch) == []


@pytest.mark.parametrize(
    "panels",
    [
        ("contour", "separator", "angle", "scoreboard"),
        # With thousands of steps, the last tick of the rate touches the first one of the loss beside it.
        (*(panel for panel in ALL_RACE_PANELS if panel != "rate"), "separator", "angle"),
    ],
    ids=len,
)
@pytest.mark.parametrize("size", SIZES, ids=str)
@pytest.mark.sampled(0, 4)
def test_separator_and_angle_are_legible(size, panels, scenes, record, monkeypatch):
    staging = Staging("dark", panels=panels, overlays=("direction",))
    assert flaws(record(scenes["implicit_bias"]), size, staging, monkeypatch) == []


@pytest.mark.parametrize("stem", ["ravine_race", "quartic_race"])
@pytest.mark.parametrize("size", SIZES, ids=str)
@pytest.mark.sampled(0, 4)
def test_contour_only_layout_is_legible(stem, size, scenes, record, monkeypatch):
    assert flaws(record(scenes[stem]), size, Staging("dark", "contour-only"), monkeypatch) == []


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.long
def test_formula_of_the_function_is_drawn_once_and_all_maths_in_one_typeface(layout, ravine_race, monkeypatch):
    with recorded_texts(monkeypatch) as drawn:
        film = Film(ravine_race, Timeline(40, SECONDS), (1280, 720), 25, Staging(layout=layout, panels=ALL_RACE_PANELS))
        assert film.canvas()
    assert sum("f(x, y)" in text.get_text() for text in drawn) == 1
    assert {text.get_math_fontfamily() for text in drawn} == {"custom"}


@pytest.fixture(scope="module")
def crowd():
    """Twenty racers."""
    racers = [Racer("Adam", lr=0.1 * (1 + racer)) for racer in range(20)]
    return Scene(function=quartic, racers=racers, start=(5, -2.5), steps=20).record()


@pytest.mark.parametrize("size", SIZES, ids=str)
@pytest.mark.long
def test_twenty_racers_are_legible(crowd, size, monkeypatch):
    assert flaws(crowd, size, Staging(), monkeypatch) == []


@pytest.mark.parametrize("size", SIZES, ids=str)
@pytest.mark.parametrize("title", ["W" * 500, "A race " * 72], ids=["letters", "words"])
@pytest.mark.sampled(0, 4)
def test_long_title_and_names_are_legible(title, size, monkeypatch):
    racers = [Racer("SGD", lr=0.1, name="A racer of " * 8), Racer("Adam", lr=0.5, name="M" * 60)]
    scene = Scene(function=ravine, racers=racers, start=(-7, 2), steps=1000, title=title[:500])
    assert flaws(scene.record(), size, Staging(), monkeypatch) == []


@pytest.mark.long
def test_diverging_race_is_legible(monkeypatch):
    racers = [Racer("SGD", lr=0.05), Racer("SGD", lr=1e6), Racer("Adam", lr=9), Racer("Adagrad", lr=0.5)]
    recording = Scene(function=quartic, racers=racers, start=(5, -2.5), steps=30).record()
    for size in SIZES:
        assert flaws(recording, size, Staging(), monkeypatch) == [], size


@pytest.mark.parametrize("theme", THEMES)
@pytest.mark.sampled(1)
def test_no_panel_is_blank(theme, scenes, record):
    recording = record(scenes["regression_minibatch"])
    film = Film(recording, Timeline(recording.last_step, SECONDS), (1280, 720), 25, Staging(theme, panels=DATA_PANELS))
    frame = film.at(4.5)
    for axes in film.canvas().figure.axes:
        if axes.get_label() != "card":
            x0, y0, x1, y1 = axes.get_window_extent().extents.round().astype(int)
            assert frame[720 - y1 : 720 - y0, x0:x1].std() > 3, axes.get_label()


@pytest.mark.parametrize("panels", [RACE_PANELS, ALL_RACE_PANELS], ids=len)
@pytest.mark.long
def test_seamless_clip_ends_with_its_first_frame(ravine_race, panels):
    timeline = Timeline(ravine_race.last_step, 4, loop="seamless")
    film = Film(ravine_race, timeline, (480, 270), 25, Staging(panels=panels))
    first = film.at(0)
    assert not np.array_equal(film.at(2), first)
    assert np.array_equal(film.at(4), first)


def flashing(path):
    """ffmpeg's measure of flashing for each frame of a clip that is played twice."""
    filters = "photosensitivity=bypass=1,metadata=print:file=-"
    command = [imageio_ffmpeg.get_ffmpeg_exe(), "-loglevel", "error", "-stream_loop", "1", "-i", path, "-vf", filters]
    done = subprocess.run([*command, "-f", "null", "-"], capture_output=True, text=True, check=True)
    return [float(value) for value in re.findall(r"lavfi\.photosensitivity\.badness=(\S+)", done.stdout)]


@pytest.mark.parametrize("loop", LOOPS)
@pytest.mark.long
def test_nothing_flashes(loop, scenes, tmp_path):
    scene = animopt.load_scene(scenes["ravine_race"]).replace(seconds=4, loop=loop)
    scene.save(Output(tmp_path / "a.mp4", size=(320, 180), fps=25))
    measured = flashing(tmp_path / "a.mp4")
    assert len(measured) == 200
    assert max(measured) < 6


@pytest.mark.long
def test_flashing_clip_is_detected(tmp_path):
    source = "nullsrc=size=320x180:rate=25:duration=4,format=gray,geq=lum='255*mod(floor(N/2),2)'"
    command = [imageio_ffmpeg.get_ffmpeg_exe(), "-loglevel", "error", "-f", "lavfi", "-i", source]
    subprocess.run([*command, "-pix_fmt", "yuv420p", tmp_path / "a.mp4"], check=True)
    assert max(flashing(tmp_path / "a.mp4")) > 6
