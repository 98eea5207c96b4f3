"""The input where a law fails, as text."""

import re
from typing import Any

import numpy as np

from gradaudit.judging.derivation import Line
from gradaudit.judging.laws import Outcome
from gradaudit.language.showing import show


def shown_input(outcome: Outcome) -> str:
    """Return the input where a law fails, in one line."""
    return ", ".join(f"{name} = {plain(value)}" for name, value in inputs_of(outcome).items())


def inputs_of(outcome: Outcome) -> dict[str, Any]:
    """Return the input where a law fails, name by name, as nested lists of text."""
    if outcome.at is None:
        return {}
    shown = {name: _nested(value) for name, value in outcome.at.blocks.items()}
    where = outcome.refusal.where if outcome.refusal is not None else ""
    match = re.fullmatch(r"(\S+?)\[([\d,]+)\]", where)
    is_line = isinstance(outcome.judged, Line)
    names = outcome.judged.formula.scope.free if is_line else {}
    if match and not is_line:
        parts = getattr(outcome.at, "question").parts.values()  # noqa: B009
        names = next((one.truth.scope.free for one in parts if one.label == match[1]), {})
    if match and names:
        shown.update(zip(names, match[2].split(","), strict=True))
    return shown


def _nested(value: Any) -> Any:
    return [_nested(one) for one in value] if np.ndim(value) else show(value)


def plain(value: Any) -> str:
    """Return nested lists of text in one line, as they would be written."""
    return "[" + ", ".join(map(plain, value)) + "]" if isinstance(value, list) else str(value)
