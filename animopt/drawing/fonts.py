"""Fonts: Inter, which is the same on every machine, and the machine's fonts for other scripts."""

import atexit
import dataclasses
import importlib.util
import io
import tempfile
import unicodedata
from collections.abc import Iterable
from contextlib import suppress
from functools import cache, lru_cache
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np

from animopt.core.errors import Error, install_command
from animopt.core.files import write_atomically
from animopt.drawing.mpl import FontProperties, findSystemFonts, fontManager, get_font, matplotlib

FAMILY, KOREAN_FAMILY = "Animopt Inter", "Animopt Korean"
"""Names of Inter as animopt makes it, and of the font of the extra `korean` on pages."""

LICENSE = "This Font Software is licensed under the SIL Open Font License, Version 1.1."
LICENSE_ADDRESS = "https://openfontlicense.org"
"""License of the fonts in pages, and its address."""

_VERSION = 2
"""Version of the cached font files. Increase it when their code changes, so that they are made again."""

_REGULAR, _BOLD = 400, 700

_UPRIGHT, _SLANTED = "Inter[opsz,wght].ttf", "Inter-Italic[opsz,wght].ttf"

_FACES = {"Regular": (_UPRIGHT, _REGULAR, 14), "Bold": (_UPRIGHT, _BOLD, 24), "Italic": (_SLANTED, _REGULAR, 14)}
"""Variable font, weight and optical size in points of each face of Inter.

Bold is for titles and the vectors in formulas, italic for the other variables in formulas.
"""

