"""The JavaScript modules of `web/` as one script, which browsers run from the disk."""

import re
from collections.abc import Mapping
from graphlib import TopologicalSorter
from importlib.resources import files

_COMMENT = re.compile(r"/\*\*.*?\*/|^[ \t]*//[^\n]*", re.MULTILINE | re.DOTALL)
_BLANK = re.compile(r"\n[ \t\n]+\n")
_IMPORT = re.compile(r'import \{ ([\w, ]+) \} from "\./(\w+)\.js";')
_EXPORT = re.compile(r"export ((?:async )?function|class|const) (\w+)\b")
_OTHER = re.compile(r"^[ \t]*(?:import|export)\b|\bimport\s*\(|\bimport\.meta\b", re.MULTILINE)

START = "page"
"""Module of `web/` that starts the page of a race."""


def web_script(start: str = START) -> str:
    """Return a module of `web/` and those that it imports as one script."""
    modules = (path for path in files("animopt.publish").joinpath("web").iterdir() if path.name.endswith(".js"))
    return inline_script({path.name.removesuffix(".js"): path.read_text("utf-8") for path in modules}, start)


def inline_script(sources: Mapping[str, str], start: str = START) -> str:
    """Return JavaScript modules as one script in which each has a scope of its own.

    Browsers load no modules from the disk. A module may import names from others by lines such as
    `import { a, b } from "./other.js";` and export functions, classes and constants where they are declared.

    Args:
        sources: The modules by their names.
        start: Name of the module that imports the others, directly or indirectly.

    Raises:
        ValueError: A module has another form of import or export, or imports what another one does not export.
        graphlib.CycleError: Modules import each other in a circle.
    """
    code, exports = {}, {}
    imports: dict[str, set[str]] = {}
    pending = [start]
    while pending:
        name = pending.pop()
        if name in code:
            continue
        if name not in sources:
            raise ValueError(f"module {name}: not found")
        text = _BLANK.sub("\n", _COMMENT.sub("", sources[name]))
        imports[name] = {module for _, module in _IMPORT.findall(text)}
        exports[name] = [exported for _, exported in _EXPORT.findall(text)]
        text = _EXPORT.sub(r"\1 \2", _IMPORT.sub(r"const { \1 } = $\2;", text))
        if other := _OTHER.search(text):
            line = text[other.start() :].lstrip().partition("\n")[0]
            raise ValueError(f"module {name}: {line!r} is not one of the forms that are inlined")
        code[name] = text
        pending += imports[name]
    for name in code:
        for names, module in _IMPORT.findall(_COMMENT.sub("", sources[name])):
            for missing in {each.strip() for each in names.split(",")} - set(exports[module]):
                raise ValueError(f"module {name}: {module} does not export {missing}")
    parts = [
        f"const ${name} = (() => {{\n{code[name].strip()}\nreturn {{ {', '.join(exports[name])} }};\n}})();\n"
        for name in TopologicalSorter(imports).static_order()
    ]
    script = "".join(parts)
    if "</script" in script.lower() or "<!--" in script:
        raise ValueError("modules: a script with </script or <!-- would end early; write it in two parts")
    return script
