"""A bar on the terminal that tells how far the work is, how fast it goes, and when it will be done."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, ProgressColumn, Task, TextColumn, TimeRemainingColumn
from rich.text import Text


@contextmanager
def bar(name: str) -> Iterator[Callable[[int, int], None]]:
    """A bar on standard error while the context lasts; a terminal that cannot move its cursor shows none.

    Yields what is to be told how many frames are drawn, and of how many; until then the bar only shows that something
    is done.
    """
    columns = [
        TextColumn("{task.description}", markup=False),
        BarColumn(),
        _Frames(),
        _Rate(),
        TimeRemainingColumn(compact=True),
    ]
    console = Console(file=sys.stderr)
    if console.is_dumb_terminal:
        yield lambda done, total: None
        return
    with Progress(*columns, console=console, transient=True) as progress:
        task = progress.add_task(name, total=None)

        def tell(done: int, total: int) -> None:
            if progress.tasks[task].total is None:
                # The rate is that of the frames; what came before took a time of its own.
                progress.reset(task, total=total)
            progress.update(task, completed=done)

        yield tell


class _Frames(MofNCompleteColumn):
    """How many frames are drawn, of how many."""

    def render(self, task: Task) -> Text:
        return super().render(task) if task.total else Text("preparing")


class _Rate(ProgressColumn):
    """Frames a second."""

    def render(self, task: Task) -> Text:
        return Text(f"{task.speed:.0f} frames/s" if task.speed else "")
