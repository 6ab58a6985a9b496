"""A progress bar on the terminal, with the number of frames or scenes, their rate and the remaining time."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, Task, TextColumn, TimeRemainingColumn
from rich.text import Text


@contextmanager
def progress_bar(name: str, unit: str) -> Iterator[Callable[[int, int], None]]:
    """Show a bar on standard error until the context ends, unless the terminal cannot move its cursor.

    Yields a function that takes the number of finished frames, or of another unit, and the total. Until its first call
    the bar shows only that work is in progress.
    """
    console = Console(file=sys.stderr)
    with Progress(
        TextColumn("{task.description}", markup=False),
        BarColumn(),
        _Count(unit),
        TimeRemainingColumn(compact=True),
        console=console,
        transient=True,
        disable=console.is_dumb_terminal,
    ) as progress:
        task = progress.add_task(name, total=None)
        yield lambda done, total: progress.update(task, total=total, completed=done)


class _Count(MofNCompleteColumn):
    """Number of finished units, the total, and units per second if they are many."""

    def __init__(self, unit: str) -> None:
        super().__init__()
        self.unit = unit

    def render(self, task: Task) -> Text:
        rate = f" {task.speed:.0f} {self.unit}/s" if (task.speed or 0) >= 1 else f" {self.unit}"
        return Text.assemble(super().render(task), rate) if task.total else Text("preparing")
