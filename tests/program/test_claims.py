"""Claims of the built-in scenes are true and cover what their texts say, and claims that are false are reported."""

import re
import warnings
from dataclasses import replace
from functools import cache
from pathlib import Path

import pytest

import animopt
from animopt import Function, Racer, Scene, UsageError
from animopt.claims import (
    Arrives,
    Diverges,
    EndsNearest,
    Holds,
    Leaves,
    LeavesPicture,
    Not,
    Overtakes,
    Settles,
    Wins,
    Zigzags,
)
from animopt.core.language import localized
from animopt.engine.racer import names_and_settings, optimizer_names
from animopt.recording.claims import refutations
from animopt.scene import catalog
from animopt.scene.races import recordings

SCENES = {
    path.stem: path
    for path in sorted((Path(__file__).parents[2] / "scenes").glob("[!_]*.py"))
    if not catalog.is_lecture(path)
}

SLOW = ("beale_fair_race", "rosenbrock_fair_race", "rotating_ravine")
"""Scenes whose races take many seconds: a search for settings, or many functions."""

VOCABULARY = (
    (r"arriv\w+|reach\w*", r"닿|도달|도착", (Arrives,)),
    (r"leave|leaves|leaving", r"떠나|떠난|떠납|떠났", (Leaves, LeavesPicture)),
    (r"the picture", r"화면", (LeavesPicture,)),
    (r"overtak\w+", r"앞지|앞질", (Overtakes,)),
    (r"settl\w+", r"자리 ?잡|자리를 잡", (Settles,)),
    (r"at rest|to rest|no rest|stops?|stopp\w+", r"멈[추춘춥춰췄출]", (Settles,)),
    (r"diverg\w+", r"발산", (Diverges,)),
    (r"climb\w*", None, ()),
    (r"nearer|nearest", r"가장 가까|가장 가깝|가까울수록", (EndsNearest,)),
    (r"lowest|wins?|winner", r"가장 낮|이긴다|이깁니다", (Wins,)),
    (r"zigzag\w*", r"지그재그", (Zigzags,)),
    (r"bounc\w+", None, (Zigzags,)),
    (r"overshoot\w*|past|fall short|falls short", None, ()),
    (r"leaps?", r"뛰어넘", ()),
    (r"escap\w+", r"빠져나", ()),
)
"""Verbs of events and results in English and in Korean, as regular expressions, and the classes of claims about them.

A `Holds` is about a verb if its text contains the English one.
"""

ORDER = r"(?:arriv|escap|leav|settl|diverg)\w*[^.;:?]* (?:first|last)\b"
"""Regular expression of a sentence that orders racers by an event."""

PLAIN_NUMBERS = {0.0, 1.0, 2.0}
"""Numbers that need no claim, because they occur in formulas and in prose."""

KOREAN = re.compile("[가-힣]")

LATIN_NAMES = {"torch", "AMSGrad", "SAM", *optimizer_names(), *map(catalog.name, SCENES.values())}
"""Names in Latin letters in Korean texts, besides the settings of racers and single letters."""


@cache
def load(stem):
    """Load a built-in scene, once for all tests."""
    return animopt.load_scene(SCENES[stem])


@pytest.fixture(scope="module", params=SCENES)
def stem(request):
    """Each built-in scene. All tests of one scene run in a row, so that few processes load it."""
    return request.param


def english(stem):
    """Return the title, the caption and the docstring of a scene in English."""
    scene = load(stem)
    return [localized(scene.title, "en"), localized(scene.caption, "en"), catalog.description(SCENES[stem])]


def korean(stem):
    """Return the title, the caption, the notes and the racers' labels of a scene in Korean."""
    scene = load(stem)
    labels, _ = names_and_settings(scene.racers, "ko")
    return [*(text.get("ko", "") for text in (scene.title, scene.caption, scene.notes) if text), *labels]


