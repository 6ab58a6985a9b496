"""How a scene is shown: its timeline, its texts, and the racer in focus."""

from animopt.core.errors import UsageError, short_repr
from animopt.engine.racer import names_and_settings
from animopt.recording.timeline import Timeline
from animopt.scene.scene_fields import SceneFields, Text
from animopt.video.film import Staging


def timeline_of(scene: SceneFields) -> Timeline:
    """Return the timeline of the clip. Raises UsageError if no time is left for the race."""
    steps = max(racer.steps or scene.steps for racer in scene.racers)
    return Timeline(steps, scene.seconds, scene.loop, scene.card, scene.question, scene.slow, len(scene.functions))


def staging_of(
    scene: SceneFields, theme: str | None = None, *, transparent: bool = False, titled: bool = True
) -> Staging:
    """Return the texts and names that a film needs. Raises UsageError for an unknown name."""
    return Staging(
        theme=theme or scene.theme,
        transparent=transparent,
        titled=titled,
        layout=scene.layout,
        panels=scene.panels,
        caption=localized(scene, scene.caption),
        question=localized(scene, scene.question.text) if scene.question else "",
        ordered=scene.ordered,
        focus=focused_racer(scene),
    )


def focused_racer(scene: SceneFields) -> int:
    """Return the index of the racer in focus. Raises UsageError if no racer has the name."""
    if not scene.focus:
        return 0
    names, _ = names_and_settings(scene.racers)
    if scene.focus not in names:
        raise UsageError(f"focus {short_repr(scene.focus)}: no racer has that name; use {', '.join(names)}")
    return names.index(scene.focus)


def title_of(scene: SceneFields) -> str:
    """Return the title in the scene's language. By default, it names the optimizers and the function."""
    if scene.title:
        return localized(scene, scene.title)
    optimizers = dict.fromkeys(racer.optimizer.__name__ for racer in scene.racers)
    function = scene.functions[0].name
    return ", ".join(optimizers) + (f" on {function}" if function else "")


def localized(scene: SceneFields, text: Text) -> str:
    """Return a text in the scene's language, or in the first language that the text has."""
    if isinstance(text, str):
        return text
    return text.get(scene.lang) or next(iter(text.values()), "")
