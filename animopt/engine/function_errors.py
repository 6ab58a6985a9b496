"""Explains the exceptions of a function: another number type, a third variable, and calls outside torch."""

import re

import torch

from animopt.core.errors import first_line, with_type
from animopt.engine.user_lines import failed_line, line_phrase

NUMBER_TYPES = {
    **dict.fromkeys(("float", "Float", "float32"), "float32"),
    **dict.fromkeys(("half", "Half", "c10::Half", "float16"), "float16"),
    **dict.fromkeys(("bfloat16", "BFloat16", "c10::BFloat16"), "bfloat16"),
    **dict.fromkeys(("long", "long int", "Long", "int64"), "int64"),
    **dict.fromkeys(("int", "Int", "int32"), "int32"),
}
"""Names of number types in torch's messages, and as torch's users write them."""

TYPE_REMEDY = "write dtype=torch.float64 or call .double()"

THIRD_VARIABLE = r"index (2|-3) is out of bounds for dimension 0 with size 2|not enough values to unpack .*got 2\)"
"""Messages of torch and of Python about a third number of a tensor with two."""

ARRAY_MAKERS = {"tensor", "as_tensor", "asarray", "array"}
"""Functions of torch and NumPy that copy numbers out of tensors."""

CHANGED = "changes x in place; leave x as it is, and work on x.clone()"
"""Message about a function that changes its argument."""

WRONG_SHAPE = r"shapes? cannot be multiplied|size mismatch|must match the size|inconsistent tensor size|incorrect size"
"""Messages of torch about tensors whose shapes do not fit."""


def explained(error: BaseException) -> str:
    """Return an exception of a function as the rest of a message: its line, what is wrong, and the remedy."""
    return f"{line_phrase(failed_line(error))}: {_explanation(error)}"


def _explanation(error: BaseException) -> str:
    message = first_line(error)
    if number_type := _other_type(error, message):
        return f"uses {number_type}; {TYPE_REMEDY}"
    if isinstance(error, (IndexError, ValueError)) and re.search(THIRD_VARIABLE, message):
        return "reads a third variable; write a number for all but two of them, which are x[0] and x[1]"
    if isinstance(error, IndexError) and "too many indices" in message:
        return "reads x with too many indices; x is a tensor of two numbers, x[0] and x[1]"
    return CHANGED if "in-place operation" in message else f"{with_type(error)}{_remedy(error, message)}"


def _other_type(error: BaseException, message: str) -> str:
    """Return the number type that does not fit to float64, or "" if the exception is another one."""
    words = re.findall(r"(?:c10::)?\w+", message)
    types = [NUMBER_TYPES[word] for word in words if word in NUMBER_TYPES]
    is_mixed = ({"double", "Double", "float64"} & set(words) and "dtype" in message) or "scalar type" in message
    return types[0] if isinstance(error, RuntimeError) and is_mixed and types else ""


def _remedy(error: BaseException, message: str) -> str:
    """Return a remedy to be appended to a message, or ""."""
    if isinstance(error, RuntimeError) and re.search(WRONG_SHAPE, message):
        return "; x is a tensor of two numbers"
    if not isinstance(error, (TypeError, AttributeError)):
        return ""
    if "numpy.ndarray" in message:
        return "; make a tensor of the array, as torch.from_numpy(array)"
    line = failed_line(error)
    calls = line.foreign_calls() if line else []
    return f"; {torch_advice(calls[0])}" if calls else ""


def torch_advice(called: str) -> str:
    """Return the replacement for a function of another library, as "write torch.sin for math.sin"."""
    _, _, name = called.rpartition(".")
    if name in ARRAY_MAKERS:
        return f"write torch.stack for {called}"
    parts = [called.partition(".")[2], name]
    known = (f"torch.{part}" for part in parts if part and callable(_attribute(part)))
    return f"write {next(known, 'torch arithmetic')} for {called}"


def _attribute(path: str) -> object:
    """Return the attribute of torch with a dotted path, or None."""
    found: object = torch
    for name in path.split("."):
        found = getattr(found, name, None)
    return found
