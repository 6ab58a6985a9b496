"""Texts in clips and pictures, as the comment or description of each format.

Texts are printable ASCII, which all these formats can hold.
"""

import os
import re
import shutil
import struct
import zlib
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from html import escape
from html.parser import HTMLParser
from itertools import islice
from mmap import ACCESS_READ, mmap
from pathlib import Path
from typing import Any, BinaryIO, cast
from xml.etree import ElementTree

from animopt.core.errors import Error
from animopt.video.ffmpeg import Ffmpeg, file_url

MAX_TEXT_LENGTH = 60_000
"""Maximum number of characters of a text. A MOV stores the length in 16 bits."""

MAX_FOUND_LENGTH = 1_000_000
"""Maximum number of bytes that are read of a text with its escapes. Another program's text can have any length."""

MAX_PDF_STREAMS = 1000
"""Maximum number of streams of compressed objects in which the subject of a PDF is searched."""

PNG_SIGNATURE = b"\x89PNG\r\n\x1a\n"
"""First bytes of a PNG."""

_DESCRIPTION = "{http://purl.org/dc/elements/1.1/}description"

_PDF_ESCAPES = {b"n": b"\n", b"r": b"\r", b"t": b"\t", b"b": b"\b", b"f": b"\f", b"\n": b"", b"\r": b"", b"\r\n": b""}
"""Bytes for which a letter after a backslash is written in a PDF."""

_XMP = (
    '<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">'
    '<rdf:Description xmlns:dc="http://purl.org/dc/elements/1.1/"><dc:description><rdf:Alt>'
    '<rdf:li xml:lang="x-default">{}</rdf:li></rdf:Alt></dc:description></rdf:Description></rdf:RDF></x:xmpmeta>'
)


def embed_in_gif(path: Path, text: str) -> None:
    """Insert a comment before the first picture of a GIF. Raise Error for another file."""
    with path.open("rb") as file:
        start = file.read(13)
        if start[:4] != b"GIF8" or len(start) < 13:
            raise Error(f"{path.name}: is not a GIF")
        offset = _seek_after_colors(file)
        # Some players expect the loop extension directly after the colors.
        offset += 19 if file.read(14) == b"\x21\xff\x0bNETSCAPE2.0" else 0
    data = text.encode("ascii")
    blocks = [data[start : start + 255] for start in range(0, len(data), 255)]
    _insert(path, offset, b"\x21\xfe" + b"".join(bytes([len(block)]) + block for block in blocks) + b"\0")


def _seek_after_colors(file: BinaryIO) -> int:
    """Seek the end of a GIF's header and of its colors, and return the offset."""
    file.seek(10)
    flags = int.from_bytes(file.read(1))
    return file.seek(13 + (3 * 2 ** ((flags & 7) + 1) if flags & 0x80 else 0))


def embed_in_png(path: Path, text: str) -> None:
    """Insert a comment into a PNG or an animated PNG. Raise Error for another file."""
    with path.open("rb") as file:
        header = file.read(200).partition(b"IDAT")[0]
    if not header.startswith(PNG_SIGNATURE) or len(header) < 33:
        raise Error(f"{path.name}: is not a PNG")
    chunk = b"tEXtComment\0" + text.encode("ascii")
    # Before the last chunk of an animation: readers search only the first bytes for the chunk that announces one.
    offset = path.stat().st_size - 12 if b"acTL" in header else 33
    _insert(path, offset, struct.pack(">I", len(chunk) - 4) + chunk + struct.pack(">I", zlib.crc32(chunk)))


def embed_in_webp(path: Path, text: str) -> None:
    """Append an XMP description to an animated WebP. Raise Error for another file."""
    packet = _XMP.format(escape(text)).encode("ascii")
    with path.open("r+b") as file:
        start = file.read(21)
        if start[:4] != b"RIFF" or start[8:16] != b"WEBPVP8X":
            raise Error(f"{path.name}: is no animated WebP")
        file.seek(0, os.SEEK_END)
        file.write(b"XMP " + struct.pack("<I", len(packet)) + packet + b"\0" * (len(packet) % 2))
        size = file.tell()
        # The header has the size of the file, and a flag for this description.
        file.seek(4)
        file.write(struct.pack("<I", size - 8) + start[8:20] + bytes([start[20] | 0x04]))


