"""Measures an interactive page in Chromium."""

import shutil
from pathlib import Path

from playwright.sync_api import sync_playwright

FRAMES = 300
"""Number of frames of a measurement, over the whole clip."""

_DRAW = """frames => {
  const times = [];
  for (let frame = 0; frame < frames; frame++) {
    animopt.frame = frame * animopt.clock.end / frames;
    const before = performance.now();
    animopt.draw(0.04);
    times.push(performance.now() - before);
  }
  return times;
}"""


def frame_times(path: Path, size: tuple[int, int]) -> list[float]:
    """Return the time in milliseconds that the script of a page takes for each frame.

    The picture fills a window of a size (width, height); the controls are below it.
    """
    browser = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome", "chrome"))), None)
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=browser)
        page = chromium.new_page(viewport={"width": size[0], "height": size[1] + 140}, reduced_motion="reduce")
        page.goto(path.absolute().as_uri())
        page.wait_for_selector(".live")
        times: list[float] = page.evaluate(_DRAW, FRAMES)
        chromium.close()
    return times