def numbers(value):
    """Return the sizes of the numbers in a text, or in nested values."""
    if isinstance(value, str):
        return {float(number) for number in re.findall(r"\d+(?:\.\d+)?", value)}
    if isinstance(value, (tuple, list)):
        return set().union(*map(numbers, value))
    return {abs(float(value))} if isinstance(value, (int, float)) else set()


def known_numbers(scene):
    """Return the numbers of a scene's settings, claims, formula and source, and of its minima with two decimals."""
    racers = [(*racer.settings.values(), racer.start, racer.steps) for racer in scene.racers]
    settings = [scene.start, scene.steps, scene.noise, scene.batch, *racers]
    if isinstance(scene.map, animopt.StartsMap):
        settings += [scene.map.columns, scene.map.rows]
    claims = [getattr(bare(claim), "text", " ".join(claim.racers)) for claim in scene.claims]
    minima = {round(number, 2) for number in numbers([function.minima for function in scene.functions])}
    sources = numbers([text for function in scene.functions for text in (function.source, function.formula)])
    return PLAIN_NUMBERS | minima | sources | numbers(settings) | numbers(claims)


def bare(claim):
    """Return a claim, or the claim that it denies."""
    return claim.claim if isinstance(claim, Not) else claim


def is_about(claim, words, kinds):
    """Whether a claim is one of several classes, or says any of the words of a regular expression."""
    claim = bare(claim)
    return bool(re.search(rf"\b(?:{words})\b", claim.text)) if isinstance(claim, Holds) else isinstance(claim, kinds)


def without_claim(texts, claims, language):
    """Return the words of the vocabulary that texts in a language contain and that no claim is about."""
    lacking = []
    for words, korean_words, kinds in VOCABULARY:
        pattern = korean_words if language == "ko" else rf"\b(?:{words})\b"
        found = [match[0] for text in texts if pattern and (match := re.search(pattern, text))]
        if found and not any(is_about(claim, words, kinds) for claim in claims):
            lacking.append(found[0])
    return lacking


@pytest.mark.parametrize(
    "stem", [pytest.param(stem, marks=pytest.mark.long if stem in SLOW else ()) for stem in SCENES]
)
@pytest.mark.sampled(4)
def test_every_claim_of_a_scene_is_true(stem, record):
    scene = load(stem)
    races = [record(SCENES[stem])] if len(scene.functions) == 1 else recordings(scene)
    names, _ = names_and_settings(scene.racers)
    assert [(claim, objection) for claim in scene.claims if (objection := claim.objection(races, names))] == []


@pytest.mark.sampled(8)
def test_every_verb_of_a_scene_has_a_claim(stem):
    scene = load(stem)
    assert without_claim(english(stem), scene.claims, "en") == []
    assert without_claim(korean(stem), scene.claims, "ko") == []


@pytest.mark.sampled(8)
def test_every_order_of_racers_has_a_claim(stem):
    claims = [bare(claim) for claim in load(stem).claims]
    if any(re.search(ORDER, text) for text in english(stem)):
        assert any(
            re.search("first|last", claim.text)
            if isinstance(claim, Holds)
            else getattr(claim, "first", False) or getattr(claim, "last", False)
            for claim in claims
        )


@pytest.mark.sampled(24)
def test_every_number_of_a_scene_is_a_setting_or_in_a_claim(stem):
    known = known_numbers(load(stem))
    assert numbers(english(stem)) - known == set()
    assert numbers(korean(stem)) - known == set()


def test_every_text_of_a_scene_is_in_korean(stem):
    scene = load(stem)
    labels, _ = names_and_settings(scene.racers, "ko")
    texts = [text for text in korean(stem) if text not in labels]
    assert len(texts) == (3 if scene.caption else 2)
    assert all(map(KOREAN.search, texts))
    settings = {name for racer in scene.racers for name in racer.settings}
    words = {word for text in [*texts, *labels] for word in re.findall("[A-Za-z][A-Za-z-]+", re.sub("`.*?`", "", text))}
    assert words - LATIN_NAMES - settings == set()


