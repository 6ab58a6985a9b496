"""The sentences about a race say its events, in English and in Korean."""

import re

import pytest

from animopt import Racer, Scene, StartsMap
from animopt.engine.function import Function
from animopt.functions import himmelblau, ravine, rosenbrock, rotated
from animopt.recording.events import Kind, events
from animopt.recording.sentences import alt_text, alt_text_marks, remarks
from animopt.scene.races import recordings
from animopt.second_order import TrustRegion
from animopt.video.film import RACE_PANELS


def scene(*racers, function=ravine, start=(-7, 2), steps=40, **more):
    return Scene(function=function, racers=racers, start=start, steps=steps, title="A race", **more)


def said(*racers, **more):
    return alt_text(recordings(scene(*racers, **more)), RACE_PANELS)


def test_arriving_and_settling_at_once_is_one_sentence():
    recording = scene(Racer("SGD", lr=0.95)).record()
    texts = [(each.kind, each.step, each.text, each.racer) for each in remarks(recording)]
    assert texts == [
        (Kind.START, 0, "SGD starts at (−7, 2)", None),
        (Kind.ARRIVES, 35, "SGD arrives at the minimum at step 35 and stays there", 0),
    ]


def test_arriving_leaving_and_settling_are_sentences_of_their_own():
    racers = Racer("SGD", lr=0.1, momentum=0.9, name="Momentum"), Racer("RMSprop", lr=0.9, alpha=0.9)
    recording = scene(*racers, steps=120).record()
    kinds = (Kind.ARRIVES, Kind.LEAVES, Kind.SETTLES)
    found = {(each.kind, each.racer): each.step for each in events(recording) if each.kind in kinds}
    texts = [each.text for each in remarks(recording)]
    assert f"Momentum arrives at the minimum at step {found[Kind.ARRIVES, 0]}" in texts
    assert f"Momentum leaves the minimum again at step {found[Kind.LEAVES, 0]}" in texts
    assert f"Momentum settles at the minimum at step {found[Kind.SETTLES, 0]}" in texts
    assert (Kind.SETTLES, 1) not in found
    assert not any("RMSprop settles" in text for text in texts)


def test_minimum_is_named_if_there_are_several():
    text = said(Racer("Adam", lr=0.1), function=himmelblau, start=(-0.5, -0.5), steps=200)
    assert "Adam settles at the minimum (−2.81, 3.13) at step" in text


def test_lost_racer_is_named_with_its_step():
    recording = scene(Racer("SGD", lr=1.5), Racer("Adam", lr=0.3), steps=20).record()
    assert recording.lost(0, 20) == ("left view", 2)
    lost = [event for event in remarks(recording) if event.racer == 0]
    assert [(event.step, event.text) for event in lost] == [(2, "SGD leaves the picture at step 2")]


def test_lowest_loss_is_said_at_the_end():
    recording = scene(Racer("SGD", lr=0.95), Racer("SGD", lr=0.01, name="slow")).record()
    last = remarks(recording)[-1]
    assert (last.step, last.racer) == (40, None)
    assert last.text == "At the end SGD has the lowest loss, 0.0017"
    assert f"{recording.z[0, -1]:.4f}" == "0.0017"


def test_equal_losses_share_the_lowest():
    text = said(Racer("SGD", lr=0.5, name="one"), Racer("SGD", lr=0.5, name="other"))
    assert "At the end one and other have the lowest loss" in text


def test_racer_that_does_not_arrive_is_said_to_come_no_nearer():
    text = said(Racer("SGD", lr=0.95), Racer("SGD", lr=0.01, name="slow"))
    # In each step x is multiplied by 0.999, and y by 0.98.
    x, y = 7 * 0.999**40, 2 * 0.98**40
    assert f"slow comes no nearer to the minimum than {(x**2 + y**2) ** 0.5:.2f}, at step 40." in text


def test_single_racer_that_does_not_settle_has_an_end_point():
    # x is multiplied by 0.95 in each step, y by 0: 7 · 0.95²⁷ = 1.752.
    text = said(Racer("SGD", lr=0.5), steps=27)
    assert "SGD ends at (−1.75, 0), 1.75 from the minimum, with a loss of 0.15." in text


def test_many_racers_are_counted_instead_of_named():
    text = said(*(Racer("SGD", lr=0.01 * rate, name=f"rate {rate}") for rate in range(1, 10)))
    assert "9 racers start at (−7, 2)." in text
    assert text.count("rate") == 1


