"""Commands that render one scene, from a scene file or from options."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from animopt.cli import completion
from animopt.cli.options import FORMAT_OPTIONS, FRAME_WORKERS, LANGUAGE, Context, PresetCommand, clip_options
from animopt.core.errors import Error
from animopt.drawing.layout import LAYOUTS
from animopt.scene import catalog

if TYPE_CHECKING:
    from animopt.scene.scene import Scene

RENDER_OPTIONS = [
    click.Option(
        ["-o", "--output", "outputs"],
        multiple=True,
        type=click.Path(),
        show_default="a GIF and an MP4 in renders/",
        help="File to write; may be given several times. The suffix is the format: .gif, .mp4, .webm, .webp, .apng, "
        ".mov, a slash for a folder of PNG frames, or .png, .svg, .pdf with --still and --storyboard; - is standard "
        "output.",
    ),
    *FORMAT_OPTIONS,
    *clip_options(FRAME_WORKERS),
    click.Option(
        ["--layout"],
        type=click.Choice(["auto", *LAYOUTS]),
        show_default="the scene's",
        help="Arrangement of the panels.",
    ),
    LANGUAGE,
    click.Option(["--still"], type=float, metavar="SECOND", help="Write one frame, as PNG, SVG or PDF."),
    click.Option(["--storyboard"], is_flag=True, help="Write six moments on one page, as PNG, SVG or PDF."),
    click.Option(
        ["--sidecars"],
        multiple=True,
        metavar="KIND[,KIND...]",
        callback=lambda ctx, param, values: [kind.strip() for value in values for kind in value.split(",")],
        help="Write files next to the clip: poster (.png), captions (.vtt), alt (.txt, a description of the clip), "
        "markdown (.md) or html (.html, both to paste into a page).",
    ),
    click.Option(
        ["--no-recipe", "recipe"],
        flag_value=False,
        default=True,
        help="Leave the recipe, which `animopt recipe` reads, out of the file.",
    ),
    click.Option(["--open"], is_flag=True, help="Show the first file when it is written."),
]
"""The options of every command that renders one scene."""


def parse_point(value: str) -> tuple[float, float]:
    """Parse a point such as -1.2,1. Raises BadParameter if that fails."""
    try:
        x, y = (float(number) for number in value.strip("() ").split(","))
    except ValueError:
        raise click.BadParameter(f"{value!r}: give two numbers, as -1.2,1") from None
    return x, y


class SceneCommand(PresetCommand):
    """A command that renders the scene in a file. The file is run only to render it or to show its help."""

    context_class = Context

    def __init__(self, path: Path) -> None:
        self.path = path
        self.name: str
        watch = "Render a draft now and whenever the scene file is saved, until Ctrl-C."
        super().__init__(
            catalog.name(path),
            callback=self.render,
            params=[click.Option(["--watch"], is_flag=True, help=watch), *RENDER_OPTIONS],
            help=catalog.description(path),
            short_help=catalog.summary(path),
        )

    def load(self) -> "Scene":
        """Return the scene in the file."""
        from animopt.scene.scene import load_scene

        return load_scene(self.path)

    def render(self, **options: Any) -> None:
        """Render the scene."""
        from animopt.cli.rendering import render

        render(self.name, lambda written: self.load(), scene_file=self.path, **options)

    def format_help_text(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the file's docstring, then the racers with their settings."""
        from animopt.engine.racer import names_and_settings

        super().format_help_text(ctx, formatter)
        scene = self.load()
        with formatter.section(f"Racers, {scene.steps} steps from {scene.start}" if scene.start else "Racers"):
            formatter.write_dl(list(zip(*names_and_settings(scene.racers), strict=True)))


@click.command(
    cls=PresetCommand,
    short_help="Render a race without a scene file.",
    params=[
        click.Option(
            ["--function"],
            required=True,
            metavar="NAME",
            shell_complete=completion.complete_function,
            help="Function that `animopt functions` lists, or a Python file with one function.",
        ),
        click.Option(
            ["--racer", "racers"],
            required=True,
            multiple=True,
            metavar="NAME[:SETTING=VALUE,...]",
            shell_complete=completion.complete_optimizer,
            help="Optimizer that `animopt optimizers` lists, as adam:lr=.05,betas=(.9,.99); may be given several "
            "times.",
        ),
        click.Option(
            ["--start"],
            type=parse_point,
            metavar="X,Y",
            show_default="the function's",
            help="Start of all racers.",
        ),
        click.Option(["--steps"], type=int, show_default="20", help="Number of steps."),
        click.Option(["--title"], show_default="the optimizers and the function", help="Title of the clip."),
        click.Option(["--caption"], help="Text under the title."),
        click.Option(
            ["--save-scene"], type=click.Path(path_type=Path), help="Scene file to write; it renders the same race."
        ),
        *RENDER_OPTIONS,
    ],
)
def race(function: str, racers: tuple[str, ...], save_scene: Path | None, **options: Any) -> None:
    """Render a race without a scene file: optimizers on a function."""
    from animopt.cli.rendering import render

    fields = {name: options.pop(name) for name in ("start", "steps", "title", "caption")}

    def load(written: list[Path]) -> "Scene":
        from animopt.scene.race_spec import race_scene

        scene, text = race_scene(function, racers, {name: value for name, value in fields.items() if value is not None})
        if save_scene:
            if not text:
                raise Error(f"{save_scene}: cannot be written, because {function} is not in UTF-8; save it as UTF-8")
            catalog.save_scene(save_scene, text)
            written.append(save_scene)
        return scene

    render("race", load, **options)
