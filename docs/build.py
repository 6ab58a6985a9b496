"""Build the documentation site in site/: the gallery, the pages, and all of them as one PDF.

Run `python docs/build.py`, or `python docs/build.py --draft` for a gallery of small drafts without interactive pages.
It needs the extra `docs`, and Chromium or Chrome for the PDF.
"""

import os
import re
import shutil
import subprocess
import sys
from importlib.metadata import files, metadata
from pathlib import Path

from fontTools.subset import Options, Subsetter  # type: ignore[import-untyped]
from fontTools.ttLib import TTFont  # type: ignore[import-untyped]

ROOT = Path(__file__).parent.parent
DOCS = ROOT / "docs"
SITE = ROOT / "site"
COPIES = {
    "changelog.md": "CHANGELOG.md",
    "contributing.md": "CONTRIBUTING.md",
    "benchmarks.md": "benchmarks/README.md",
}
"""Pages that are copies of files outside docs/, by name."""
BROWSERS = "chromium", "google-chrome", "chrome"
"""Names of programs that print a page to a PDF."""
HANGUL = "NanumGothic.ttf"
"""Name of the font in assets/site.css, a file of koreanize-matplotlib."""


def main() -> None:
    """Build the site. Raises CalledProcessError if the pages have a warning."""
    # MkDocs reads only docs/. These copies are ignored by git.
    shutil.copytree(ROOT / "renders", DOCS / "renders", dirs_exist_ok=True)
    for name, source in COPIES.items():
        page = (ROOT / source).read_text(encoding="utf-8").replace("](docs/", "](")
        (DOCS / name).write_text(page, encoding="utf-8")
    options = sys.argv[1:]
    pages = [] if "--draft" in options else ["--pages"]
    command = [sys.executable, "-m", "animopt", "gallery", *pages, "-o", str(DOCS / "gallery"), *options]
    subprocess.run(command, check=True)
    # The page of the command line imports documented_commands.py.
    urls = dict(url.split(", ") for url in metadata("animopt").get_all("Project-URL", []))
    variables = {"PYTHONPATH": str(DOCS), "NO_MKDOCS_2_WARNING": "true", "REPOSITORY": urls.get("Repository", "")}
    command = [sys.executable, "-m", "mkdocs", "build", "--strict", "--config-file", str(ROOT / "mkdocs.yml")]
    subprocess.run(command, env=os.environ | variables, check=True)
    write_hangul()
    if browser := next(filter(None, map(shutil.which, BROWSERS)), None):
        page = (SITE / "print_page" / "index.html").as_uri()
        options = ["--headless", "--no-sandbox", "--no-pdf-header-footer", "--virtual-time-budget=20000"]
        subprocess.run([browser, *options, f"--print-to-pdf={SITE / 'animopt.pdf'}", page], check=True)


def write_hangul() -> None:
    """Write a font with the Korean letters of the site. Browsers refuse the complete font for its empty tables."""
    letters = {letter for page in SITE.rglob("*.html") for letter in re.findall("[가-힣]", page.read_text("utf-8"))}
    options = Options()
    options.drop_tables += ["TSI0", "TSI1", "TSI2", "TSI3", "TSI5"]
    subsetter = Subsetter(options)
    subsetter.populate(text="".join(letters))
    (path,) = (path for path in files("koreanize-matplotlib") or [] if path.name == HANGUL)
    with TTFont(path.locate()) as font:
        subsetter.subset(font)
        font.save(SITE / "assets" / HANGUL)


if __name__ == "__main__":
    main()
