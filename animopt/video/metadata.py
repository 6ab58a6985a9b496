"""Texts in clips and pictures, as the comment or description of each format.

Texts are printable ASCII, which all these formats can hold.
"""

import os
import re
import struct
import zlib
from collections.abc import Iterator
from html import escape
from pathlib import Path
from typing import BinaryIO
from xml.etree import ElementTree

from animopt.core.contexts import quiet_logger
from animopt.core.errors import Error, first_line
from animopt.video.ffmpeg import Ffmpeg, file_url

MAX_TEXT_LENGTH = 60_000
"""Maximum number of characters of a text. A MOV stores the length in 16 bits."""

BLOCK_SIZE = 2**20
"""Number of bytes that are moved at once."""

PNG_SIGNATURE = b"\x89PNG\r\n\x1a\n"
"""First bytes of a PNG."""

_DESCRIPTION = "{http://purl.org/dc/elements/1.1/}description"

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
        colors = 2 ** ((start[10] & 7) + 1) if start[10] & 0x80 else 0
        offset = file.seek(13 + 3 * colors)
        # Some players expect the loop extension directly after the colors.
        offset += 19 if file.read(14) == b"\x21\xff\x0bNETSCAPE2.0" else 0
    data = text.encode("ascii")
    blocks = [data[start : start + 255] for start in range(0, len(data), 255)]
    _insert(path, offset, b"\x21\xfe" + b"".join(bytes([len(block)]) + block for block in blocks) + b"\0")


def embed_in_png(path: Path, text: str) -> None:
    """Insert a comment into a PNG or an animated PNG. Raise Error for another file."""
    with path.open("rb") as file:
        chunks = {kind: offset for kind, offset, _ in _png_chunks(file)}
    if not {b"IHDR", b"IEND"} <= set(chunks):
        raise Error(f"{path.name}: is not a PNG")
    # Readers search only the first bytes for the chunk that announces an animation.
    offset = chunks[b"IEND"] if b"acTL" in chunks else chunks[b"IHDR"] + 25
    chunk = b"tEXtComment\0" + text.encode("ascii")
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
        file.seek(4)
        file.write(struct.pack("<I", size - 8))
        file.seek(20)
        file.write(bytes([start[20] | 0x04]))


EMBEDDERS = {".gif": embed_in_gif, ".png": embed_in_png, ".apng": embed_in_png, ".webp": embed_in_webp}
"""Functions that insert a text into a finished file, by suffix. ffmpeg inserts it into files of other formats."""


def ffmetadata(text: str) -> str:
    """Return the content of a metadata file by which ffmpeg inserts a text as the comment of a video."""
    literal = re.sub(r"([=;#\\\n])", r"\\\1", text)
    return f";FFMETADATA1\ncomment={literal}\n"


def embedded_text(path: Path) -> str:
    """Return the comment or description of a file, or "" if it has none.

    Raises Error for a file that cannot be read, or that is neither a picture nor a video.
    """
    try:
        with path.open("rb") as file:
            start = file.read(512)
        if start.startswith(PNG_SIGNATURE):
            return _png_text(path)
        if start.startswith(b"GIF8") or start[8:12] == b"WEBP":
            return _image_text(path, gif=start.startswith(b"GIF8"))
        if start.startswith(b"%PDF"):
            return _pdf_text(path)
        if re.search(rb"<(\?xml|!DOCTYPE svg|svg)", start):
            return next((each.text or "" for _, each in ElementTree.iterparse(path) if each.tag == _DESCRIPTION), "")
    except OSError as error:
        raise Error(f"{path}: cannot be read: {error.strerror or error}") from error
    except (ElementTree.ParseError, SyntaxError, ValueError) as error:
        raise Error(f"{path}: cannot be read: {error}") from error
    return _video_text(path)


def _png_chunks(file: BinaryIO) -> Iterator[tuple[bytes, int, int]]:
    """Yield the kind, the offset and the length of the data of each chunk of a PNG, and nothing for another file."""
    offset = len(PNG_SIGNATURE)
    kind = b"" if file.read(offset) == PNG_SIGNATURE else b"IEND"
    while kind != b"IEND" and len(head := file.read(8)) == 8:
        length, kind = int.from_bytes(head[:4], "big"), head[4:]
        yield kind, offset, length
        offset = file.seek(offset + length + 12)


def _png_text(path: Path) -> str:
    with path.open("rb") as file:
        for kind, offset, length in _png_chunks(file):
            if kind == b"tEXt":
                file.seek(offset + 8)
                keyword, _, text = file.read(min(length, 2 * MAX_TEXT_LENGTH)).partition(b"\0")
                if keyword == b"Comment":
                    return text.decode("latin-1")
    return ""


def _image_text(path: Path, *, gif: bool) -> str:
    from PIL.GifImagePlugin import GifImageFile
    from PIL.WebPImagePlugin import WebPImageFile

    # Unlike Image.open, these accept any number of pixels. No pixel is decoded.
    with (GifImageFile if gif else WebPImageFile)(path) as image:
        found = {key.casefold(): value for key, value in image.info.items() if isinstance(key, str)}
    if packet := found.get("xmp"):
        items = ElementTree.fromstring(packet).iter(_DESCRIPTION)
        return "".join("".join(item.itertext()).strip() for item in items)
    comment = found.get("comment", "")
    return comment.decode(errors="replace") if isinstance(comment, bytes) else str(comment)


def _pdf_text(path: Path) -> str:
    from pypdf import PdfReader
    from pypdf.errors import PyPdfError

    try:
        with quiet_logger("pypdf"):
            metadata = PdfReader(path).metadata
            return (metadata and metadata.subject) or ""
    except PyPdfError as error:
        raise Error(f"{path}: cannot be read: {first_line(error)}") from error


def _video_text(path: Path) -> str:
    arguments = ["-protocol_whitelist", "file", "-i", file_url(path), "-f", "ffmetadata", "-"]
    try:
        with Ffmpeg(arguments, answers=True) as ffmpeg:
            metadata = ffmpeg.finish().decode(errors="replace").replace("\r\n", "\n")
    except Error as error:
        raise Error(f"{path}: cannot be read; it is no clip and no picture") from error
    found = re.search(r"^comment=((?:[^\\\n]|\\.)*)$", metadata, re.MULTILINE | re.DOTALL | re.IGNORECASE)
    return re.sub(r"\\(.)", r"\1", found[1], flags=re.DOTALL) if found else ""


def _insert(path: Path, offset: int, data: bytes) -> None:
    """Insert bytes into a file. The bytes after them are moved block by block, from the end."""
    with path.open("r+b") as file:
        end = file.seek(0, os.SEEK_END)
        while end > offset:
            start = max(offset, end - BLOCK_SIZE)
            file.seek(start)
            block = file.read(end - start)
            file.seek(start + len(data))
            file.write(block)
            end = start
        file.seek(offset)
        file.write(data)
