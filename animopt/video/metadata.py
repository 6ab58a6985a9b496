"""A text in a file of pictures, in the place that its format has for one, and reading it back.

The text is printable ASCII, which every one of these places can hold.
"""

import os
import re
import struct
import zlib
from collections.abc import Iterator
from html import escape
from pathlib import Path
from unittest.mock import patch
from xml.etree import ElementTree

from animopt.core.errors import Error
from animopt.video.ffmpeg import Ffmpeg, file_url

MOST = 60_000
"""As many letters fit everywhere: a MOV counts them in 16 bits."""

BLOCK = 2**20

PNG = b"\x89PNG\r\n\x1a\n"
"""How every PNG begins."""

_DESCRIPTION = "{http://purl.org/dc/elements/1.1/}description"

_XMP = (
    '<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">'
    '<rdf:Description xmlns:dc="http://purl.org/dc/elements/1.1/"><dc:description><rdf:Alt>'
    '<rdf:li xml:lang="x-default">{}</rdf:li></rdf:Alt></dc:description></rdf:Description></rdf:RDF></x:xmpmeta>'
)


def embed_in_gif(path: Path, text: str) -> None:
    """Put a text into a GIF as a comment, before its first picture. Raises Error for what is no GIF."""
    with path.open("rb") as file:
        start = file.read(13)
        if start[:4] != b"GIF8" or len(start) < 13:
            raise Error(f"{path.name}: is no GIF")
        colours = 2 ** ((start[10] & 7) + 1) if start[10] & 0x80 else 0
        place = 13 + 3 * colours
        file.seek(place)
        # Some players look for the loop right behind the colours.
        place += 19 if file.read(14) == b"\x21\xff\x0bNETSCAPE2.0" else 0
    letters = text.encode("ascii")
    blocks = [letters[first : first + 255] for first in range(0, len(letters), 255)]
    _insert(path, place, b"\x21\xfe" + b"".join(bytes([len(block)]) + block for block in blocks) + b"\0")


def embed_in_png(path: Path, text: str) -> None:
    """Put a text into a PNG, animated or not, as its comment. Raises Error for what is no PNG."""
    chunks = {kind: place for kind, place, _ in _chunks(path)}
    if not {b"IHDR", b"IEND"} <= set(chunks):
        raise Error(f"{path.name}: is no PNG")
    # Whoever looks for what says that there are several pictures does not look far; a single one is read to its end.
    place = chunks[b"IEND"] if b"acTL" in chunks else chunks[b"IHDR"] + 25
    chunk = b"tEXtComment\0" + text.encode("ascii")
    _insert(path, place, struct.pack(">I", len(chunk) - 4) + chunk + struct.pack(">I", zlib.crc32(chunk)))


def embed_in_webp(path: Path, text: str) -> None:
    """Put a text into an animated WebP as its description in XMP, at the end. Raises Error for what is no such file."""
    packet = _XMP.format(escape(text)).encode("ascii")
    with path.open("r+b") as file:
        start = file.read(21)
        if start[:4] != b"RIFF" or start[8:16] != b"WEBPVP8X":
            raise Error(f"{path.name}: is no animated WebP")
        size = file.seek(0, os.SEEK_END)
        file.write(b"XMP " + struct.pack("<I", len(packet)) + packet + b"\0" * (len(packet) % 2))
        size = file.tell()
        file.seek(4)
        file.write(struct.pack("<I", size - 8))
        file.seek(20)
        file.write(bytes([start[20] | 0x04]))


EMBEDDERS = {".gif": embed_in_gif, ".png": embed_in_png, ".apng": embed_in_png, ".webp": embed_in_webp}
"""What puts a text into a finished file, by its suffix; into all others ffmpeg does, while it writes them."""


def ffmetadata(text: str) -> str:
    """A file that makes ffmpeg put a text into a video as its comment."""
    literal = re.sub(r"([=;#\\\n])", r"\\\1", text)
    return f";FFMETADATA1\ncomment={literal}\n"


