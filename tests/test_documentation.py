"""The statements, commands, programs and clips of README.md and docs/ are true."""

import ast
import os
import re
import shlex
import xml.etree.ElementTree as ElementTree
from configparser import ConfigParser
from pathlib import Path

import attrs
import click
import pytest
from PIL import Image

import animopt
from animopt.cli.main import animopt as command_line
from animopt.lecture.lecture_file import load_lecture
from animopt.scene.catalog import is_lecture
from animopt.scene.race_spec import race_scene
from animopt.scene.recipe import Recipe
from animopt.video import metadata
from animopt.video.output import FORMATS

ROOT = Path(__file__).parent.parent
PAGES = {
    path.relative_to(ROOT).as_posix(): path.read_text(encoding="utf-8")
    for path in (*sorted(ROOT.glob("README*.md")), ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").rglob("*.md")))
    if path.name not in ("benchmarks.md", "changelog.md", "contributing.md")
}
README = PAGES["README.md"]
FENCE = re.compile(r"^```(\w*)(?: title=\"([^\"\n]*)\")?\n(.*?)^```", re.MULTILINE | re.DOTALL)
BLOCKS = FENCE.findall(README)
KOREAN = {page: page.replace(".ko.", ".") for page in PAGES if ".ko." in page}
"""English page of each Korean page."""
COMMANDS = [
    (page, line)
    for page, text in PAGES.items()
    for language, _, block in FENCE.findall(text)
    if language == "sh"
    for line in block.splitlines()
]


def table_commands(text):
    rows = re.findall(r"^\|.*\|$", text, re.MULTILINE)
    return [line for row in rows for line in re.findall(r"`((?:animopt|pip) .*?)`", row)]


TABLE_COMMANDS = table_commands(README)
CLIPS = sorted(
    {Path(link).name for text in PAGES.values() for link in re.findall(r"!\[.*?\]\(.*?renders/(.*?)\)", text)}
)

MOST_READ = {"README.md", "docs/tutorial.md", "docs/tutorial.ko.md"}
"""Pages whose commands are run by the long tests."""

NOT_RUN_HERE = re.compile(
    r"pip install |python -m (?:venv|ruff|mypy)|pytest|tsc |pre-commit |git |python docs/build\.py|jupyter |dask "
    r"|openssl |export |animopt .*--(watch|open|cluster|speech)\b"
)
"""Commands that install, that run the tests, that need other machines or a screen, or that never end."""


def essential(program):
    """Return a scene file without its docstring, and without the notes and claims of the scene."""
    _, *body = ast.parse(program).body
    (call,) = (node.value for node in body if isinstance(node, ast.Assign) and node.targets[0].id == "scene")
    call.keywords = [each for each in call.keywords if each.arg not in ("notes", "claims")]
    kept = [node for node in body if getattr(node, "module", "") != "animopt.claims"]
    return ast.dump(ast.Module(kept, []))


def test_readme_opens_with_a_clip_two_commands_and_a_scene():
    assert README.count("\n") <= 130
    assert README.index("![") < README.index("```")
    assert [text.count("\n") for *_, text in BLOCKS[:2]] == [1, 1]
    assert BLOCKS[0][2].endswith("animopt ravine-race\n")
    assert BLOCKS[1][2].endswith("pytest\n")
    scene = (ROOT / "scenes" / "ravine_race.py").read_text(encoding="utf-8")
    assert essential(BLOCKS[2][2]) == essential(scene)


def without_comments(block):
    language, title, text = block
    return language, title, re.sub(r"#.*", "", text)


def test_korean_readme_has_the_blocks_commands_and_clips_of_the_english_one():
    korean = PAGES["README.ko.md"]
    assert korean.count("\n") <= 130
    assert [without_comments(block) for block in FENCE.findall(korean)] == [without_comments(block) for block in BLOCKS]
    assert table_commands(korean) == TABLE_COMMANDS
    clips, english = (re.findall(r"!\[.*?\]\((.*?)\)", text) for text in (korean, README))
    assert clips == english
    headings, english = (re.findall(r"^#+", FENCE.sub("", text), re.MULTILINE) for text in (korean, README))
    assert headings == english


@pytest.mark.parametrize(("korean", "english"), KOREAN.items())
def test_page_and_its_translation_link_to_each_other(korean, english):
    for page, other in ((korean, english), (english, korean)):
        above = PAGES[page].partition("\n\n!")[0].partition("\n## ")[0]
        assert f"]({Path(other).name})" in above


@pytest.fixture
def small_files(tmp_path, monkeypatch):
    """Run in an empty folder in which files without a size are small, because the text does not depend on it."""
    monkeypatch.chdir(tmp_path)
    for suffix, each in FORMATS.items():
        monkeypatch.setitem(FORMATS, suffix, attrs.evolve(each, size=(320, 180), fps=1))
    return tmp_path


def run_programs(page):
    """Run the Python blocks of a page one after the other, as in one program, and return its lines of output."""
    blocks = [text for language, title, text in FENCE.findall(PAGES[page]) if language == "python" and not title]
    program = "\n".join(blocks).replace("(1920, 1080), fps=25", "(320, 180), fps=1")
    exec(compile(program, page, "exec"), {})
    return re.findall(r"^# (.*)$", program, re.MULTILINE)


def test_python_example_prints_the_stated_output(small_files, capsys):
    stated = run_programs("docs/reference/python.md")
    assert capsys.readouterr().out.splitlines() == stated
    assert {path.name for path in small_files.iterdir()} == {"race.gif", "race.mp4", "race.png", "points.png"}


def test_python_lines_of_the_readme_print_the_loss_and_write_two_clips(small_files, capsys, ravine_race):
    run_programs("README.md")
    assert capsys.readouterr().out.strip() == f"{ravine_race.names} {ravine_race.z[0, -1].round(6)}"
    assert {path.name for path in small_files.iterdir()} == {"race.gif", "race.mp4"}


def test_programs_of_the_notebook_page_run(small_files):
    run_programs("docs/how-to/notebook.md")


@pytest.mark.parametrize(
    ("page", "title", "program"),
    [
        (page, title, text)
        for page, each in PAGES.items()
        for _, title, text in FENCE.findall(each)
        if title[-3:] == ".py"
    ],
)
def test_file_on_a_page_can_be_loaded(tmp_path, page, title, program):
    path = tmp_path / title
    path.write_text(program, encoding="utf-8")
    if "tuned(" in program:
        pytest.importorskip("optuna")
    if is_lecture(path):
        assert load_lecture(path).lecture.parts
    else:
        assert animopt.load_scene(path).racers


@pytest.mark.parametrize("line", sorted({line for _, line in COMMANDS} | set(TABLE_COMMANDS)))
def test_command_on_a_page_is_understood(line, tmp_path, monkeypatch, scenes):
    """Each command is one that animopt has, with options that it has, or one that is known not to be run here."""
    words = shlex.split(line.partition(" > ")[0])
    if words[0] != "animopt":
        assert NOT_RUN_HERE.match(line)
        return
    if words[1:]:
        name = words[1]
        monkeypatch.chdir(tmp_path)
        if name.endswith(".py"):
            Path(name).write_text(scenes["ravine_race"].read_text(encoding="utf-8"), encoding="utf-8")
        # click keeps the help option of the first context in which a command is run.
        context = click.Context(command_line, **command_line.context_settings)
        command = command_line.get_command(context, name)
        if "--help" not in words:
            command.make_context(name, words[2:], parent=context)


@pytest.mark.parametrize(
    "page",
    [
        pytest.param(page, marks=pytest.mark.long if page in MOST_READ else pytest.mark.exhaustive)
        for page in sorted({page for page, _ in COMMANDS} - {"README.ko.md"})
    ],
)
def test_commands_of_a_page_run_in_an_empty_folder(page, tmp_path, driver):
    """The blocks of a page, in their order, as a reader would type them. README.ko.md has those of README.md.

    Decks, galleries, lectures and presets are drafts, because their pictures have sizes of their own.
    """
    folder = tmp_path / "here"
    (folder / "renders").mkdir(parents=True)
    # Small pictures, which take a tenth of the time.
    (folder / "animopt.toml").write_text('size = "320x180"\nfps = 8\n', encoding="utf-8")
    for language, title, text in FENCE.findall(PAGES[page]):
        if title[-3:] == ".py":
            (folder / title).write_text(text, encoding="utf-8")
        elif language == "sh":
            for line in text.splitlines():
                if not NOT_RUN_HERE.match(line):
                    words, _, target = line.partition(" > ")
                    draft = re.match(r"animopt (?!.*--(draft|list))(deck|gallery|lecture|.*--(for|size)) ", line)
                    number = driver.ask(
                        arguments=[*shlex.split(words)[1:], *["--draft"] * bool(draft)],
                        folder=str(folder),
                        environment={},
                        stdout=str(tmp_path / "stdout"),
                        stderr=str(tmp_path / "stderr"),
                    )
                    code = driver.ask(wait_for=number, timeout=300)
                    assert code == 0, (line, (tmp_path / "stderr").read_text(encoding="utf-8"))
                    if target:
                        assert (tmp_path / "stdout").read_bytes()


@pytest.mark.parametrize("link", sorted(set(re.findall(r"!\[.*?\]\((renders/.*?)\)", README))))
def test_clip_on_the_readme_is_small_and_animated(link):
    path = ROOT / link
    assert path.stat().st_size < 1_000_000
    with Image.open(path) as clip:
        assert clip.n_frames > 1


@pytest.mark.parametrize("name", CLIPS)
def test_clip_was_made_by_the_command_beside_it(name):
    """The recipe in the clip has the present text of the scene file, and the options of the command."""
    path = ROOT / "renders" / name
    recipe = Recipe.read(metadata.embedded_text(path), name)
    size = [640, 360] if name.startswith("ravine-race-") else [480, 270]
    assert (recipe.output["size"], recipe.output["fps"]) == (size, 10)
    assert recipe.changes == ({"seconds": 5.5} | ({"theme": "dark"} if "-dark-" in name else {}))
    if name == "rosenbrock-small.gif":
        racers = ["adam:lr=.05", "sgd:lr=.001,momentum=.9"]
        command = f"animopt race --function rosenbrock --start -1.2,1 --racer {' --racer '.join(racers)} --steps 200"
        assert command in TABLE_COMMANDS
        assert recipe.source == race_scene("rosenbrock", racers, {"start": (-1.2, 1.0), "steps": 200})[1]
    else:
        assert recipe.source == (ROOT / "scenes" / recipe.file).read_text(encoding="utf-8")
        assert recipe.file == f"{name.removesuffix('-small.gif').removesuffix('-dark').replace('-', '_')}.py"


@pytest.mark.parametrize("page", PAGES)
def test_links_lead_to_files(page):
    folder = (ROOT / page).parent
    for link in re.findall(r"\]\(([^)#\s]+)[^)]*\)", " ".join(PAGES[page].split("\n"))):
        if re.match(r"\w+:", link):
            continue
        target = Path(os.path.normpath(folder / link))
        made = {
            ROOT / "docs" / "gallery" / "index.html",
            ROOT / "docs" / "contributing.md",
            *(ROOT / "docs" / "renders" / path.name for path in (ROOT / "renders").glob("*.gif")),
        }
        assert target.exists() or target in made, link


def test_every_scene_is_listed():
    for path in (ROOT / "scenes").glob("[!_]*.py"):
        assert f"`{path.stem.replace('_', '-')}`" in PAGES["docs/reference/scenes.md"], path


def test_architecture_page_lists_every_module():
    listed = set()
    page = PAGES["docs/architecture.md"]
    for package, section in re.findall(r"^### `([\w/]+)`\n(.*?)(?=^##)", page, re.MULTILINE | re.DOTALL):
        listed |= {f"{package}/{name}" for name in re.findall(r"`(\w+\.py)`", section)}
    modules = (ROOT / "animopt").glob("*/**/[!_]*.py")
    assert listed == {path.relative_to(ROOT / "animopt").as_posix() for path in modules}


def test_python_reference_lists_every_public_name():
    page = PAGES["docs/reference/python.md"]
    documented = {line.rpartition(".")[2] for line in re.findall(r"^::: (.*)$", page, re.MULTILINE)}
    assert documented >= set(dir(animopt)) - {"__version__"}


def setup():
    read = ConfigParser()
    read.read(ROOT / "setup.cfg", encoding="utf-8")
    return read


def test_oldest_constraints_are_the_lower_bounds_of_setup_cfg():
    options = setup()
    extras = options["options.extras_require"]
    lines = [
        options["options"]["install_requires"],
        *(extras[name] for name in ("korean", "tuning", "cluster", "decks")),
    ]
    bounds = dict(line.split(">=") for text in lines for line in text.split())
    text = (ROOT / "constraints-oldest.txt").read_text(encoding="utf-8")
    oldest = dict(re.findall(r"^([\w-]+)==(.*)$", text, re.MULTILINE))
    assert set(oldest) == set(bounds)
    assert {name: version for name, version in oldest.items() if name != "torch"} == {
        name: version for name, version in bounds.items() if name != "torch"
    }


def test_citation_has_the_version_and_the_author_of_the_package():
    citation = (ROOT / "CITATION.cff").read_text(encoding="utf-8")
    package = setup()["metadata"]
    assert f"\nversion: {package['version']}\n" in citation
    assert f"- name: {package['author']}\n" in citation
    repository = re.search(r"^Repository = (.*)$", package.get("project_urls", ""), re.MULTILINE)
    stated = re.search(r"^repository-code: \"?(.*?)\"?$", citation, re.MULTILINE)
    assert (stated and stated[1]) == (repository and repository[1])
    changes = re.findall(
        r"^## \[(.*)\] - \d{4}-\d{2}-\d{2}$", (ROOT / "CHANGELOG.md").read_text(encoding="utf-8"), re.MULTILINE
    )
    assert changes[0] == package["version"]


def test_logo_is_well_formed():
    assert ElementTree.parse(ROOT / "docs" / "assets" / "logo.svg").getroot().tag.endswith("svg")
