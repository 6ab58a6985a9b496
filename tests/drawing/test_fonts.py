"""The font files, their cache, and characters that no font has."""

import io
import logging
import os
import subprocess
import sys
import unicodedata
from hashlib import sha256
from pathlib import Path
from shutil import copytree

import matplotlib
import numpy as np
import pytest
from fontTools.ttLib import TTFont
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.font_manager import FontProperties, fontManager

from animopt.drawing import fonts

ROOT = Path(__file__).parents[2]
FACES = {"Bold": ("bold", "normal"), "Italic": ("normal", "italic"), "Regular": ("normal", "normal")}
"""Weight and style of each face, in the order of the file names."""
KOREAN_EXTRA = fonts._korean_extra
COVERED = (
    "".join(map(chr, [*range(0x20, 0x7F), *range(0xA1, 0xAD), *range(0xAE, 0x149), *range(0x14A, 0x180)]))
    + "ΑΒΓΔΕΖΗΘΙΚΛΜΝΞΟΠΡΣΤΥΦΧΨΩαβγδεζηθικλμνξοπρςστυφχψω"
    + "АБВГДЕЖЗИЙКЛМНОПРСТУФХЦЧШЩЪЫЬЭЮЯабвгдежзийклмнопрстуфхцчшщъыьэюяҐґЇїЄєЂђ"
    + "ẠạẢảẤấẾếỆệỐốỘộỚớỢợỨứỰựỲỳỸỹƠơƯư"
    + "⁰¹²³⁴⁵⁶⁷⁸⁹⁻⁺₀₁₂₃₄₅₆₇₈₉₋₊"
    + "←↑→↓↔×−±√≤≥≠∞≈·–—…‘’“”•′″∂∆∑∏∫€°"
)

# Prints the digest of each font file that a process makes.
MAKE = """
from hashlib import sha256
from animopt.drawing import fonts

make_font = fonts._make_font


def report(style):
    data = make_font(style)
    print(sha256(data).hexdigest())
    return data


fonts._make_font = report
fonts.font_family()
"""


def digest(path):
    return sha256(path.read_bytes()).hexdigest()


def clear_caches():
    fontManager._findfont_cached.cache_clear()
    for each in (fonts.font_family, fonts._add_new_fonts, fonts._charmap, fonts._temporary_folder):
        each.cache_clear()


def found(name, weight, style="normal"):
    wanted = FontProperties(family=name, weight=weight, style=style)
    return Path(fontManager.findfont(wanted, fallback_to_default=False).path)


@pytest.fixture(scope="session")
def made(tmp_path_factory):
    """A cache that two processes filled at the same time, and the digests of the files that they made."""
    folder = tmp_path_factory.mktemp("made")
    running = [
        subprocess.Popen(
            [sys.executable, "-c", MAKE],
            cwd=ROOT,
            env={**os.environ, "MPLCONFIGDIR": str(folder), "PYTHONHASHSEED": seed},
            stdout=subprocess.PIPE,
            text=True,
        )
        for seed in "12"
    ]
    digests = {line for process in running for line in process.communicate()[0].split()}
    assert [process.returncode for process in running] == [0, 0]
    return folder, digests


@pytest.fixture
def folder(made, tmp_path, monkeypatch):
    """A full cache for one test, as if the process had not used the fonts yet."""
    cache = copytree(made[0], tmp_path / "cache")
    monkeypatch.setattr(matplotlib, "get_cachedir", lambda: str(cache))
    monkeypatch.setattr(
        fontManager, "ttflist", [font for font in fontManager.ttflist if not font.name.startswith("Animopt")]
    )
    monkeypatch.setattr(fonts, "_korean_extra", list)
    clear_caches()
    yield cache
    monkeypatch.undo()
    clear_caches()


@pytest.fixture
def bare(folder, monkeypatch):
    """A machine that has only the fonts of animopt and matplotlib."""
    monkeypatch.setattr(fonts, "_SYSTEM_FONTS", [])


def files(folder):
    return sorted(folder.glob("*.ttf"))


