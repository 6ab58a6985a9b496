"""Texts in files that other programs changed, or that are damaged or large."""

import logging
import struct
import subprocess
import sys
import tracemalloc
import warnings
import zlib

import imageio_ffmpeg
import pytest
from PIL import Image
from pypdf import PdfReader, PdfWriter

from animopt import Error
from animopt.video.metadata import MAX_FOUND_LENGTH, embed_in_gif, embedded_text

TEXT = r'{"source": "a (b\\) \"c\"", "seed": 3}'


@pytest.fixture(scope="module")
def pdf(tmp_path_factory, scenes):
    """A PDF with a recipe."""
    from animopt import load_scene

    path = tmp_path_factory.mktemp("pdf") / "a.pdf"
    load_scene(scenes["ravine_sgd"]).still(path, 0.5, (320, 180))
    return path


def test_recipe_survives_saving_the_pdf_with_another_program(pdf, tmp_path):
    writer = PdfWriter(clone_from=pdf)
    subject = PdfReader(pdf).metadata.subject
    writer.add_metadata({"/Subject": "가" + subject})
    writer.write(tmp_path / "b.pdf")
    assert b"/Subject ({" not in (tmp_path / "b.pdf").read_bytes()
    assert embedded_text(pdf) == subject
    assert embedded_text(tmp_path / "b.pdf") == "가" + subject


@pytest.mark.parametrize("kept", [8, 200, 0.5, 0.99])
def test_damaged_pdf_is_an_error_or_has_no_text(pdf, tmp_path, caplog, kept):
    content = pdf.read_bytes()
    path = tmp_path / "a.pdf"
    path.write_bytes(content[: kept if kept > 1 else int(kept * len(content))])
    with caplog.at_level(logging.WARNING):
        try:
            text = embedded_text(path)
        except Error as error:
            text = str(error)
    assert text in ("", embedded_text(pdf)) or text.startswith(f"{path}: cannot be read: ")
    assert "\n" not in text
    assert not caplog.records


def test_gif_with_more_pixels_than_pillow_opens_is_read(tmp_path):
    path = tmp_path / "a.gif"
    Image.new("P", (9, 9)).save(path)
    content = bytearray(path.read_bytes())
    content[6:10] = struct.pack("<HH", 30_000, 30_000)
    path.write_bytes(content)
    embed_in_gif(path, TEXT)
    with pytest.raises(Image.DecompressionBombError):
        Image.open(path)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert embedded_text(path) == TEXT


def chunk(kind, data):
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


XMP = b'<x:xmpmeta xmlns:x="adobe:ns:meta/"><d:description xmlns:d="http://purl.org/dc/elements/1.1/">%s'


