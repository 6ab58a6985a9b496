"""Where a scene was loaded from."""

from collections.abc import Mapping
from dataclasses import dataclass

from animopt.scene.scene_file import SceneFolder


@dataclass(frozen=True, eq=False)
class Origin:
    """The file of a scene: its name without folders, its text, and the values of the scene's fields in it.

    The text is empty if the file is not in UTF-8. `folder` finds the modules beside the file.
    """

    file: str
    text: str
    fields: Mapping[str, object]
    folder: SceneFolder | None = None
