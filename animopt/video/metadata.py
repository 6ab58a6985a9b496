"""Texts in clips and pictures, as the comment or description of each format.

Texts are printable ASCII, which all these formats can hold.
"""

import os
import re
import shutil
import struct
import zlib
from html import escape
from mmap import ACCESS_READ, mmap
from pathlib import Path
from xml.etree import ElementTree

from animopt.core.contexts import quiet_logger
from animopt.core.errors import Error, first_line
from animopt.video.ffmpeg import Ffmpeg, file_url

MAX_TEXT_LENGTH = 60_000
"""Maximum number of characters of a text. A MOV stores the length in 16 bits."""

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


def ffmetadata(text: str) -> str:
    """Return the content of a metadata file by which ffmpeg inserts a text as the comment of a video."""
    return ";FFMETADATA1\ncomment=" + re.sub(r"([=;#\\\n])", r"\\\1", text) + "\n"


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


def _png_text(path: Path) -> str:
    with path.open("rb") as file, mmap(file.fileno(), 0, access=ACCESS_READ) as content:
        start = content.find(b"tEXtComment\0")
        length = min(int.from_bytes(content[start - 4 : start], "big"), 2 * MAX_TEXT_LENGTH)
        return content[start + 12 : start + 4 + length].decode("latin-1") if start > 0 else ""


def _image_text(path: Path, *, gif: bool) -> str:
    from PIL.GifImagePlugin import GifImageFile
    from PIL.WebPImagePlugin import WebPImageFile

    # Unlike Image.open, these accept any number of pixels. No pixel is decoded.
    with (GifImageFile if gif else WebPImageFile)(path) as image:
        found = {key.casefold(): value for key, value in image.info.items() if isinstance(key, str)}
    comment = found.get("comment", "")
    if not comment and (packet := found.get("xmp")):
        items = ElementTree.fromstring(packet).iter(_DESCRIPTION)
        return "".join("".join(item.itertext()).strip() for item in items)
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
        with Ffmpeg(arguments, "ffmpeg") as ffmpeg:
            metadata = ffmpeg.finish().decode(errors="replace").replace("\r\n", "\n")
    except Error as error:
        raise Error(f"{path}: cannot be read; it is no clip and no picture") from error
    found = re.search(r"^comment=((?:[^\\\n]|\\.)*)$", metadata, re.MULTILINE | re.DOTALL | re.IGNORECASE)
    return re.sub(r"\\(.)", r"\1", found[1], flags=re.DOTALL) if found else ""