# First and last code points of the characters that are kept. All characters of Inter would take twice as long.
_KEPT = [
    (0x20, 0x17F),  # Latin
    (0x1A0, 0x1B0),  # Vietnamese, with 0x1EA0
    (0x2C6, 0x2DD),  # accents by themselves
    (0x300, 0x338),  # combining accents
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

# Replacements of invisible characters, by their Unicode category.
_INVISIBLE = {"Cc": " ", "Zl": " ", "Zp": " ", "Cf": ""}

# System fonts for characters that Inter and DejaVu Sans lack, in order of preference.
_SYSTEM_FONTS = [
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
    """Register the fonts with matplotlib, and return the names for its setting `font.family`.

    Inter is first: regular, bold and italic. Then comes DejaVu Sans, which is part of matplotlib, so that a symbol that
    Inter lacks looks the same everywhere; then the fonts of the machine for other scripts.
    """
    for path in (*_korean_extra(), *map(_font_file, _FACES)):
        fontManager.addfont(path)
    return [FAMILY, "DejaVu Sans", *filter(None, map(_add_alias, _SYSTEM_FONTS))]


def missing_letters(text: str) -> str:
    """Return the characters of a text that no font has, each once, in order.

    A font that was installed after matplotlib listed the fonts is found, too.
    """
    missing = _missing_letters(text)
    if missing:
        _add_new_fonts()
        missing = _missing_letters(missing)
    return missing


def _missing_letters(text: str) -> str:
    characters = dict.fromkeys(
        character
        for character in unicodedata.normalize("NFC", text)
        if unicodedata.category(character) not in {*_INVISIBLE, "Zs"}
    )
    for name in font_family():
        # Fonts are slow to read. Most texts need only the first one, so that no character is left for the others.
        characters = dict.fromkeys(character for character in characters if ord(character) not in _charmap(name))
    return "".join(characters)


@cache
def _add_new_fonts() -> None:
    """Add the fonts of the machine that are not in matplotlib's list, once in a process."""
    known = {font.fname for font in fontManager.ttflist}
    new_paths = [path for path in findSystemFonts() if path not in known]
    for path in new_paths:
        # matplotlib leaves out fonts that it cannot read.
        with suppress(Exception):
            fontManager.addfont(path)
    if new_paths:
        font_family.cache_clear()


def replace_missing(text: str, missing: str) -> str:
    """Return the text in one line, with a box in place of each of the missing characters.

    Control characters become spaces. Format characters that no font has are removed.
    """
    if any(character in missing for character in unicodedata.normalize("NFC", text)):
        text = unicodedata.normalize("NFC", text).translate(dict.fromkeys(map(ord, missing), "□"))
    invisible = {
        ord(each): _INVISIBLE[kind] for each in set(text) if (kind := unicodedata.category(each)) in _INVISIBLE
    }
    for name in font_family():
        invisible = {code: shown for code, shown in invisible.items() if shown or code not in _charmap(name)}
    return text.translate(invisible)


def font_remedy(characters: str) -> str:
    """Return a line that names characters that no font has, and says which font to install."""
    more = f" and {len(characters) - 3} more" if len(characters) > 3 else ""
    said = f"no font has {', '.join(map(describe_character, characters[:3]))}{more}"
    if _has_script(characters, "HANGUL", "HALFWIDTH HANGUL"):
        return f"{said}; {install_command('korean')}, or install a system font such as Debian's fonts-noto-cjk"
    if _has_script(characters, "CJK", "HIRAGANA", "KATAKANA", "IDEOGRAPHIC", "FULLWIDTH", "HALFWIDTH", "BOPOMOFO"):
        return f"{said}; install a system font such as Debian's fonts-noto-cjk; macOS and Windows come with one"
    return said


def describe_character(character: str) -> str:
    """Return a character and its code point, for a message."""
    code = f"U+{ord(character):04X}"
    return f"'{character}' ({code})" if character.isprintable() else code


def _has_script(characters: str, *scripts: str) -> bool:
    """Return whether any character is of a script. The names of characters in Unicode begin with their script."""
    return any(unicodedata.name(character, "").startswith(scripts) for character in characters)


@cache
def _charmap(name: str) -> frozenset[int]:
    """Return the code points in a family's regular font."""
    return frozenset(get_font(fontManager.findfont(FontProperties(family=name, weight=_REGULAR))).get_charmap())


def _korean_extra() -> Iterable[Path]:
    """Yield the fonts in koreanize-matplotlib. The package is not imported, as it changes matplotlib's settings."""
    found = importlib.util.find_spec("koreanize_matplotlib")
    for folder in (found and found.submodule_search_locations) or []:
        yield from sorted(Path(folder, "fonts").glob("NanumGothic*.ttf"))


def _add_alias(name: str) -> str | None:
    """Add an alias with both weights for a family of the machine. Return it, or None if there is no such family.

    Each weight of the alias is the nearest weight of the family. For the family's own name matplotlib would warn of
    each missing weight, at every size.
    """
    fonts = [
        font
        for font in fontManager.ttflist
        if font.name == name and font.style == "normal" and font.stretch == "normal" and Path(font.fname).is_file()
    ]
    if not fonts:
        return None
    alias = f"Animopt {name}"
    for weight in (_REGULAR, _BOLD):
        nearest = min(fonts, key=lambda font: abs(int(font.weight) - weight))
        fontManager.ttflist.append(dataclasses.replace(nearest, name=alias, weight=weight))
    return alias


def _font_file(style: str) -> Path:
    """Return the font file of a face. It is made unless the user's cache has a whole one."""
    path = Path(matplotlib.get_cachedir(), f"animopt-inter-{version('fontpkg-inter')}-{_VERSION}-{style.lower()}.ttf")
    if not _is_whole(path):
        data = _make_font(style)
        try:
            write_atomically(path, data)
        except Error:
            # Windows does not replace a file that another process has open. That process may have written a whole one.
            if not _is_whole(path):
                path = _temporary_folder() / path.name
                path.write_bytes(data)
    return path


@cache
def _temporary_folder() -> Path:
    """Create a folder for this process, in place of a cache that cannot be written."""
    folder = tempfile.TemporaryDirectory(prefix="animopt-", ignore_cleanup_errors=True)
    atexit.register(folder.cleanup)
    return Path(folder.name)


def _is_whole(path: Path) -> bool:
    """Return whether a font file exists and has the checksum of every whole one, by the OpenType table "head"."""
    try:
        return int(np.fromfile(path, ">u4").sum(dtype=np.uint32)) == 0xB1B0AFBA
    except OSError:
        return False


@dataclasses.dataclass(frozen=True)
class WebFont:
    """A face with some characters, as a WOFF file for a page."""

    family: str
    weight: int
    data: bytes


def web_fonts(characters: Iterable[str]) -> list[WebFont]:
    """Return the faces with which a page shows some characters: Inter, and the font of the extra `korean`.

    Both may be distributed with a page. Characters that they lack are left out.
    """
    codes = set(map(ord, characters))
    regular = _font_file("Regular")
    paths = [(FAMILY, _REGULAR, regular), (FAMILY, _BOLD, _font_file("Bold"))]
    missing = codes - set(get_font(regular).get_charmap())
    weights = {"NanumGothic": _REGULAR, "NanumGothicBold": _BOLD}
    paths += [(KOREAN_FAMILY, weights[path.stem], path) for path in _korean_extra() if path.stem in weights]
    found = []
    for family, weight, path in paths:
        wanted = codes if family == FAMILY else missing & set(get_font(path).get_charmap())
        if wanted:
            found.append(WebFont(family, weight, _web_font(path, frozenset(wanted))))
    return found


@lru_cache(maxsize=8)
def _web_font(path: Path, codes: frozenset[int]) -> bytes:
    """Return the WOFF file of a font with some characters."""
    from fontTools import subset, ttLib  # type: ignore[import-untyped]

    font = ttLib.TTFont(path, recalcTimestamp=False)
    # Sources of hints, with which fontTools does not deal.
    tags = font.keys()
    sources = [tag for tag in tags if tag.startswith("TSI")]
    subsetter = subset.Subsetter(
        subset.Options(
            layout_features=["kern", "mark"],
            drop_tables=[*subset.Options().drop_tables, *sources],
            hinting=False,
            # The copyright and the license.
            name_IDs=[0, 13, 14],
            notdef_outline=True,
        )
    )
    subsetter.populate(unicodes=sorted(codes))
    subsetter.subset(font)
    # NanumGothic has this license, but does not contain it.
    for number, text in {13: LICENSE, 14: LICENSE_ADDRESS}.items():
        font["name"].setName(text, number, 3, 1, 0x409)
    font.flavor = "woff"
    return _saved(font)


def _make_font(style: str) -> bytes:
    """Make the font file of a face of Inter, with the same bytes each time."""
    # fontTools is imported only here, as it takes long and only the first run on a machine needs it.
    from fontTools.ttLib import TTFont  # type: ignore[import-untyped]
    from fontTools.varLib import instancer  # type: ignore[import-untyped]

    source, weight, optical_size = _FACES[style]
    font = TTFont(io.BytesIO(_subset(source)), recalcTimestamp=False)
    instancer.instantiateVariableFont(font, {"wght": weight, "opsz": optical_size}, inplace=True)
    whole = f"{FAMILY} {style}"
    for number, name in {1: FAMILY, 2: style, 3: whole, 4: whole, 6: f"AnimoptInter-{style}"}.items():
        font["name"].setName(name, number, 3, 1, 0x409)
    instancer.setRibbiBits(font)
    return _saved(font)


@cache
def _subset(source: str) -> bytes:
    """Make a variable font of Inter with the kept characters, tabular figures, and kerning as its only feature."""
    import fontpkg_inter  # type: ignore[import-untyped]
    from fontTools import subset, ttLib

    font = ttLib.TTFont(fontpkg_inter.ROOT / "files" / source, recalcTimestamp=False, lazy=True)
    layout = font["GSUB"].table
    (lookup,) = {
        index
        for record in layout.FeatureList.FeatureRecord
        if record.FeatureTag == "tnum"
        for index in record.Feature.LookupListIndex
    }
    (tabular,) = (table.mapping for table in layout.LookupList.Lookup[lookup].SubTable)
    for table in font["cmap"].tables:
        # Inter has tabular forms of the hyphen and the space too, but words would have gaps.
        for code in map(ord, "0123456789+−×÷±=≠≈<>≤≥"):
            # Tables share their maps, so that a glyph may already be replaced.
            table.cmap[code] = tabular.get(table.cmap[code], table.cmap[code])
    subsetter = subset.Subsetter(
        subset.Options(
            layout_features=["kern", "mark"],
            # Contextual forms would turn the x of 10x10 into a multiplication sign.
            drop_tables=[*subset.Options().drop_tables, "GSUB", "STAT"],
            name_IDs=[0, 13, 14],
            notdef_outline=True,
        )
    )
    subsetter.populate(unicodes=[code for first, last in _KEPT for code in range(first, last + 1)])
    subsetter.subset(font)
    return _saved(font)


def _saved(font: Any) -> bytes:
    """Return the file of a `fontTools.ttLib.TTFont`."""
    file = io.BytesIO()
    font.save(file)
    return file.getvalue()