@pytest.mark.parametrize(
    ("text", "claims", "lacking"),
    [
        ("Adam arrives.", [], ["arrives"]),
        ("Adam arrives.", [Leaves("Adam")], ["arrives"]),
        ("Adam arrives.", [Arrives("Adam")], []),
        ("Adam never arrives.", [Not(Arrives("Adam"))], []),
        ("Adam climbs.", [Arrives("Adam")], ["climbs"]),
        ("Adam climbs.", [Holds("Adam is climbing", bool)], []),
        ("Adam climbs.", [Holds("Adam is clumsy", bool)], ["climbs"]),
        ("Adam wins, and SGD diverges.", [Wins("Adam")], ["diverges"]),
    ],
)
def test_verb_without_a_claim_is_found(text, claims, lacking):
    assert without_claim([text], claims, "en") == lacking


def test_korean_verb_without_a_claim_is_found():
    text = "Adam이 SGD를 앞지르고 최소점에 자리 잡는다"
    assert without_claim([text], [Overtakes("Adam", "SGD")], "ko") == ["자리 잡"]


def test_numbers_are_read_without_their_signs():
    assert numbers("from −0.45 to +3, 14%, x²") == {0.45, 3, 14}
    assert numbers([(-9, 2), None, 0.5, ("Adam", [7])]) == {9, 2, 0.5, 7}


@pytest.fixture(scope="module")
def lost_race():
    """Three racers of gradient descent: one arrives slowly, one at once, and one diverges."""
    racers = [Racer("SGD", lr=lr, name=name) for name, lr in (("slow", 0.1), ("quick", 0.5), ("wild", 1e60))]
    function = Function(lambda x: (x**2).sum(), x=(-5, 5), y=(-5, 5), minima=[(0, 0)])
    return Scene(function=function, racers=racers, start=(3, 3), steps=30).record()


# A claim about the race of five optimizers that is true, one that is false, and how the race refutes it.
FIVE = [
    (Arrives("RMSprop", first=True), Arrives("SGD", first=True), "Momentum arrives at step 23"),
    (Arrives("SGD", "Adam"), Arrives("SGD", "Adagrad"), "Adagrad never arrives"),
    (Leaves("RMSprop", first=True), Leaves("SGD"), "SGD never leaves"),
    (Settles("SGD"), Settles("RMSprop"), "RMSprop never settles"),
    (Zigzags("SGD", "RMSprop"), Zigzags(), "Momentum never zigzags"),
    (Overtakes("SGD"), Overtakes("Adagrad"), "Adagrad never overtakes SGD"),
    (Overtakes("RMSprop", "SGD"), Overtakes("Adagrad", "Momentum", "SGD"), "Adagrad never overtakes SGD"),
    (Wins("SGD"), Wins("Adam"), "SGD has the lowest loss number 1, 0.00171"),
    (Wins("SGD", "Adagrad"), Wins("SGD", "RMSprop"), "Adagrad has the lowest loss number 2, 0.0207"),
    (EndsNearest("SGD", "RMSprop"), EndsNearest("RMSprop"), "SGD has the smallest distance from a minimum number 1"),
    (Not(Settles("RMSprop", "Adam")), Not(Settles("RMSprop", "SGD")), "Settles('SGD') is true"),
    (Not(Arrives("SGD", first=True)), Not(Arrives("RMSprop", first=True)), "Arrives('RMSprop', first=True) is true"),
    (Not(Diverges()), Diverges(), "SGD never diverges"),
    (Not(LeavesPicture()), LeavesPicture("Adam"), "Adam never leaves the picture"),
    (Not(Wins("Adam")), Not(Wins("SGD")), "Wins('SGD') is true"),
    (
        Holds("SGD ends at 0.0017", lambda race: round(race.z[0, -1], 4) == 0.0017),
        Holds("SGD ends at 0.0018", lambda race: round(race.z[0, -1], 4) == 0.0018),
        "that is not true",
    ),
]