def _insert(path: Path, offset: int, data: bytes) -> None:
    """Insert bytes into a file, which is copied block by block."""
    longer = path.with_name(f"{path.name}.longer")
    with path.open("rb") as old, longer.open("wb") as new:
        new.write(old.read(offset) + data)
        shutil.copyfileobj(old, new)
    longer.replace(path)


EMBEDDERS = {".gif": embed_in_gif, ".png": embed_in_png, ".apng": embed_in_png, ".webp": embed_in_webp}
"""Functions that insert a text into a finished file, by suffix. ffmpeg inserts it into files of other formats."""


def ffmetadata(tags: Mapping[str, str], chapters: Iterable[Mapping[str, str]] = ()) -> str:
    """Return the content of a metadata file by which ffmpeg inserts tags, and chapters with tags, into a video."""
    sections = [";FFMETADATA1", *_lines(tags)]
    for chapter in chapters:
        sections += ["[CHAPTER]", *_lines(chapter)]
    return "\n".join(sections) + "\n"


def _lines(tags: Mapping[str, str]) -> Iterator[str]:
    for name, text in tags.items():
        escaped = re.sub(r"([=;#\\\n])", r"\\\1", text)
        # ffmpeg does not end a line at an escaped backslash.
        yield f"{name}={escaped}{' ' if text.endswith(chr(92)) else ''}"


PAGE_RECIPE = "animopt-recipe"
"""Name of the element of an interactive page that has its recipe."""


def embedded_text(path: Path) -> str:
    """Return the comment or description of a file, or "" if it has none.

    Of a file of any size, at most `MAX_FOUND_LENGTH` bytes of a text are read. Raises Error for a file that cannot be
    read, or that is neither a picture nor a video.
    """
    try:
        with path.open("rb") as file:
            start = file.read(512)
            if start.startswith(PNG_SIGNATURE):
                return _png_text(file)
            if start.startswith(b"GIF8"):
                return _gif_text(file)
            if start[8:12] == b"WEBP":
                return _webp_text(file)
            if start.startswith(b"%PDF"):
                return _pdf_text(file)
            if start.lstrip().lower().startswith(b"<!doctype html"):
                file.seek(0)
                return _page_text(file.read(MAX_FOUND_LENGTH))
            if re.search(rb"<(\?xml|!DOCTYPE svg|svg)", start):
                file.seek(0)
                return _description(file.read(MAX_FOUND_LENGTH))
    except OSError as error:
        raise Error(f"{path}: cannot be read: {error.strerror or error}") from error
    except (ElementTree.ParseError, ValueError) as error:
        raise Error(f"{path}: cannot be read: {error}") from error
    return _video_text(path)


def _png_text(file: BinaryIO) -> str:
    with mmap(file.fileno(), 0, access=ACCESS_READ) as content:
        start = content.find(b"tEXtComment\0")
        length = min(int.from_bytes(content[start - 4 : start], "big"), MAX_FOUND_LENGTH)
        return content[start + 12 : start + 4 + length].decode("latin-1") if start > 0 else ""


def _gif_text(file: BinaryIO) -> str:
    """Return the first comment before the first picture."""
    _seek_after_colors(file)
    while file.read(1) == b"\x21":
        is_comment = file.read(1) == b"\xfe"
        blocks, length = [], 0
        while (size := file.read(1)) > b"\0" and length < MAX_FOUND_LENGTH:
            blocks.append(file.read(size[0]))
            length += size[0]
        if is_comment:
            return b"".join(blocks).decode(errors="replace")
    return ""


