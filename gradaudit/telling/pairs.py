"""What the command says of a pair of functions that somebody names."""

import json
import math
import os
import sys
from collections.abc import Callable, Mapping, Sequence
from contextlib import redirect_stdout
from functools import partial
from importlib import import_module
from typing import Any

from gradaudit.checking import checks
from gradaudit.checking.refusals import BadCall, WrongGradient
from gradaudit.checking.smaller import literal
from gradaudit.language.hints import nearest


def _of_both(value_and_grad: Callable[..., Any], **given: Any) -> Any:
    return checks.check_gradient(value_and_grad=value_and_grad, **given)


CALLS: dict[str, Callable[..., Any]] = {
    "gradient": checks.check_gradient,
    "vjp": checks.check_vjp,
    "jvp": checks.check_jvp,
    "jacobian": checks.check_jacobian,
    "elementwise": partial(checks.check_jacobian, elementwise=True),
    "value-and-grad": _of_both,
}


class NotFound(ValueError):
    """There is no such function; the text says why."""


def checked(
    names: Sequence[str], spec: str, kind: str, options: Mapping[str, Any], *, as_json: bool
) -> tuple[str, int]:
    """Check functions by their names; return what is told, and the exit code.

    Raises NotFound, BadCall and BadSpec.
    """
    wanted = 1 if kind == "value-and-grad" else 2
    if len(names) != wanted:
        one = "one function" if wanted == 1 else "two functions"
        raise BadCall(f"{one} and a spec are wanted for {kind}; found {', '.join(names)}")
    given = {name: one for name, one in options.items() if one is not None} | {"inputs": spec}
    with redirect_stdout(sys.stderr):  # what the functions print is not what is told
        if "given" in given:
            given["given"] = found(given["given"])
        functions = map(found, names)
        try:
            report = CALLS[kind](*functions, **given)
        except WrongGradient as wrong:
            return (_as_json(wrong) if as_json else str(wrong)), 1
    return (report.to_json() if as_json else str(report)), 0 if report.status == "holds" else 3


def found(name: str) -> Callable[..., Any]:
    """Import package.module:function, also from this folder. Raises NotFound."""
    module, colon, path = name.partition(":")
    if not (module and colon and path):
        raise NotFound(f"{name}: a function is named package.module:function")
    if (here := os.getcwd()) not in sys.path:
        sys.path.insert(0, here)
    try:
        value: Any = import_module(module)
    except Exception as error:  # whatever it does when it is imported
        text = f"{module} cannot be imported: {type(error).__name__}: {error}"
        raise NotFound(text) from error
    for part in path.split("."):
        if not hasattr(value, part):
            raise NotFound(f"{module} has no {path}{nearest(path, dir(value))}")
        value = getattr(value, part)
    if not callable(value):
        raise NotFound(f"{name} is no function")
    function: Callable[..., Any] = value
    return function


def _as_json(wrong: WrongGradient) -> str:
    pair = wrong.report.pair
    numbers = {"said": wrong.said, "low": wrong.low, "high": wrong.high}
    known = {
        name: one if one is not None and math.isfinite(one) else None
        for name, one in numbers.items()
    }
    arguments = map(literal, wrong.arguments)
    return json.dumps(
        {
            "status": "wrong",
            "law": wrong.law,
            "entry": wrong.entry,
            **known,
            "arguments": dict(zip(pair.spec.names, arguments, strict=True)),
            "told": {name: text for name, text in wrong.told.items() if name != "input"},
            "text": str(wrong),
        }
    )