# The same about the race of `lost_race`.
LOST = [
    (Diverges("wild"), Diverges("quick"), "quick never diverges"),
    (LeavesPicture("wild"), Not(LeavesPicture("wild")), "LeavesPicture('wild') is true"),
    (Arrives("quick", first=True), Arrives("slow", first=True), "quick arrives at step 1"),
    (Settles("slow", "quick"), Settles(), "wild never settles"),
    (Wins("quick", "slow"), Wins("quick", "slow", "wild"), "wild diverges"),
]


@pytest.mark.parametrize(
    ("race", "true", "false", "objection"),
    [
        pytest.param(race, *claims, id=f"{race} {number}")
        for race, table in (("ravine_race", FIVE), ("lost_race", LOST))
        for number, claims in enumerate(table)
    ],
)
def test_claim_is_refuted_by_a_race_for_which_it_is_false(race, true, false, objection, request):
    recording = request.getfixturevalue(race)
    assert true.objection([recording], recording.names) == ""
    assert false.objection([recording], recording.names).startswith(objection)


def test_last_is_after_all_others(lost_race):
    two = replace(lost_race, **{name: getattr(lost_race, name)[:2] for name in ("names", "xy", "z", "steps")})
    assert Arrives("slow", last=True).objection([two], two.names) == ""
    assert Arrives("quick", last=True).objection([two], two.names).startswith("slow arrives at step")
    assert "wild" in Arrives("slow", last=True).objection([lost_race], lost_race.names)


def test_place_without_a_value_is_no_number(lost_race):
    unknown = replace(lost_race, minima=lost_race.minima[:0])
    assert EndsNearest("quick").objection([unknown], unknown.names) == "the function has no known minima"


@pytest.mark.parametrize("claim", [Not(Holds("no", lambda race: race.loss)), Holds("no", lambda race: race.z.sort())])
def test_claim_that_fails_is_reported_and_changes_nothing(lost_race, claim):
    before = lost_race.z.copy()
    (found,) = refutations([claim], [lost_race], lost_race.names)
    assert found.startswith(f"claim {claim}: cannot be checked: ")
    assert (lost_race.z[:2] == before[:2]).all()


def test_claim_with_several_functions_sees_all_races():
    functions = [Function(lambda x, factor=factor: factor * (x**2).sum(), minima=[(0, 0)]) for factor in (1, 2)]
    claims = [
        Wins("quick"),
        Holds("the second function is twice as high", lambda races: races[1].z[0, 0] == 2 * races[0].z[0, 0]),
    ]
    racers = [Racer("SGD", lr=0.1, name="slow"), Racer("SGD", lr=0.2, name="quick")]
    scene = Scene(function=functions, racers=racers, start=(3, 3), claims=claims)
    recordings(scene)
    with pytest.warns(UserWarning, match=r"^claim Wins\('slow'\): quick has the lowest loss number 1"):
        recordings(scene.replace(claims=[Wins("slow")]))


def test_claims_hold_in_every_language():
    scene = load("ravine_race").replace(lang="ko")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        (race,) = recordings(scene)
    assert "모멘텀" in race.names
    with pytest.warns(UserWarning, match=r"^claim Settles\('Momentum'\): Momentum never settles$"):
        recordings(scene.replace(claims=[Settles("Momentum")]))


SCENE = """from animopt import Function, Racer, Scene
from animopt.claims import *

bowl = Function(lambda x: (x**2).sum(), minima=[(0, 0)])
scene = Scene(function=bowl, racers=[Racer("SGD", lr=0.1)], start=(1, 1), seconds=1, claims={})
"""
QUICK = ("-o", "a.gif", "--size", "320x180", "--fps", "5")


