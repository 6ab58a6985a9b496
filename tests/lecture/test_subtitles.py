"""Subtitles of spoken texts, read by PyAV, and the description of a lecture."""

import unicodedata
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from animopt.lecture.subtitles import (
    chapter_remark,
    cues_of,
    description_text,
    reading_seconds,
    seconds_of,
    sentence_starts,
)
from animopt.publish.captions import Cue, subrip, webvtt

ENGLISH = (
    "Gradient descent takes the steepest direction at every single step, which in a long and narrow ravine points "
    "almost across it, so that the path zigzags from wall to wall, and only slowly moves along the floor. Adam is "
    "faster, e.g. with a rate of 0.1. Yes."
)
KOREAN = (
    "경사하강법은 매 단계마다 가장 가파른 방향으로 움직입니다. 좁고 긴 골짜기에서는 그 방향이 골짜기를 거의 "
    "가로지르기 때문에, 경로는 벽에서 벽으로 지그재그로 움직이고, 바닥을 따라서는 아주 천천히 나아갑니다.정말 "
    "그럴까요? 네."
)


def anchored(text, length, begin=0.0):
    return [(0, begin), (len(text), begin + length)]


def sentences(text):
    starts = [*sentence_starts(text), len(text)]
    return [text[start:end].strip() for start, end in pairwise(starts)]


def width(line):
    return sum(2 if unicodedata.east_asian_width(letter) in "WF" else 1 for letter in line)


@pytest.mark.parametrize(
    "expected",
    [
        ["A rate of 0.1 works, e.g. Adam.", "See Fig. 3 for 1e-3.", "Then it ends."],
        [
            "D. P. Kingma wrote Adam.",
            "Is the answer no?",
            "The answer is no.",
            "It moves from A to B.",
            "Then, etc. and on.",
        ],
        ['He said "stop!" and went.', '"Why?"', "(It is so.)", "Kingma et al. show it vs. SGD...", "Done!"],
        ["학습률이 0.1이면 어떻게 될까요?", "골짜기를 따라 움직입니다.", "빨라요!", "Adam은 다릅니다."],
        ["No end"],
        [],
    ],
)
def test_sentences_end_only_at_their_ends(expected):
    assert sentences(" ".join(expected)) == expected
    assert sentences("\n ".join(expected)) == expected


def test_sentence_without_a_mark_ends_at_an_empty_line():
    assert sentences("One\nsame\n \n\nTwo\n") == ["One\nsame", "Two"]
    assert sentences("하나입니다.둘입니다.") == ["하나입니다.", "둘입니다."]


@pytest.mark.parametrize("text", [ENGLISH, KOREAN])
def test_cues_have_two_short_lines_and_the_whole_text(text):
    found = cues_of(text, anchored(text, reading_seconds(text), begin=7))
    assert " ".join(line for cue in found for line in cue.lines).split() == text.replace(".정말", ". 정말").split()
    assert all(len(cue.lines) <= 2 and all(width(line) <= 42 for line in cue.lines) for cue in found)
    # No line is nearly empty beside a long one.
    assert all(min(map(width, cue.lines)) > 10 for cue in found)
    assert sum(cue.lines[-1][-1] in ",.?" for cue in found) >= len(found) - 1
    assert found[0].start == 7
    assert found[-1].end == pytest.approx(7 + reading_seconds(text), abs=2e-3)
    assert all(one.end == other.start for one, other in pairwise(found))
    assert all(cue.end - cue.start >= 0.998 for cue in found)
    speeds = [sum(map(width, cue.lines)) / (cue.end - cue.start) for cue in found]
    assert max(speeds) < 2 * min(speeds)


def test_cues_follow_anchors():
    text = "First it waits for long. Then it arrives at the minimum. At last it stays there."
    second, third = text.index("Then"), text.index("At")
    found = cues_of(text, [(0, 1), (second, 9.5), (third, 11.25), (len(text), 20)])
    assert [(cue.start, cue.end) for cue in found] == [(1, 9.5), (9.5, 11.25), (11.25, 20)]
    # Between two anchors, seconds follow the letters.
    seconds = seconds_of(text, [(0, 1), (second, 9.5), (len(text), 20)])
    assert (seconds[0], seconds[-1]) == (1, 20)
    assert (np.diff(seconds) >= 0).all()
    assert seconds[text.index("waits")] == pytest.approx(1 + 8.5 * 9 / 25)


