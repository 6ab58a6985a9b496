"""The letters: the same on every machine, and other scripts' from the fonts that the machine has."""

import atexit
import dataclasses
import importlib.util
import io
import tempfile
import unicodedata
from collections.abc import Iterable
from functools import cache
from importlib.metadata import version
from pathlib import Path

import numpy as np

from animopt.drawing.mpl import FontProperties, fontManager, get_font, matplotlib

FAMILY = "Animopt Inter"

# A change to how the files are made needs a new number here; else machines go on with the files that they have.
_RECIPE = 1

_REGULAR, _BOLD = 400, 700

# Inter's optical size of each weight, in points: bold is for titles.
_OPTICAL_SIZE = {_REGULAR: 14, _BOLD: 24}

# What a lecture needs, first and last; all of Inter takes twice as long.
_KEPT = [
    (0x20, 0x17F),  # Latin
    (0x1A0, 0x1B0),  # Vietnamese, with 0x1EA0
    (0x2C6, 0x2DD),  # accents by themselves
    (0x300, 0x338),  # accents to put on letters
    (0x370, 0x3FF),  # Greek
    (0x400, 0x45F),  # Cyrillic
    (0x490, 0x491),
    (0x1EA0, 0x1EF9),
    (0x2010, 0x2044),  # dashes, quotes, dots
    (0x2070, 0x209C),  # superscripts, subscripts
    (0x20A0, 0x20BF),  # currencies
    (0x2100, 0x214F),  # letters as symbols
    (0x2190, 0x21D5),  # arrows
    (0x2200, 0x22FF),  # operators
    (0x25A0, 0x25FF),  # shapes
]

# These get one width. Inter has that for the hyphen and the space too, but words would gape.
_EVEN = "0123456789+−×÷±=≠≈<>≤≥"

# What is not seen, by its category in Unicode, and what stands for it.
_UNSEEN = {"Cc": " ", "Zl": " ", "Zp": " ", "Cf": ""}

# What may have the letters that Inter and DejaVu Sans lack, first come, first served.
_OTHERS = [
    "NanumGothic",
    "Noto Sans CJK KR",
    "Noto Sans KR",
    "Apple SD Gothic Neo",
    "Malgun Gothic",
    "Noto Sans CJK JP",
    "Noto Sans JP",
    "Hiragino Sans",
    "Yu Gothic",
    "Noto Sans CJK SC",
    "Noto Sans SC",
    "PingFang SC",
    "Microsoft YaHei",
    "WenQuanYi Zen Hei",
    "Noto Sans CJK TC",
    "Microsoft JhengHei",
    "Noto Sans Arabic",
    "Noto Sans Hebrew",
    "Noto Sans Devanagari",
    "Noto Sans Thai",
    "Arial Unicode MS",
]


@cache
def font_family() -> list[str]:
    """The names for matplotlib's `font.family`, whose fonts it finds from now on.

    Inter comes first, regular and bold; then DejaVu Sans, which matplotlib brings, so that a symbol that Inter lacks
    looks alike everywhere; then whatever the machine has for other scripts.
    """
    for path in _korean_extra():
        fontManager.addfont(path)
    others = [ours for name in _OTHERS if (ours := _adopt(name))]
    for weight in _OPTICAL_SIZE:
        fontManager.addfont(_file(weight))
    return [FAMILY, "DejaVu Sans", *others]


def missing_letters(text: str) -> str:
    """The characters of a text that no font of the family has, each once, in order."""
    characters = dict.fromkeys(
        character
        for character in unicodedata.normalize("NFC", text)
        if unicodedata.category(character) not in {*_UNSEEN, "Zs"}
    )
    for name in font_family():
        # Most texts need none but the first font, and others are slow to read.
        if characters:
            characters = dict.fromkeys(character for character in characters if ord(character) not in _charmap(name))
    return "".join(characters)


def replace_missing(text: str, lacking: str) -> str:
    """The text in one line, with a box in the place of each of the lacking characters.

    What only tells a terminal or a text's layout what to do is a space, or is left out where no font has it.
    """
    if any(character in lacking for character in unicodedata.normalize("NFC", text)):
        text = unicodedata.normalize("NFC", text).translate(dict.fromkeys(map(ord, lacking), "□"))
    unseen = {ord(each): _UNSEEN[kind] for each in set(text) if (kind := unicodedata.category(each)) in _UNSEEN}
    for name in font_family() if "" in unseen.values() else ():
        unseen = {code: shown for code, shown in unseen.items() if shown or code not in _charmap(name)}
    return text.translate(unseen)


def font_remedy(characters: str) -> str:
    """What to do about characters that no font has, in one line."""
    said = "no font has " + ", ".join(map(describe_character, characters[:3]))
    said += f" and {len(characters) - 3} more" if len(characters) > 3 else ""
    if _of(characters, "HANGUL", "HALFWIDTH HANGUL"):
        return f"{said}; install the extra animopt[korean], or a system font such as Debian's fonts-noto-cjk"
    if _of(characters, "CJK", "HIRAGANA", "KATAKANA", "IDEOGRAPHIC", "FULLWIDTH", "HALFWIDTH", "BOPOMOFO"):
        return f"{said}; install a system font such as Debian's fonts-noto-cjk; macOS and Windows come with one"
    return said


def describe_character(character: str) -> str:
    """A character and its code point, for a message."""
    code = f"U+{ord(character):04X}"
    return f"'{character}' ({code})" if character.isprintable() else code