@pytest.mark.exhaustive
def test_two_processes_fill_one_cache_with_the_same_bytes(made):
    folder, digests = made
    assert [path.stem.rpartition("-")[2] for path in files(folder)] == [face.lower() for face in FACES]
    assert {digest(path) for path in files(folder)} == digests
    assert not [path for path in folder.iterdir() if path.is_dir()]


def test_files_have_tabular_digits_and_no_substitutions(folder):
    for path in files(folder):
        font = TTFont(path)
        cmap = font.getBestCmap()
        assert len({font["hmtx"][cmap[ord(each)]][0] for each in "0123456789"}) == 1
        assert len({font["hmtx"][cmap[ord(each)]][0] for each in "+−×÷±=≠≈<>≤≥"}) == 1
        assert "GSUB" not in font
        assert {record.FeatureTag for record in font["GPOS"].table.FeatureList.FeatureRecord} >= {"kern"}


def test_files_have_the_kept_letters_and_the_license(folder):
    for path in files(folder):
        font = TTFont(path)
        assert not [each for each in COVERED if ord(each) not in font.getBestCmap()]
        assert "Inter Project Authors" in font["name"].getDebugName(0)
        assert font["name"].getDebugName(0).startswith("Copyright")
        assert "Open Font License" in font["name"].getDebugName(13)


def test_each_face_has_its_own_file(folder, caplog):
    name = fonts.font_family()[0]
    assert [found(name, *face) for face in FACES.values()] == files(folder)
    assert not caplog.records


@pytest.mark.parametrize("weight", ["normal", "bold"])
@pytest.mark.parametrize("hinting", ["default", "no_hinting"])
def test_all_digits_are_drawn_equally_wide(folder, weight, hinting):
    def width(text):
        words = figure.text(0, 0, text, fontsize=13, fontweight=weight)
        # Digits differ in the width of their ink. Between two bars their advance is measured.
        return words.get_window_extent(canvas.get_renderer()).width

    with matplotlib.rc_context({"font.family": fonts.font_family(), "text.hinting": hinting}):
        figure = Figure(dpi=72)
        canvas = FigureCanvasAgg(figure)
        assert len({width(f"|{digit * 4}.{digit * 2}|") for digit in "0123456789"}) == 1
        assert width("|10x10|") == width("|1x100|")


def test_character_that_inter_lacks_comes_from_another_font(folder):
    with matplotlib.rc_context({"font.family": fonts.font_family()}):
        figure = Figure(figsize=(1, 1), dpi=72)
        canvas = FigureCanvasAgg(figure)
        figure.text(0.2, 0.2, "∇", fontsize=40)
        # matplotlib would warn of a missing glyph, and a warning fails the test.
        canvas.draw()
        assert np.asarray(canvas.buffer_rgba()).min() == 0


def test_cached_files_are_not_made_again(folder, monkeypatch):
    monkeypatch.setattr(fonts, "_make_font", lambda style: pytest.fail("made again"))
    assert fonts.font_family() is fonts.font_family()


@pytest.mark.parametrize("damage", [lambda data: b"", lambda data: data[:-1000], lambda data: data[:-1] + b"!"])
def test_damaged_file_is_made_again(folder, monkeypatch, damage):
    whole = {path: path.read_bytes() for path in files(folder)}
    *_, regular = files(folder)
    regular.write_bytes(damage(whole[regular]))
    monkeypatch.setattr(fonts, "_make_font", {"Regular": whole[regular]}.get)
    fonts.font_family()
    assert {path: path.read_bytes() for path in files(folder)} == whole


def test_files_are_temporary_if_the_cache_cannot_be_written(folder, monkeypatch):
    whole = dict(zip(FACES, [path.read_bytes() for path in files(folder)], strict=True))
    monkeypatch.setattr(fonts, "_make_font", whole.get)
    monkeypatch.setattr(matplotlib, "get_cachedir", lambda: str(files(folder)[0]))
    name = fonts.font_family()[0]
    for style, data in whole.items():
        assert found(name, *FACES[style]).parent == fonts._temporary_folder().resolve()
        assert found(name, *FACES[style]).read_bytes() == data


