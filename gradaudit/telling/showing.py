"""Numbers, inputs and refusals as text, for a person and for a program."""

import math
import re
from typing import Any

import numpy as np
from flint import arb, fmpq

from gradaudit.judging.derivation import Line
from gradaudit.judging.laws import Law, Outcome, Refusal
from gradaudit.judging.written import ASSIGNMENT, Written
from gradaudit.language.numbers import FIRST_PRECISION, precision

LONGEST_BITS = 1000  # of what float64 can hold
LONGEST_SHOWN = 60  # characters of a ball, of which most are its exponent
LONGEST = 14  # characters of a number that is written out exactly
DIGITS = 6
INDEX_NAMES = {"dE/dy": "i", "dL/dW1": "aj", "dL/db1": "j", "dL/dw2": "j"}


def escaped(text: str) -> str:
    """Return text with everything that is not printable shown as an escape."""
    return "".join(
        c if c.isprintable() else c.encode("unicode_escape").decode("ascii") for c in text
    )


def show(value: Any) -> str:
    """Return a number as a person would write it, exactly where that is short."""
    if isinstance(value, str):
        return escaped(value)
    if isinstance(value, np.ndarray):
        return "[" + ", ".join(map(show, value)) + "]"
    if isinstance(value, bool | np.bool_):
        return str(bool(value))
    if isinstance(value, int | fmpq):
        return _rational(fmpq(value))
    if isinstance(value, float):
        return _float(float(value))
    if isinstance(value, arb):
        if not value.is_finite():
            return "not finite"
        shown = str(value.mid().str(DIGITS, radius=False))
        return shown if len(shown) <= LONGEST_SHOWN else "a number of enormous size"
    return escaped(str(value))


def _rational(value: fmpq) -> str:
    if value.height_bits() > LONGEST_BITS:
        return arb(value).str(DIGITS, radius=False)
    exact = str(value)
    as_float = float(value)
    if fmpq(*as_float.as_integer_ratio()) == value:
        return min(exact, repr(as_float), key=len)  # the shortest decimal that stands for it
    return exact if len(exact) <= LONGEST else _decimal(value) or _rounded(as_float)


def _decimal(value: fmpq) -> str:
    """Return a terminating decimal of a few digits, or nothing."""
    for places in range(1, 13):
        scaled = value * fmpq(10) ** places
        if scaled.q == 1:
            return f"{float(value):.{places}f}" if abs(scaled) < 10**15 else ""
    return ""


def decimal(value: fmpq) -> str:
    """Return a number as a decimal where that ends soon, else as a fraction."""
    return str(value) if value.q == 1 else _decimal(value) or str(value)


def _float(value: float) -> str:
    if not math.isfinite(value):
        return str(value)
    exact = _rational(fmpq(*value.as_integer_ratio()))
    return exact if len(exact.lstrip("-")) <= LONGEST else _rounded(value)


def _rounded(value: float) -> str:
    return f"{value:.{DIGITS}g}"


def expected_of(refusal: Refusal) -> str:
    """Return what was expected; beside digits that somebody wrote, in decimal too."""
    if isinstance(refusal.found, Written) and isinstance(refusal.expected, fmpq):
        return decimal(refusal.expected)
    return show(refusal.expected)


def difference(refusal: Refusal) -> str:
    """Return found minus expected, where both are numbers."""
    numbers = (refusal.found, refusal.expected)
    if not all(isinstance(one, int | float | fmpq | arb) for one in numbers):
        return ""
    if all(isinstance(one, int | fmpq) for one in numbers):
        return ""
    with precision(FIRST_PRECISION):
        found, expected = (_ball(one) for one in numbers)
        off = found - expected
        if not off.is_finite():
            return ""
        return ("+" if off.mid() > 0 else "") + off.mid().str(3, radius=False)


def _ball(number: Any) -> arb:
    return arb(float(number)) if isinstance(number, float) else arb(number)


def sides(refusal: Refusal) -> tuple[str, str]:
    """Return expected and found as text, the difference beside found where they are rounded."""
    expected, found = expected_of(refusal), show(refusal.found)
    exact = _is_exact(refusal.expected, expected) and _is_exact(refusal.found, found)
    off = difference(refusal)
    return expected, found if exact or not off else f"{found} (off by {off})"


def _is_exact(value: Any, shown: str) -> bool:
    """Return whether the text says the whole value."""
    if isinstance(value, arb):
        return False
    return not isinstance(value, float) or "/" in shown or float(shown) == value


def law_name(law: Law) -> str:
    """Return the name of a law as a phrase."""
    return law.check.__name__.replace("_", " ")


def describe(outcome: Outcome) -> str:
    """Return a law that fails, or is untested, in a few lines."""
    refusal = outcome.refusal
    if refusal is None:
        return escaped(outcome.reason)
    where = f"{refusal.where}: " if refusal.where else ""
    text = f"{where}found {show(refusal.found)}, expected {expected_of(refusal)}"
    off = difference(refusal)
    if isinstance(outcome.judged, Line) and outcome.judged.number > 1:
        line = outcome.judged
        text = f"{where}found {show(refusal.found)}, the line before has {show(refusal.expected)}"
        before, here = line.before.text, line.formula.text
        text += f"\nline {line.number - 1}: {escaped(before)}\nline {line.number}: {escaped(here)}"
    elif off:
        text += f"; they differ by {off.lstrip('+-')}"
        if refusal.allowed is not None:
            text += f", and at most {refusal.allowed:.2g} is explained by rounding"
    note = f" ({refusal.note})" if refusal.note else ""
    return f"{outcome.law.statement}\n{text}{note}\nat {shown_input(outcome)}"


def shown_input(outcome: Outcome) -> str:
    """Return the input where a law fails, in one line."""
    if outcome.law.domain is ASSIGNMENT:
        return ASSIGNMENT.name
    return ", ".join(f"{name} = {plain(value)}" for name, value in inputs_of(outcome).items())


def inputs_of(outcome: Outcome) -> dict[str, Any]:
    """Return the input where a law fails, name by name, as nested lists of text."""
    if outcome.at is None:
        return {}
    shown = {name: _nested(value) for name, value in outcome.at.blocks.items()}
    where = outcome.refusal.where if outcome.refusal is not None else ""
    match = re.fullmatch(r"(\S+?)\[([\d,]+)\]", where)
    if match and match[1] in INDEX_NAMES:
        shown.update(zip(INDEX_NAMES[match[1]], match[2].split(","), strict=True))
    return shown


def _nested(value: Any) -> Any:
    return [_nested(one) for one in value] if np.ndim(value) else show(value)


def plain(value: Any) -> str:
    """Return nested lists of text in one line, as they would be written."""
    return "[" + ", ".join(map(plain, value)) + "]" if isinstance(value, list) else str(value)
