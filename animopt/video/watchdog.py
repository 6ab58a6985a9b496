"""Notices that another process, for which this one waits, makes no progress, and ends it."""

import time
from collections.abc import Callable
from contextlib import suppress
from threading import Event, Thread

import psutil

CHECK_INTERVAL = 1.0
"""Seconds between two checks of progress."""

MAX_STALLED_CHECKS = 60
"""Number of consecutive checks without progress after which a process is ended."""


class Watchdog:
    """A thread that calls `end` once, with the time of the last progress, when nothing has moved for a minute.

    `progress` returns a value that changes as long as there is progress, or None while nothing is waited for.
    """

    stalled_since = ""
    """The time of the last progress, as 17:03:59, of what was ended; "" otherwise."""

    def __init__(self, progress: Callable[[], object], end: Callable[[str], object]) -> None:
        self._progress = progress
        self._end = end
        self._stopped = Event()
        Thread(target=self._watch, daemon=True).start()

    def stop(self) -> None:
        """End the watch."""
        self._stopped.set()

    def _watch(self) -> None:
        before, checks, since = None, 0, ""
        # Checks are counted instead of seconds, because a suspended machine makes no progress either.
        while not self._stopped.wait(CHECK_INTERVAL):
            now = self._progress()
            if now is None or now != before:
                before, checks, since = now, 0, time.strftime("%H:%M:%S")
                continue
            checks += 1
            if checks >= MAX_STALLED_CHECKS:
                self.stalled_since = since
                self._end(since)
                return


def stalled(process: int, since: str) -> str:
    """Describe a process that was ended by a watchdog, and what to do."""
    return (
        f"process {process} made no progress since {since} and was ended; check whether something stopped it, and try "
        "again"
    )


def computing_time(process: int) -> float:
    """Return the seconds for which a process has computed, 0 if it has ended."""
    try:
        times = psutil.Process(process).cpu_times()
    except psutil.Error:
        return 0.0
    return times.user + times.system


def descendants(process: int) -> list[int]:
    """Return the processes that a process has started, and theirs. This takes milliseconds."""
    try:
        return [each.pid for each in psutil.Process(process).children(recursive=True)]
    except psutil.Error:
        return []


def kill_tree(process: int) -> None:
    """Kill a process and its descendants, which would otherwise remain if they are stopped."""
    started = descendants(process)
    # The process first, as it may take the end of the others for a result.
    for each in (process, *started):
        with suppress(psutil.Error):
            psutil.Process(each).kill()