def write_commented(path, length):
    """Write a file of another program, with a comment of a length."""
    suffix, text = path.suffix, b"x" * length
    if suffix == ".gif":
        blocks = b"".join(b"\xff" + text[:255] for _ in range(length // 255))
        path.write_bytes(b"GIF89a" + bytes(7) + b"\x21\xfe" + blocks + b"\0;")
    elif suffix == ".png":
        header = chunk(b"IHDR", struct.pack(">IIBBBBB", 1, 1, 8, 0, 0, 0, 0))
        path.write_bytes(b"\x89PNG\r\n\x1a\n" + header + chunk(b"tEXt", b"Comment\0" + text))
    elif suffix == ".webp":
        packet = XMP % text
        path.write_bytes(b"RIFF\0\0\0\0WEBPVP8X" + struct.pack("<I", 10) + bytes(10) + b"XMP ")
        with path.open("ab") as file:
            file.write(struct.pack("<I", len(packet)) + packet)
    elif suffix == ".svg":
        path.write_bytes(b'<svg xmlns="http://www.w3.org/2000/svg">' + XMP % text)
    elif suffix == ".pdf":
        path.write_bytes(b"%PDF-1.4\n1 0 obj\n<< /Subject (" + text + b") >>\nendobj\ntrailer << /Info 1 0 R >>\n%%EOF")
    else:
        comment = path.with_suffix(".txt")
        comment.write_bytes(b";FFMETADATA1\ncomment=" + text + b"\n")
        source = ["-f", "lavfi", "-i", "testsrc=d=0.1:s=16x16:r=10", "-i", comment, "-map_metadata", "1", "-map", "0"]
        ffmpeg = [imageio_ffmpeg.get_ffmpeg_exe(), "-loglevel", "error"]
        subprocess.run([*ffmpeg, *source, "-c:v", "libx264", path], check=True)


MEASURE = """
import resource, subprocess, sys
subprocess.run([sys.executable, "-m", "animopt", "recipe", sys.argv[1]])
print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)
"""

COMMENTED = (".gif", ".png", ".webp", ".svg", ".pdf", ".mp4")


@pytest.mark.parametrize("suffix", COMMENTED)
def test_long_comment_is_not_read_whole(tmp_path, suffix):
    path = tmp_path / f"a{suffix}"
    write_commented(path, 8_000_000)
    tracemalloc.start()
    try:
        text = embedded_text(path)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert len(text) <= MAX_FOUND_LENGTH + 255
    assert peak < 7e6


@pytest.mark.long
@pytest.mark.skipif(sys.platform == "win32", reason="Windows does not report the memory of an ended process")
@pytest.mark.parametrize("suffix", COMMENTED)
def test_recipe_of_a_file_with_a_comment_of_100_mb_needs_little_memory(tmp_path, suffix):
    path = tmp_path / f"a{suffix}"
    write_commented(path, 100_000_000)
    # A process counts the memory of the one that started it, so a small one starts it.
    done = subprocess.run([sys.executable, "-c", MEASURE, path], capture_output=True, text=True, check=True)
    assert "has no recipe" in done.stderr
    # ffmpeg itself needs three times the length of the comment.
    unit = 1 if sys.platform == "darwin" else 1024
    assert int(done.stdout) * unit < (500e6 if suffix == ".mp4" else 250e6)


@pytest.mark.parametrize(
    "content", [b"<svg>" + b"<g>" * 5_000_000, b"<svg>" + b"<g/>" * 5_000_000], ids=["deep", "wide"]
)
@pytest.mark.long
def test_large_svg_is_not_read_whole(tmp_path, content):
    (tmp_path / "a.svg").write_bytes(content)
    assert embedded_text(tmp_path / "a.svg") == ""


OBJECTS = b"2 0 obj\n<< /Type /ObjStm /DecodeParms << /Predictor 1 >> /Filter /FlateDecode >>\nstream\r\n"


@pytest.mark.parametrize(
    ("data", "text"),
    [(b"(\\376\\377\\000a\\000\\(\\000\\\\)", "a(\\"), (b"12 0 R", ""), (bytes(2_000_000) + b"/Subject (late)", "")],
    ids=["text", "none", "bomb"],
)
def test_subject_of_a_pdf_is_found_in_compressed_objects(tmp_path, data, text):
    stream = zlib.compress(b"1 0 << /Subject " + data + b" >>")
    (tmp_path / "a.pdf").write_bytes(b"%PDF-1.7\n" + OBJECTS + stream + b"\nendstream\nendobj\n")
    assert embedded_text(tmp_path / "a.pdf") == text


@pytest.mark.parametrize(
    ("subject", "text"),
    [
        (b"(plain)", "plain"),
        (b"(a \\(b\\) (nested (twice)) c)", "a (b) (nested (twice)) c"),
        (b"(\\101\\7z\\n\\q)", "A\x07z\nq"),
        (b"<feff0041 ac00>", "A가"),
        (b" \n(old) >> endobj << /Subject (new)", "new"),
        (b"12 0 R", ""),
        (b"(not closed", ""),
    ],
)
def test_subject_of_a_pdf_is_read(tmp_path, subject, text):
    (tmp_path / "a.pdf").write_bytes(b"%PDF-1.4\n1 0 obj\n<< /Subject " + subject + b" >>\nendobj\n")
    assert embedded_text(tmp_path / "a.pdf") == text


@pytest.mark.long
def test_many_streams_in_a_pdf_take_little_time(tmp_path):
    (tmp_path / "a.pdf").write_bytes(b"%PDF-1.4\n" + b"/ObjStm " * 50_000 + b"/ObjStm >> stream\n" * 50_000)
    assert embedded_text(tmp_path / "a.pdf") == ""
