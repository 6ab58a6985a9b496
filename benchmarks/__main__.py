"""The command that measures each row, prints the table and writes it as JSON."""

import json
import tempfile
from dataclasses import asdict
from pathlib import Path

import click

from benchmarks.figures import HEADING, Figure, table
from benchmarks.measure import machine
from benchmarks.rows import ROWS, Bench


@click.command()
@click.option("--rows", multiple=True, type=click.Choice(list(ROWS)), help="Measure only this row; can be repeated.")
@click.option("--repeats", default=5, show_default=True, type=click.IntRange(1), help="Number of measurements per row.")
@click.option(
    "--json", "path", type=click.Path(dir_okay=False, path_type=Path), help="Write the measurements to this file."
)
@click.option(
    "--markdown",
    "measured",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="Measure nothing; print the table of a file that --json wrote.",
)
def benchmarks(rows: tuple[str, ...], repeats: int, path: Path | None, measured: Path | None) -> None:
    """Measure animopt and each reference, and print the table."""
    if measured:
        known = json.loads(measured.read_text(encoding="utf-8"))
        click.echo(table(Figure(**figure) for figure in known["figures"]))
        click.echo()
        click.echo(", ".join(f"{name} {value}" for name, value in known["machine"].items()))
        return
    figures: list[Figure] = []
    click.echo("\n".join(HEADING))
    with tempfile.TemporaryDirectory(prefix="animopt-benchmarks-") as folder:
        bench = Bench(repeats, Path(folder))
        for name in rows or ROWS:
            for figure in ROWS[name](bench):
                figures.append(figure)
                click.echo(figure.line())
                if path:
                    # The file is written after each row, so that an interrupted run keeps its results.
                    path.write_text(written(figures), encoding="utf-8")


def written(figures: list[Figure]) -> str:
    """Return every figure with its measurements, and the machine, as JSON."""
    known = {"machine": machine(), "figures": [asdict(figure) for figure in figures]}
    return json.dumps(known, indent=1, ensure_ascii=False) + "\n"


if __name__ == "__main__":
    benchmarks(prog_name="python -m benchmarks")