@pytest.mark.long
def test_shares_of_a_map_sum_to_100_percent():
    text = said(Racer("Adam", lr=0.1), function=himmelblau, steps=100, start=(0, 0), map=StartsMap(16, 16))
    assert "A map of 256 starts" in text
    shares = [int(word.removesuffix("%")) for word in text.split() if word.endswith("%")]
    assert 98 <= sum(shares) <= 102


def test_other_functions_are_named_with_the_losses_on_them():
    functions = [rotated(ravine.replace(start=(-4, 1)), degrees) for degrees in (0, 20, 40)]
    racers = [Racer("SGD", lr=0.95), Racer("Adam", lr=0.3)]
    shown = scene(*racers, function=functions, start=None, steps=20)
    races = recordings(shown)
    text = alt_text(races, shown.panels)
    low, high = (f"{end(race.z[1, -1] for race in races):.2g}" for end in (min, max))
    assert "Then the end of the race on 2 more functions, the last one a ravine, turned by 40°." in text
    assert f"Adam ends with a loss of {low} to {high}." in text
    assert re.search(r"SGD ends with a loss of [\d.]+ on each\.", text)


def test_divergence_on_other_functions_is_said():
    steep = Function(lambda x: (x**4).sum(), name="steep")
    bowl = Function(lambda x: (x**2).sum() + 0.25, name="bowl")
    racers = [Racer("SGD", lr=0.5, name="A"), Racer("SGD", lr=9, name="B")]
    text = alt_text(recordings(scene(*racers, function=[bowl, steep], start=(3, 3), steps=9)), RACE_PANELS)
    assert "A diverges on 1 function. A ends with a loss of 0.25 on the others." in text
    text = alt_text(recordings(scene(*racers, function=[steep, steep], start=(3, 3), steps=9)), RACE_PANELS)
    assert "B diverges on 2 functions." in text
    assert "nan" not in text


def test_korean_sentences_have_the_numbers_of_the_english_ones():
    racers = [
        Racer("SGD", lr=0.95),
        Racer("SGD", lr=0.1, momentum=0.9, name={"en": "Momentum", "ko": "모멘텀"}),
        Racer("RMSprop", lr=0.9, alpha=0.9),
        Racer("SGD", lr=1.5, name="lost"),
    ]
    english, korean = (remarks(scene(*racers, lang=lang).record()) for lang in ("en", "ko"))
    assert [(each.kind, each.step, each.racer) for each in english] == [
        (each.kind, each.step, each.racer) for each in korean
    ]
    for one, other in zip(english, korean, strict=True):
        assert sorted(re.findall(r"[\d.]+", one.text)) == sorted(re.findall(r"[\d.]+", other.text))
        assert not re.search(r"[A-Za-z]{2,}", re.sub("SGD|RMSprop|lost", "", other.text)), other.text
        assert "모멘텀" in other.text or "Momentum" not in one.text


@pytest.mark.parametrize(
    ("lang", "panels", "expected"),
    [
        ("en", ["contour", "wireframe"], "A race. An animation of 1 step, on contour lines and on the surface. SGD"),
        ("en", ["contour", "loss"], "A race. An animation of 1 step, on contour lines. SGD"),
        ("en", ["multiples"], "A race. An animation of 1 step, on contour lines. SGD"),
        ("en", ["wireframe", "map", "tally"], "A race. An animation of 1 step, on the surface. SGD"),
        ("en", ["fit", "loss"], "A race. An animation of 1 step. SGD"),
        ("ko", ["contour", "wireframe"], "A race. 등고선과 곡면 위에 그린 1걸음의 애니메이션. SGD"),
        ("ko", ["multiples"], "A race. 등고선 위에 그린 1걸음의 애니메이션. SGD"),
        ("ko", ["wireframe"], "A race. 곡면 위에 그린 1걸음의 애니메이션. SGD"),
        ("ko", ["loss"], "A race. 1걸음의 애니메이션. SGD"),
    ],
)
def test_alt_text_says_on_what_the_race_is_shown(lang, panels, expected):
    races = recordings(scene(Racer("SGD", lr=0.9), steps=1, lang=lang))
    text = alt_text(races, panels)
    assert text.startswith(expected)
    assert any(mark.search(text) for mark in alt_text_marks())


@pytest.mark.long
def test_alt_text_of_many_steps_is_recognized():
    text = said(Racer("SGD", lr=0.9), steps=1001)
    assert "An animation of 1,001 steps, " in text
    assert any(mark.search(text) for mark in alt_text_marks())


@pytest.mark.parametrize("lang", ["en", "ko"])
def test_alt_text_is_one_paragraph_of_sentences(lang):
    text = said(Racer("SGD", lr=0.95), Racer("Adam", lr=0.5), lang=lang)
    assert text.isprintable()
    assert text.endswith(".")
    assert ".." not in text
    assert "{" not in text


