"""The command that renders a lecture, and its timeline as a table."""

import re
from collections.abc import Sequence
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from animopt.cli.options import FRAME_WORKERS, clip_options, complete_lecture, size_option
from animopt.core.errors import Error, UsageError, escape_controls, short_repr
from animopt.core.files import ends_in_separator
from animopt.core.language import ENGLISH, check_language
from animopt.core.processes import open_file
from animopt.core.working_folder import absolute
from animopt.scene import catalog

if TYPE_CHECKING:
    from animopt.cli.rendering import RenderOptions
    from animopt.lecture.cache import Cache
    from animopt.lecture.lecture_file import LectureFile
    from animopt.lecture.render import Program, Rendering
    from animopt.video.output import Output

FPS = 30
"""Frames per second of a lecture, unless others are given."""

TITLE_WIDTH = 48
"""Maximum width of a part's title in the timeline."""


def _languages(ctx: click.Context, param: click.Parameter, value: str | None) -> list[str] | None:
    if value is None:
        return None
    return list(dict.fromkeys(check_language("lang", code.strip()) for code in value.split(",")))


def _numbers(ctx: click.Context, param: click.Parameter, value: str | None) -> tuple[int, int] | None:
    """Parse a part, as 3, or successive parts, as 3-5."""
    if value is None:
        return None
    found = re.fullmatch(r"(\d{1,4})(?:-(\d{1,4}))?", value)
    if not found or not 1 <= int(found[1]) <= int(found[2] or found[1]):
        raise click.BadParameter(f"{value!r}: give the number of a part, as 3, or of several, as 3-5")
    return int(found[1]), int(found[2] or found[1])


@click.command(
    short_help="Render a lecture: one video with voices, subtitles and chapters.",
    params=[
        click.Argument(["name"], metavar="LECTURE", shell_complete=complete_lecture),
        click.Option(
            ["-o", "--output"], metavar="FILE", show_default="an MP4 in renders/", help="Video to write, as .mp4."
        ),
        click.Option(
            ["--lang", "languages"],
            metavar="LANGUAGE[,LANGUAGE...]",
            show_default=ENGLISH,
            callback=_languages,
            help="Language of all words, as en or ko; several make a video each.",
        ),
        click.Option(["--part"], metavar="N[-M]", callback=_numbers, help="Render one part, or successive ones."),
        click.Option(["--list", "is_listed"], is_flag=True, help="Print when each part begins, and render nothing."),
        click.Option(
            ["--watch"],
            is_flag=True,
            help="Render a draft now and whenever a file of the lecture is saved, until Ctrl-C.",
        ),
        click.Option(
            ["--speech"],
            metavar="COMMAND",
            help="Program that speaks the texts without audio, as 'piper --output_file {out}'. It reads the text from "
            "standard input, or as {text}, and {lang} is the language.",
        ),
        click.Option(["--no-cache", "keep"], flag_value=False, default=True, help="Draw every part, and keep none."),
        click.Option(["--open"], is_flag=True, help="Show the video when it is written."),
        *(
            each
            for each in clip_options(FRAME_WORKERS, size_option(None, "1280x720"), str(FPS))
            if each.name != "seconds"
        ),
    ],
)
def lecture(
    name: str,
    output: str | None,
    languages: Sequence[str] | None,
    part: tuple[int, int] | None,
    *,
    is_listed: bool,
    watch: bool,
    speech: str | None,
    keep: bool,
    **values: Any,
) -> None:
    """Render a lecture: cards and scenes with voices, as one MP4 with chapters and subtitles.

    LECTURE is a name from the list, or the path of a lecture file. Beside the video are its subtitles (.srt, .vtt), a
    description with times (.txt), a poster (.png), and a handout (.pdf). Parts that have not changed are not drawn
    again.
    """
    from animopt.cli.rendering import RenderOptions, output_folder
    from animopt.cli.watch import Stamp, add_stamps
    from animopt.cli.watch import watch as watch_files
    from animopt.lecture.cache import Cache
    from animopt.lecture.lecture_file import load_lecture
    from animopt.lecture.render import Rendering, checked_program
    from animopt.scene.folder_defaults import defaults_of

    path = catalog.find_lecture(name)
    defaults = defaults_of(path.parent)
    # A part does not replace the whole lecture.
    ending = "".join(f"-{number}" for number in ("part", *dict.fromkeys(part))) if part else ""
    target = Path(output or Path(defaults.output or "renders") / f"{catalog.name(path)}{ending}.mp4")
    if target.suffix.lower() != ".mp4" or (output and ends_in_separator(output)):
        raise UsageError(f"output {short_repr(output)}: a lecture is an MP4; give a name that ends in .mp4")
    values["fps"] = values["fps"] or defaults.fps or FPS
    options = RenderOptions(
        **values, seconds=None, outputs=[str(target)], watch=path if watch else None, defaults=defaults
    )
    console = options.console
    if is_listed and watch:
        raise UsageError("list: renders nothing; leave out --watch or --list")
    with Cache(keep=keep) as kept:
        to_open = options.open
        stamps: dict[Path, Stamp] = {}
        loaded: list[LectureFile] = []

        def work() -> None:
            nonlocal to_open
            with console.redirect_prints():
                file = load_lecture(path, options.limits)
            loaded[:] = [file]
            # A scene may be saved while another one is drawn.
            add_stamps(stamps, file.files_read())
            numbers = _part_numbers(file, part)
            theme = options.theme or file.theme
            chosen = languages or [file.language]
            videos = []
            for lang in chosen:
                # Of several videos, each is named after its language.
                place = target.with_suffix(f".{lang}{target.suffix}") if len(chosen) > 1 else target
                videos.append(
                    (Rendering(lang=lang, speech=speech or "", numbers=numbers), options.output(str(place), theme))
                )
            if is_listed:
                for rendering, video in videos:
                    _print_timeline(file, rendering, video, kept, options)
                return
            with nullcontext() if output else output_folder(target.parent):
                # A language that fails does so before minutes are spent on another one.
                with console.redirect_prints(), console.progress(path.name):
                    programs = [checked_program(file, *each, kept) for each in videos]
                for program in programs:
                    _render(program, kept, options)
                    if to_open and not open_file(absolute(program.output.path)):
                        console.warning(f"{program.output.path}: no program was found to show it; leave out --open")
                    to_open = False

        def watched_work() -> None:
            console.run(work)
            # The modules that the scenes import are known now.
            add_stamps(stamps, loaded[0].files_read() if loaded else ())

        if watch:
            console.note(f"animopt: {path} is rendered whenever it is saved; stop with Ctrl-C")
            watch_files(path, watched_work, stamps)
        else:
            work()


