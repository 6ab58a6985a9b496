"""Handouts, read by pypdf."""

import io
import re

import numpy as np
import pytest
from PIL import Image
from pypdf import PdfReader

from animopt import Error
from animopt.lecture import handout
from animopt.lecture.handout import MARGIN, SHEET, Page, page_of_races, save_handout


def read(path):
    """Return the text of each sheet, with the spaces that a reader finds in it."""
    return [sheet.extract_text() for sheet in PdfReader(path).pages]


@pytest.fixture
def drawn(monkeypatch):
    """The sheets of the handouts that are saved, as pixels with one for each point."""
    pictures = []

    def kept(figures):
        for figure in figures:
            yield figure
            figure.canvas.draw()
            pictures.append(np.array(figure.canvas.buffer_rgba())[..., :3])

    write = handout.vector_pages
    monkeypatch.setattr(handout, "vector_pages", lambda figures, title: write(kept(figures), title))
    return pictures


@pytest.fixture(scope="module")
def picture(make_film, ravine_race):
    return make_film(ravine_race, size=(640, 360)).result_frame()


@pytest.mark.long
def test_handout_has_a_sheet_for_each_part(tmp_path, picture, ravine_race):
    path = tmp_path / "강의.pdf"
    pages = [
        Page("Where is the minimum?", "0:00"),
        page_of_races("The race", "0:04", picture, "Momentum \\(\\beta\\) overshoots.\n\nIt ends.", [ravine_race]),
        Page("골짜기 경주", "1:02:03", text="모멘텀이 먼저 도착합니다."),
    ]
    save_handout(path, "Descent $1", pages, "en")
    first, second, third = read(path)
    assert first.split("\n")[:2] == ["0:00", "Where is the minimum?"]
    assert "Descent $1" in first
    assert "1 / 3" in first
    lines = second.split("\n")
    assert lines[:4] == ["0:04", "The race", "Momentum β overshoots.", "It ends."]
    assert "• Momentum: lr 0.1, momentum 0.9" in lines
    assert lines.index("What to see") + 1 == next(index for index, each in enumerate(lines) if "start at" in each)
    assert all(any(line.startswith(f"• {name}: ") for line in lines) for name in ravine_race.names)
    assert "골짜기 경주" in third
    assert "모멘텀이 먼저 도착합니다." in third
    reader = PdfReader(path)
    assert {tuple(map(float, sheet.mediabox)) for sheet in reader.pages} == {(0, 0, *SHEET)}
    assert reader.metadata.title == "Descent $1"
    (image,) = reader.pages[1].images
    shown = np.asarray(Image.open(io.BytesIO(image.data)).convert("RGB"))
    # A negative height mirrors the picture.
    (height,) = re.findall(rb"(\S+) \S+ \S+ cm /\w+ Do", reader.pages[1].get_contents().get_data())
    assert np.array_equal(shown[::-1] if float(height) < 0 else shown, picture)


@pytest.mark.long
def test_words_of_a_handout_are_in_its_language(tmp_path, ravine_race):
    path = tmp_path / "a.pdf"
    save_handout(path, "강의", [page_of_races("경주", "0:00", None, "말 " * 1300, [ravine_race])], "ko")
    texts = read(path)
    assert "경주 (계속)" in texts[1]
    assert "설정" in texts[-1]
    assert not any("continued" in text or "Settings" in text or "What to see" in text for text in texts)


@pytest.mark.long
def test_long_texts_continue_within_the_margins(tmp_path, drawn):
    path = tmp_path / "a.pdf"
    page = Page("T" * 300, "0:00", None, "word " * 300 + "\n\n" + "y" * 400, ["beat " * 60] * 9, ["s" * 300] * 6)
    with pytest.warns(UserWarning, match="no font has '🦄'"):
        save_handout(path, "footer " * 50, [page, Page("🦄\x07 {a} <b> $x$ \\(\\alpha", text="\n\n")], "en")
    texts = read(path)
    assert sum(text.count("word") for text in texts) == 300
    assert sum(text.count("y") for text in texts) == 400
    assert sum(text.count("beat") for text in texts) == 540
    assert sum(re.sub("Settings|What to see", "", text).count("s") for text in texts) == 6 * 300
    assert all("(continued)" in text for text in texts[1:-1])
    assert "□ {a} <b> $x$" in texts[-1]
    assert len(drawn) == len(texts)
    for pixels in drawn:
        rows, columns = np.nonzero((pixels != 255).any(axis=2))
        assert columns.min() >= MARGIN - 2
        assert columns.max() <= SHEET[0] - MARGIN + 2
        assert rows.min() >= MARGIN
        # The footer is in the lower margin.
        body = rows[rows < SHEET[1] - MARGIN / 2 - 10]
        assert body.max() <= SHEET[1] - MARGIN


@pytest.mark.long
def test_equal_handouts_are_equal_files(tmp_path, picture):
    paths = [tmp_path / "a.pdf", tmp_path / "b.pdf"]
    for path in paths:
        save_handout(path, "x", [Page("T", "0:00", picture, "text")], "en")
    assert paths[0].read_bytes() == paths[1].read_bytes()
    assert paths[0].stat().st_size < 400_000


def test_handout_in_a_missing_folder_is_refused(tmp_path):
    with pytest.raises(Error, match=r"a\.pdf: cannot be written: .*; its folder is gone"):
        save_handout(tmp_path / "none" / "a.pdf", "x", [Page("T")], "en")