def _webp_text(file: BinaryIO) -> str:
    file.seek(12)
    while len(header := file.read(8)) == 8:
        size = int.from_bytes(header[4:], "little")
        if header[:4] == b"XMP ":
            return _description(file.read(min(size, MAX_FOUND_LENGTH)))
        file.seek(size + size % 2, os.SEEK_CUR)
    return ""


def _description(xml: bytes) -> str:
    """Return the description in the first bytes of an XML text, without the blanks around it."""
    parser: ElementTree.XMLPullParser[Any] = ElementTree.XMLPullParser()
    parser.feed(xml)
    events = cast("Iterator[tuple[str, ElementTree.Element]]", parser.read_events())
    found = (element for _, element in events if element.tag == _DESCRIPTION)
    return next(("".join(element.itertext()).strip() for element in found), "")


class _PageText(HTMLParser):
    """Finds the element of a page that has its recipe."""

    text = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Keep the content of the element."""
        values = dict(attrs)
        if tag == "meta" and values.get("name") == PAGE_RECIPE:
            self.text = values.get("content") or ""


def _page_text(page: bytes) -> str:
    """Return the recipe in the first bytes of an HTML page."""
    parser = _PageText()
    parser.feed(page.decode(errors="replace"))
    return parser.text


def _pdf_text(file: BinaryIO) -> str:
    """Return the last subject in a PDF. Other programs also write it into compressed objects."""
    # A match keeps the map open, which therefore is not closed here.
    content = mmap(file.fileno(), 0, access=ACCESS_READ)
    if (subject := _pdf_subject(content)) is not None:
        return subject
    streams = re.finditer(rb"/ObjStm\b.{0,500}?>>\s*stream\r?\n", content, re.DOTALL)
    for found in islice(streams, MAX_PDF_STREAMS):
        compressed = content[found.end() : found.end() + MAX_FOUND_LENGTH]
        with suppress(zlib.error):
            objects = zlib.decompressobj().decompress(compressed, MAX_FOUND_LENGTH)
            if (subject := _pdf_subject(objects)) is not None:
                return subject
    return ""


def _pdf_subject(content: bytes | mmap) -> str | None:
    """Return the last subject in the text of a PDF, or None."""
    place = content.rfind(b"/Subject")
    data = content[place + 8 : place + MAX_FOUND_LENGTH].lstrip() if place >= 0 else b""
    if data[:1] not in (b"(", b"<"):
        return None
    text = _pdf_literal(data) if data[:1] == b"(" else bytes.fromhex(data[1:].partition(b">")[0].decode("latin-1"))
    return text.decode("utf-16" if text[:2] in (b"\xfe\xff", b"\xff\xfe") else "latin-1", errors="replace")


def _pdf_literal(data: bytes) -> bytes:
    """Return the text of a string in parentheses at the start of some data, without its escapes.

    Without the end of the string, the text is empty.
    """
    text, depth = bytearray(), 0
    for part in re.finditer(rb"\\(?:([0-7]{1,3})|(\r\n|.))|[()]|[^\\()]+", data, re.DOTALL):
        octal, escaped = part.groups()
        depth += {b"(": 1, b")": -1}.get(part[0], 0)
        if depth == 0:
            return bytes(text[1:])
        if octal:
            text.append(int(octal, 8) & 255)
        else:
            text += _PDF_ESCAPES.get(escaped, escaped) if escaped else part[0]
    return b""


def _video_text(path: Path) -> str:
    arguments = ["-protocol_whitelist", "file", "-i", file_url(path), "-map_chapters", "-1", "-f", "ffmetadata", "-"]
    try:
        with Ffmpeg(arguments, "ffmpeg") as ffmpeg:
            metadata = ffmpeg.finish(MAX_FOUND_LENGTH).decode(errors="replace").replace("\r\n", "\n")
    except Error as error:
        raise Error(f"{path}: cannot be read; it is no clip and no picture") from error
    found = re.search(r"^comment=((?:[^\\\n]++|\\.)*+)$", metadata, re.MULTILINE | re.DOTALL | re.IGNORECASE)
    return re.sub(r"\\(.)", r"\1", found[1], flags=re.DOTALL) if found else ""