def test_short_sentences_share_a_cue():
    text = "Yes. No. It is so. " * 3
    found = cues_of(text, anchored(text, 4))
    assert all(cue.end - cue.start >= 1 for cue in found)
    assert cues_of(text, anchored(text, 0)) == cues_of("", [(0, 5.0)]) == cues_of(" \n", anchored(" \n", 3)) == []


@settings(max_examples=60, deadline=None)
@given(
    st.text(st.sampled_from("ab. ?!,A\n가다요1-\"'{}<>\\\x1b\u3002\U0001f600"), max_size=300),
    st.floats(0.01, 100),
)
def test_any_text_gives_cues_without_gaps(text, length):
    found = cues_of(text, anchored(text, length))
    letters = "".join("".join(line for cue in found for line in cue.lines).split())
    if len(found) < 100 * length:
        assert letters == "".join(text.split())
    assert all(len(cue.lines) <= 2 and all(width(line) <= 42 for line in cue.lines) for cue in found)
    assert all(one.end == other.start for one, other in pairwise(found))
    assert all(0 <= cue.start < cue.end <= length + 1e-3 for cue in found)


def test_reading_pace_is_that_of_a_lecturer():
    words = "The path of the optimizer zigzags from wall to wall and only slowly moves along the floor. " * 10
    assert len(words.split()) / reading_seconds(words) * 60 == pytest.approx(150, rel=0.15)
    syllables = sum("가" <= letter <= "힣" for letter in KOREAN)
    assert syllables / reading_seconds(KOREAN) * 60 == pytest.approx(330, rel=0.3)
    assert reading_seconds("one two") == reading_seconds("  one \n\t two\n")
    assert reading_seconds("") == reading_seconds(" \n") == 0


@pytest.mark.parametrize(("write", "suffix"), [(subrip, ".srt"), (webvtt, ".vtt")])
def test_hostile_cues_are_read_back(tmp_path, write, suffix):
    av = pytest.importorskip("av", reason='needs PyAV: pip install ".[test]"')
    cues = [
        Cue(0.5, 1.25, ("<b>a</b> & {\\an8}b --> 1 < 2\r\n\r\n\x1b3\u2028", "둘 \\nabla")),
        Cue(1.25, 1.25, ("never",)),
        Cue(1.25, 2, (" \n",)),
        Cue(3599.9996, 3723.5, ("WEBVTT", "7", "00:00:01,000 x")),
    ]
    path = tmp_path / f"a{suffix}"
    path.write_text(write(cues), encoding="utf-8", newline="\n")
    with av.open(path) as file:
        read = [
            (
                float(packet.pts * packet.time_base),
                float(packet.duration * packet.time_base),
                # The text after eight fields, in which the reader escapes braces and backslashes.
                shown.ass.decode().split(",", 8)[8],
            )
            for packet in file.demux()
            for subtitle in packet.decode()
            for shown in (subtitle if hasattr(subtitle, "__iter__") else [subtitle])
        ]
    assert [each[:2] for each in read] == [(0.5, 0.75), (3600, 123.5)]
    plain = [text.replace("\u2060", "").replace("\\{{}", "{") for _, _, text in read]
    start = "‹b›a‹/b› & (\\an8)b" if suffix == ".srt" else "<b>a</b> & {\\an8}b"
    assert plain[0].replace("-->", "→") == f"{start} → 1 < 2\\N3\\N둘 \\nabla"
    assert plain[1] == "WEBVTT\\N7\\N00:00:01,000 x"


def test_description_has_a_line_for_each_chapter():
    chapters = [(0, "Start <here>"), (9.99, "둘\nand\x07"), (3599.9, "three"), (3723.5, "four")]
    assert description_text("Gradient\ndescent", chapters, ["A text.\nIt ends.", ""]).splitlines() == [
        "Gradient descent",
        "",
        "0:00 Start ‹here›",
        "0:09 둘 and",
        "59:59 three",
        "1:02:03 four",
        "",
        "A text.",
        "It ends.",
    ]


def test_chapters_that_a_video_site_ignores_are_named():
    assert chapter_remark([(0, "a"), (10, "b"), (20, "c")], 30) == ""
    assert "'b' is shorter" in chapter_remark([(0, "a"), (10, "b"), (19.9, "c")], 30)
    assert "'c' is shorter" in chapter_remark([(0, "a"), (10, "b"), (20, "c")], 29)
    assert "at least 3, and this lecture has 2" in chapter_remark([(0, "a"), (10, "b")], 30)
