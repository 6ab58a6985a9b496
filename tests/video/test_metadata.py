"""Texts in files that other programs changed, or that are damaged or large."""

import logging
import struct
import warnings

import pytest
from PIL import Image
from pypdf import PdfReader, PdfWriter

from animopt import Error
from animopt.video.metadata import embed_in_gif, embedded_text

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
    writer.add_metadata({"/Subject": "\N{BULLET}" + subject})
    writer.write(tmp_path / "b.pdf")
    assert b"/Subject ({" not in (tmp_path / "b.pdf").read_bytes()
    assert embedded_text(pdf) == subject
    assert embedded_text(tmp_path / "b.pdf") == "\N{BULLET}" + subject


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
