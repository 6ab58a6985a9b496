"""A progress bar on the terminal, with frames per second and the remaining time."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, ProgressColumn, Task, TextColumn, TimeRemainingColumn
from rich.text import Text


@contextmanager
def progress_bar(name: str) -> Iterator[Callable[[int, int], None]]:
    """Show a bar on standard error until the context ends, unless the terminal cannot move its cursor.

    Yields a function that takes the number of finished frames and the total. Until its first call the bar shows only
    that work is in progress.
    """
    console = Console(file=sys.stderr)
    if console.is_dumb_terminal:
        yield lambda done, total: None
        return
    columns = [
        TextColumn("{task.description}", markup=False),
        BarColumn(),
        _FrameCount(),
        _FrameRate(),
        TimeRemainingColumn(compact=True),
    ]
    with Progress(*columns, console=console, transient=True) as progress:
        task = progress.add_task(name, total=None)

        def update(done: int, total: int) -> None:
            if progress.tasks[task].total is None:
                # Restart the clock, so that the rate leaves out the time before the first frame.
                progress.reset(task, total=total)
            progress.update(task, completed=done)

        yield update


class _FrameCount(MofNCompleteColumn):
    """Number of finished frames and the total."""

    def render(self, task: Task) -> Text:
        return super().render(task) if task.total else Text("preparing")


class _FrameRate(ProgressColumn):
    """Frames per second."""

    def render(self, task: Task) -> Text:
        return Text(f"{task.speed:.0f} frames/s" if task.speed else "")