@pytest.mark.long
@pytest.mark.filterwarnings("default")
def test_false_claim_of_a_scene_file_is_one_line(animopt_here, tmp_path):
    (tmp_path / "mine.py").write_text(SCENE.format("[Settles('SGD'), Diverges('SGD')]"), encoding="utf-8")
    done = animopt_here("mine.py", *QUICK)
    assert done.returncode == 0
    assert done.stderr.splitlines() == ["animopt: warning: claim Diverges('SGD'): SGD never diverges"]
    assert (tmp_path / "a.gif").exists()


@pytest.mark.long
@pytest.mark.filterwarnings("default")
def test_claim_that_cannot_be_checked_is_one_line(animopt_here, tmp_path):
    (tmp_path / "mine.py").write_text(SCENE.format("[Holds('it ends', lambda race: 1 / 0)]"), encoding="utf-8")
    done = animopt_here("mine.py", *QUICK)
    assert done.returncode == 0
    reason = "cannot be checked: ZeroDivisionError: division by zero"
    assert done.stderr.splitlines() == [f"animopt: warning: claim Holds('it ends'): {reason}"]


GIVE = "give a list of claims, as claims=[Arrives('Adam', first=True)]"

# The claims of a scene file, and the message.
BAD = {
    "3": f"claims 3: {GIVE}",
    "None": f"claims None: {GIVE}",
    "'Adam'": f"claims 'Adam': {GIVE}",
    "{1: 2}": f"claims {{1: 2}}: {GIVE}",
    "Arrives('SGD')": f"claims Arrives('SGD'): {GIVE}",
    "[3]": f"claims 3: {GIVE}",
    "['SGD arrives']": f"claims 'SGD arrives': {GIVE}",
    "[Arrives]": f"claims <class '...Arrives'>: {GIVE}",
    "[Arrives('Adam')]": "claims Arrives('Adam'): no racer is called 'Adam'; use SGD",
    "[Not(Wins('sgd'))]": "claims Not(Wins('sgd')): no racer is called 'sgd'; use SGD",
    "[Overtakes('SGD', 'Adam')]": "claims Overtakes('SGD', 'Adam'): no racer is called 'Adam'; use SGD",
    "[Arrives(3)]": "claim racer 3: give a text, as 'Adam'",
    "[Overtakes(None)]": "claim racer None: give a text, as 'Adam'",
    "[Arrives('SGD', first=1)]": "claim first 1: give True or False",
    "[Leaves('SGD', last='yes')]": "claim last 'yes': give True or False",
    "[Wins()]": "claim Wins: names no racer; name at least one, as 'Adam'",
    "[EndsNearest()]": "claim EndsNearest: names no racer; name at least one, as 'Adam'",
    "[Wins('SGD', 'SGD')]": "claim Wins('SGD', 'SGD'): names a racer twice; name each once",
    "[Holds('it ends', 3)]": "claim Holds('it ends', 3): give a function, as lambda race: race.z[0, -1] < 0.1",
    "[Holds(3, len)]": "claim Holds 3: give a text, as 'SGD ends below 0.1'",
    "[Not(3)]": "claim Not(3): give a claim, as Not(Arrives('Adam'))",
    "[Not(Arrives)]": "claim Not(<class '...Arrives'>): give a claim, as Not(Arrives('Adam'))",
}


@pytest.mark.parametrize("claims", BAD)
@pytest.mark.sampled(1, 6)
def test_bad_claims_are_refused_before_a_file_is_written(claims, animopt_here, tmp_path, assert_refused):
    (tmp_path / "mine.py").write_text(SCENE.replace("{}", claims), encoding="utf-8")
    assert_refused(animopt_here("mine.py", *QUICK), 1, f"mine.py, line 5: {BAD[claims]}")
    assert [path.name for path in tmp_path.iterdir()] == ["mine.py"]


def test_bad_claims_are_usage_errors():
    fields = {"function": lambda x: (x**2).sum(), "racers": [Racer("SGD", lr=0.1)], "start": (1, 1)}
    for make in (lambda: Scene(**fields, claims=[3]), lambda: Not(3), lambda: Wins(), lambda: Arrives("SGD", first=1)):
        with pytest.raises(UsageError):
            make()