def _of(characters: str, *scripts: str) -> bool:
    """Whether any character is of one of the scripts, which Unicode's names begin with."""
    return any(unicodedata.name(character, "").startswith(scripts) for character in characters)


@cache
def _charmap(name: str) -> frozenset[int]:
    """The code points that a family's regular font has."""
    return frozenset(get_font(fontManager.findfont(FontProperties(family=name, weight=_REGULAR))).get_charmap())


def _korean_extra() -> Iterable[Path]:
    """The fonts in koreanize-matplotlib, which is not imported, for that would change matplotlib's settings."""
    found = importlib.util.find_spec("koreanize_matplotlib")
    for folder in (found and found.submodule_search_locations) or []:
        yield from sorted(Path(folder, "fonts").glob("NanumGothic*.ttf"))


def _adopt(name: str) -> str | None:
    """Give a family of the machine's a name of ours, if it is there.

    Under that name it has one font for each of our weights, the nearest; under its own, matplotlib would complain, at
    every size, of each weight that is not there.
    """
    fonts = [
        font
        for font in fontManager.ttflist
        if font.name == name and font.style == "normal" and font.stretch == "normal" and Path(font.fname).is_file()
    ]
    if not fonts:
        return None
    ours = f"Animopt {name}"
    for weight in _OPTICAL_SIZE:
        nearest = min(fonts, key=lambda font: abs(int(font.weight) - weight))
        fontManager.ttflist.append(dataclasses.replace(nearest, name=ours, weight=weight))
    return ours


def _file(weight: int) -> Path:
    """The file of a weight, made if this user has no whole one yet."""
    name = f"animopt-inter-{version('fontpkg-inter')}-{_RECIPE}-{weight}.ttf"
    path = Path(matplotlib.get_cachedir(), name)
    if _is_whole(path):
        return path
    data = _instance(weight)
    try:
        _put(data, path)
    except OSError:
        # Windows replaces no file that is open; then another process has just put a whole one there.
        if not _is_whole(path):
            path = _own_folder() / name
            _put(data, path)
    return path


@cache
def _own_folder() -> Path:
    """A folder for this process alone, where the cache cannot be written."""
    folder = tempfile.TemporaryDirectory(prefix="animopt-", ignore_cleanup_errors=True)
    atexit.register(folder.cleanup)
    return Path(folder.name)


def _put(data: bytes, path: Path) -> None:
    """Write a file that others see whole or not at all."""
    with tempfile.TemporaryDirectory(dir=path.parent, prefix=f"{path.stem}-") as folder:
        unfinished = Path(folder, path.name)
        unfinished.write_bytes(data)
        unfinished.replace(path)


def _is_whole(path: Path) -> bool:
    """Whether a font file is there and adds up to the sum that the format gives every one."""
    try:
        return int(np.fromfile(path, ">u4").sum(dtype=np.uint32)) == 0xB1B0AFBA
    except OSError:
        return False


def _instance(weight: int) -> bytes:
    """A font file of Inter in one weight, the same bytes each time."""
    # Imported here because only the first use on a machine needs them, and they take long.
    from fontTools.ttLib import TTFont  # type: ignore[import-untyped]
    from fontTools.varLib import instancer  # type: ignore[import-untyped]

    font = TTFont(io.BytesIO(_subset()), recalcTimestamp=False)
    instancer.instantiateVariableFont(font, {"wght": weight, "opsz": _OPTICAL_SIZE[weight]}, inplace=True)
    style = "Bold" if weight == _BOLD else "Regular"
    names = {1: FAMILY, 2: style, 3: f"{FAMILY} {style}", 4: f"{FAMILY} {style}", 6: f"AnimoptInter-{style}"}
    for number, name in names.items():
        font["name"].setName(name, number, 3, 1, 0x409)
    instancer.setRibbiBits(font)
    file = io.BytesIO()
    font.save(file)
    return file.getvalue()


@cache
def _subset() -> bytes:
    """Inter, still of any weight, with the characters that are kept, even figures, and of its features the kerning."""
    import fontpkg_inter  # type: ignore[import-untyped]
    from fontTools import subset  # type: ignore[import-untyped]
    from fontTools.ttLib import TTFont

    font = TTFont(fontpkg_inter.ROOT / "files" / "Inter[opsz,wght].ttf", recalcTimestamp=False, lazy=True)
    layout = font["GSUB"].table
    (figures,) = {
        index
        for record in layout.FeatureList.FeatureRecord
        if record.FeatureTag == "tnum"
        for index in record.Feature.LookupListIndex
    }
    (even,) = (table.mapping for table in layout.LookupList.Lookup[figures].SubTable)
    for table in font["cmap"].tables:
        for code in map(ord, _EVEN):
            # Tables share their maps, so that a glyph may have been replaced before.
            table.cmap[code] = even.get(table.cmap[code], table.cmap[code])
    options = subset.Options(
        layout_features=["kern", "mark"],
        # Contextual forms would turn the x of 10x10 into a cross.
        drop_tables=[*subset.Options().drop_tables, "GSUB", "STAT"],
        name_IDs=[0, 13, 14],
        notdef_outline=True,
    )
    subsetter = subset.Subsetter(options)
    subsetter.populate(unicodes=[code for first, last in _KEPT for code in range(first, last + 1)])
    subsetter.subset(font)
    file = io.BytesIO()
    font.save(file)
    return file.getvalue()
