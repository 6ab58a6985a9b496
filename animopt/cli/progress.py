"""A progress bar on the terminal, with the number of frames, scenes or samples, and the remaining time."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Protocol

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, Task, TextColumn, TimeRemainingColumn
from rich.text import Text


class ShowProgress(Protocol):
    """Shows finished frames and their total, or finished scenes with the `frames` they have, or parts of `work`."""

    def __call__(self, done: int, total: int, frames: int | None = None, work: str = "") -> None: ...


@contextmanager
def progress_bar(name: str) -> Iterator[ShowProgress]:
    """Show a bar on standard error until the context ends, unless the terminal cannot move its cursor.

    Until the first call of the yielded function, the bar shows only that work is in progress.
    """
    console = Console(file=sys.stderr)
    with Progress(
        TextColumn("{task.description}", markup=False),
        BarColumn(),
        _Count(),
        TimeRemainingColumn(compact=True),
        console=console,
        transient=True,
        disable=console.is_dumb_terminal,
    ) as progress:
        task = progress.add_task(name, total=None, frames=None, work="")

        def show(done: int, total: int, frames: int | None = None, work: str = "") -> None:
            if work != progress.tasks[0].fields["work"]:
                # The remaining time is estimated from the rate of the same work.
                progress.reset(task, description=work or name)
            progress.update(task, completed=done, total=total, frames=frames, work=work)

        yield show


class _Count(MofNCompleteColumn):
    """Number of finished frames, their total and their rate, or number of finished scenes and of their frames."""

    def render(self, task: Task) -> Text:
        if not task.total:
            return Text("preparing")
        if task.fields["work"]:
            return Text(f"{task.percentage:.0f} %")
        frames = task.fields["frames"]
        rate = f" {task.speed:.0f} frames/s" if (task.speed or 0) >= 1 else " frames"
        return Text.assemble(super().render(task), rate if frames is None else f" scenes, {frames:,} frames")