def _part_numbers(file: "LectureFile", part: tuple[int, int] | None) -> range:
    count = len(file.lecture.parts)
    first, last = part or (1, count)
    if last > count:
        raise UsageError(f"part {last}: the lecture has {count}; give a number up to {count}")
    return range(first, last + 1)


def _render(program: "Program", kept: "Cache", options: "RenderOptions") -> None:
    """Render the video and the files beside it, and report them."""
    from animopt.lecture.render import save_lecture
    from animopt.video.worker_pool import drawing_executor

    console, video = options.console, program.output
    written: list[Path] = []
    loudness: list[float] = []
    try:
        with console.redirect_prints(), console.progress(video.path.name) as progress:
            executor: AbstractContextManager[Any] = options.cluster_executor() or drawing_executor(
                options.workers, program.frames
            )
            with executor as workers:
                written.extend(save_lecture(program, kept, workers, progress, loudness.append))
    finally:
        if written:
            report = {"name": program.file.name, **_report(program, loudness)}
            console.files(written, [video], program.seconds, lecture=report)
    for level in loudness:
        console.note(f"animopt: the voices have {level:.1f} LUFS, of −16")


def _report(program: "Program", loudness: Sequence[float]) -> dict[str, object]:
    """Return the timeline as JSON can have it."""
    return {
        "title": program.title,
        "language": program.rendering.lang,
        "seconds": program.seconds,
        "loudness": loudness[0] if loudness else None,
        "parts": [
            {
                "part": part.number,
                "title": part.title,
                "start": program.start(part),
                "seconds": part.frames / program.output.fps,
                "reason": part.reason,
                "audio": [
                    {"path": str(voice.path), "measured": voice.measured, "loudness": voice.loudness}
                    for voice in part.spoken.voices
                ],
                "marks": [
                    {"mark": mark.name, "second": program.start(part) + mark.second, "estimated": not mark.given}
                    for mark in part.spoken.marks
                ],
            }
            for part in program.parts
        ],
    }


def _print_timeline(
    file: "LectureFile", rendering: "Rendering", video: "Output", kept: "Cache", options: "RenderOptions"
) -> None:
    """Print when each part begins, how long it takes and why, its voice and subtitles, and what is missing."""
    from rich.cells import cell_len, set_cell_size

    from animopt.lecture.render import Program, timed
    from animopt.lecture.subtitles import chapter_remark

    with options.console.redirect_prints():
        found = list(timed(file, rendering, video, kept))
    parts = tuple(part for part in found if not isinstance(part, Error))
    program = Program(file, rendering, video, parts)
    failed = [each for each in found if isinstance(each, Error)]
    if options.json:
        options.console.files([], lecture={**_report(program, []), "missing": [str(error) for error in failed]})
        return
    rows = [("part", "start", "length", "why", "audio", "subtitles")]
    for part in parts:
        seconds = part.frames / video.fps
        languages = [lang for lang in file.languages() if file.text(part.number, lang)]
        rows.append(
            (
                _shortened(f"{part.number} {part.title}"),
                _time(program.start(part)),
                f"{seconds:.1f} s",
                part.reason + (", marks estimated" if part.is_estimated else ""),
                ", ".join(voice.path.name for voice in part.spoken.voices) or "none",
                ", ".join(languages) or "none",
            )
        )
    widths = [max(map(cell_len, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        cells = (set_cell_size(cell, width) for cell, width in zip(row, widths, strict=True))
        click.echo(escape_controls("  ".join(cells).rstrip()))
    for error in failed:
        click.echo(f"missing: {escape_controls(str(error))}")
    click.echo(f"total {_time(program.seconds)}{' without the missing parts' if failed else ''}")
    if remark := chapter_remark([(program.start(part), part.title) for part in parts], program.seconds):
        click.echo(escape_controls(remark))


def _shortened(title: str) -> str:
    """Return a title that leaves room for the other columns. That of a card is all its words."""
    from rich.cells import cell_len, set_cell_size

    return title if cell_len(title) <= TITLE_WIDTH else f"{set_cell_size(title, TITLE_WIDTH - 1).rstrip()}…"


def _time(seconds: float) -> str:
    # 59.96 seconds are one minute.
    minutes, tenths = divmod(round(10 * seconds), 600)
    return f"{minutes}:{tenths / 10:04.1f}"