def embedded(path: Path) -> str:
    """The comment or description in a file of any format that is written here, "" where it has none.

    Raises Error for what is no picture and no video, or cannot be read.
    """
    try:
        with path.open("rb") as file:
            start = file.read(512)
        if start.startswith(PNG):
            return _in_png(path)
        if start.startswith(b"GIF8") or start[8:12] == b"WEBP":
            return _in_picture(path)
        if start.startswith(b"%PDF"):
            return _in_pdf(path.read_bytes())
        if re.search(rb"<(\?xml|!DOCTYPE svg|svg)", start):
            return next((each.text or "" for _, each in ElementTree.iterparse(path) if each.tag == _DESCRIPTION), "")
    except OSError as error:
        raise Error(f"{path}: cannot be read: {error.strerror or error}") from error
    except (ElementTree.ParseError, SyntaxError, ValueError) as error:
        raise Error(f"{path}: cannot be read: {error}") from error
    return _in_video(path)


def _chunks(path: Path) -> Iterator[tuple[bytes, int, int]]:
    """The chunks of a PNG, none of another file: their kinds, their places and the lengths of what is in them."""
    with path.open("rb") as file:
        place = len(PNG)
        if file.read(place) != PNG:
            return
        while len(head := file.read(8)) == 8:
            length = int.from_bytes(head[:4], "big")
            yield head[4:], place, length
            if head[4:] == b"IEND":
                return
            place += length + 12
            file.seek(place)


def _in_png(path: Path) -> str:
    for kind, place, length in _chunks(path):
        if kind == b"tEXt":
            with path.open("rb") as file:
                file.seek(place + 8)
                keyword, _, text = file.read(min(length, 2 * MOST)).partition(b"\0")
            if keyword == b"Comment":
                return text.decode("latin-1")
    return ""


def _in_picture(path: Path) -> str:
    from PIL import Image

    # No pixel is read, so that none need be feared.
    with patch.object(Image, "MAX_IMAGE_PIXELS", None), Image.open(path) as image:
        found = {key.casefold(): value for key, value in image.info.items() if isinstance(key, str)}
    if packet := found.get("xmp"):
        items = ElementTree.fromstring(packet).iter(_DESCRIPTION)
        return "".join("".join(item.itertext()).strip() for item in items)
    comment = found.get("comment", "")
    return comment.decode(errors="replace") if isinstance(comment, bytes) else str(comment)


def _in_pdf(content: bytes) -> str:
    found = re.search(rb"/Subject \(((?:[^\\()]|\\.)*)\)", content, re.DOTALL)
    return re.sub(rb"\\(.)", rb"\1", found[1]).decode("latin-1") if found else ""


def _in_video(path: Path) -> str:
    taken = ["-protocol_whitelist", "file", "-i", file_url(path), "-f", "ffmetadata", "-"]
    try:
        with Ffmpeg(taken, answers=True) as reader:
            said = reader.finish().decode(errors="replace").replace("\r\n", "\n")
    except Error as error:
        raise Error(f"{path}: cannot be read; it is no clip and no picture") from error
    found = re.search(r"^comment=((?:[^\\\n]|\\.)*)$", said, re.MULTILINE | re.DOTALL | re.IGNORECASE)
    return re.sub(r"\\(.)", r"\1", found[1], flags=re.DOTALL) if found else ""


def _insert(path: Path, place: int, extra: bytes) -> None:
    """Put bytes into a file, moving what is behind them, from the end, a block at a time."""
    with path.open("r+b") as file:
        end = file.seek(0, os.SEEK_END)
        while end > place:
            begin = max(place, end - BLOCK)
            file.seek(begin)
            block = file.read(end - begin)
            file.seek(begin + len(extra))
            file.write(block)
            end = begin
        file.seek(place)
        file.write(extra)