@pytest.mark.parametrize(
    ("function", "rate", "english", "korean"),
    [
        (ravine, 0.1, "is 2.00", "2.00이다"),
        (himmelblau, 0.02, "goes from −26.00 to 82.44", "−26.00에서 82.44까지 변한다"),
        (
            himmelblau,
            0.025,
            "goes from −26.00 to 71.43, between −26.00 and 91.90",
            "−26.00에서 71.43까지, −26.00에서 91.90 사이에서 변한다",
        ),
    ],
)
def test_alt_text_has_the_sharpness_if_the_clip_shows_it(function, rate, english, korean):
    for lang, expected in (("en", f"The sharpness of SGD {english}."), ("ko", f"SGD의 첨예도는 {korean}.")):
        race = scene(
            Racer("SGD", lr=rate), function=function, start=(0, 0), steps=9, panels=["sharpness"], lang=lang
        ).replace(start=(0, 0) if function is himmelblau else (-7, 2))
        text = alt_text([race.record()], ["sharpness"])
        assert expected in text
        assert "sharpness" not in alt_text([race.record()], ["contour"])


@pytest.mark.long
def test_alt_text_of_a_crowd_only_says_that_its_sharpness_is_drawn():
    racers = [Racer("SGD", lr=rate / 100, name=f"Racer {rate}") for rate in range(1, 9)]
    races = recordings(scene(*racers, panels=["sharpness"]))
    assert "A plot shows the sharpness of 8 racers." in alt_text(races, ["sharpness"])


@pytest.mark.long
def test_alt_text_has_the_trust_radius_if_the_clip_shows_it():
    racers = [Racer(TrustRegion, radius=0.5, name="Trust"), Racer("SGD", lr=0.001)]
    for lang, expected in (
        ("en", "The trust radius of Trust goes from 0.5 to 0.25, between 0.25 and 1."),
        ("ko", "Trust의 신뢰 반지름은 0.5에서 0.25까지, 0.25에서 1 사이에서 변한다."),
    ):
        race = scene(*racers, function=rosenbrock, start=(-1.2, 1), steps=5, overlays=["model"], lang=lang)
        assert expected in alt_text([race.record()], ["contour", "model"])
        assert "0.25" not in alt_text([race.record()], ["contour"])


@pytest.mark.parametrize(
    ("lang", "expected"),
    [
        ("en", "Crossings of the minimum by SGD: 8 in the steep direction, 2 in the flat one."),
        ("ko", "SGD의 최소점 통과 횟수: 가파른 방향 8번, 완만한 방향 2번."),
    ],
)
def test_alt_text_has_the_crossings_of_the_minimum_if_the_clip_shows_the_modes(lang, expected):
    race = scene(Racer("SGD", lr=0.4, momentum=0.9), start=(-7, 2), steps=26, panels=["modes"], lang=lang).record()
    assert expected in alt_text([race], ["modes"])
    assert expected not in alt_text([race], ["contour"])


def test_alt_text_has_the_first_step_length_if_the_clip_shows_the_ray():
    racers = [Racer("SGD", lr=0.5), Racer("Adam", lr=0.5)]
    # The slope of x²/20 + y² from (−7, 2) against its gradient (−0.7, 4) is 0 after 16.49/32.049 of it.
    for lang, expected in (
        ("en", "The first step of SGD has the length α = 0.5; the first minimum along it is at α = 0.515."),
        ("ko", "SGD의 첫걸음은 α = 0.5이고, 그 방향에서 손실의 첫 최소점은 α = 0.515에 있다."),
    ):
        race = scene(*racers, steps=5, panels=["ray"], lang=lang)
        assert expected in alt_text([race.record()], ["ray"])
        assert "0.515" not in alt_text([race.record()], ["contour"])


@pytest.mark.parametrize(
    ("lang", "expected"),
    [
        ("en", "The angle of SGD to the direction (0, 1) goes from 53.13° to 68.20°."),
        ("ko", "방향 (0, 1)에 대한 SGD의 각은 53.13°에서 68.20°까지 변한다."),
    ],
)
def test_alt_text_has_the_angles_if_the_clip_shows_them(lang, expected):
    slope = Function(lambda p: p[1] + 0 * p[0], direction=(0, 2))
    race = scene(Racer("SGD", lr=0.7), function=slope, start=(4, 3), steps=2, panels=["angle"], lang=lang).record()
    assert expected in alt_text([race], ["angle"])
    assert expected not in alt_text([race], ["contour"])