def test_family_with_one_weight_is_used_for_both_without_a_warning(folder, monkeypatch, caplog):
    monkeypatch.setattr(fonts, "_SYSTEM_FONTS", ["No Such Font", "DejaVu Sans Display"])
    *_, last = fonts.font_family()
    assert fonts.font_family() == [fonts.FAMILY, "DejaVu Sans", last]
    with caplog.at_level(logging.WARNING):
        assert found(last, "normal") == found(last, "bold")
    assert found(last, "bold").name == "DejaVuSansDisplay.ttf"
    assert not caplog.records


def test_korean_extra_is_found_but_not_imported(folder, tmp_path, monkeypatch):
    package = tmp_path / "koreanize_matplotlib"
    (package / "fonts").mkdir(parents=True)
    (package / "__init__.py").write_text("raise RuntimeError")
    font = TTFont(files(folder)[0])
    font["name"].setName("NanumGothic", 1, 3, 1, 0x409)
    font.save(package / "fonts" / "NanumGothic.ttf")
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setattr(fonts, "_korean_extra", KOREAN_EXTRA)
    assert fonts.font_family()[2] == "Animopt NanumGothic"


def test_fonts_of_a_page_have_its_characters_and_the_license(folder, monkeypatch, caplog):
    koreanize = pytest.importorskip("koreanize_matplotlib")
    paths = sorted((Path(koreanize.__file__).parent / "fonts").glob("NanumGothic*.ttf"))
    monkeypatch.setattr(fonts, "_korean_extra", lambda: paths)
    found = fonts.web_fonts("Ab가α")
    shown = {(font.family, font.weight): TTFont(io.BytesIO(font.data)) for font in found}
    assert list(shown) == [(name, weight) for name in (fonts.FAMILY, fonts.KOREAN_FAMILY) for weight in (400, 700)]
    for (family, _), font in shown.items():
        assert set(font.getBestCmap()) == ({ord("가")} if family == fonts.KOREAN_FAMILY else set(map(ord, "Abα")))
        assert "Open Font License" in font["name"].getDebugName(13)
        assert font.flavor == "woff"
    assert [font.family for font in fonts.web_fonts("Ab")] == [fonts.FAMILY] * 2
    assert caplog.records == []


def test_missing_letters_are_listed_once_and_in_order(bare):
    assert fonts.missing_letters("Σ 한글\n漢 ∇ 한\t\ue000 10⁻¹\u200b") == "한글漢\ue000"
    assert fonts.missing_letters(COVERED) == fonts.missing_letters("") == ""


def test_font_that_was_installed_a_minute_ago_is_found(folder, monkeypatch):
    """matplotlib's list of fonts, which it keeps on the disk, does not have the new font yet."""
    koreanize = pytest.importorskip("koreanize_matplotlib")
    new = Path(koreanize.__file__).parent / "fonts" / "NanumGothic.ttf"
    monkeypatch.setattr(fonts, "_korean_extra", list)
    monkeypatch.setattr(fonts, "_SYSTEM_FONTS", ["NanumGothic"])
    listed = [font for font in fontManager.ttflist if "Nanum" not in font.name]
    monkeypatch.setattr(fontManager, "ttflist", listed)
    monkeypatch.setattr(fonts, "findSystemFonts", lambda: [str(new)])
    clear_caches()
    assert fonts.missing_letters("가\ue000") == "\ue000"
    assert fonts.font_family()[2:] == ["Animopt NanumGothic"]


def test_missing_letters_are_composed_first(bare):
    assert fonts.missing_letters(unicodedata.normalize("NFD", "é 한")) == "한"


@pytest.mark.parametrize(
    ("characters", "line"),
    [
        (
            "한",
            "no font has '한' (U+D55C); "
            'pip install "animopt[korean]", or install a system font such as Debian\'s fonts-noto-cjk',
        ),
        (
            "漢か",
            "no font has '漢' (U+6F22), 'か' (U+304B); "
            "install a system font such as Debian's fonts-noto-cjk; macOS and Windows come with one",
        ),
        ("\ue000", "no font has U+E000"),
        ("ሀሁሂሃሄ", "no font has 'ሀ' (U+1200), 'ሁ' (U+1201), 'ሂ' (U+1202) and 2 more"),
    ],
    ids=["korean", "japanese", "private", "many"],
)
def test_remedy_names_the_characters_and_a_font(characters, line):
    assert fonts.font_remedy(characters) == line
