"""Numbers and texts as a person reads them."""

import decimal as decimals
import math
from fractions import Fraction
from typing import Any

import numpy as np
from flint import arb, fmpq

from gradaudit.language.numbers import FIRST_PRECISION, precision
from gradaudit.language.outcomes import NoValue
from gradaudit.language.written import Written

LONGEST_BITS = 1000  # of what float64 can hold
LONGEST_SHOWN = 60  # characters of a ball, of which most are its exponent
LONGEST = 14  # characters of a number that is written out exactly
DIGITS = 6
_EXACTLY = decimals.Context(prec=LONGEST_BITS, traps=[decimals.Inexact])


def plural(word: str) -> str:
    """Return the word for several things."""
    return word + ("es" if word.endswith("s") else "s")


def escaped(text: str) -> str:
    """Return text with everything that is not printable shown as an escape."""
    return "".join(
        c if c.isprintable() else c.encode("unicode_escape").decode("ascii") for c in text
    )


def show(value: Any) -> str:
    """Return a number as a person would write it, exactly where that is short."""
    if isinstance(value, str):
        return escaped(value)
    if isinstance(value, NoValue):
        return f"none: {escaped(str(value))}"
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
        if 0 in value:
            return "0"  # as far as it is known
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
    """Return a number as a decimal where that ends soon, else as a fraction if that is short."""
    if value.q == 1 or (ends := _decimal(value)) == "":
        return str(value) if len(str(value)) <= LONGEST else _rounded(float(value))
    return ends


def exactly(value: fmpq) -> str:
    """Return all of a number: the shortest of its fraction and, if it ends, its decimal."""
    fraction = str(value)
    try:
        number = _EXACTLY.divide(*(decimals.Decimal(int(part)) for part in (value.p, value.q)))
    except decimals.Inexact:
        return fraction
    plain = min(fraction, f"{number:f}", key=len)
    return (
        plain if len(plain) <= LONGEST else min(plain, f"{number.normalize(_EXACTLY):e}", key=len)
    )


def _float(value: float) -> str:
    if not math.isfinite(value):
        return str(value)
    exact = _rational(fmpq(*value.as_integer_ratio()))
    return exact if len(exact.lstrip("-")) <= LONGEST else _rounded(value)


def _rounded(value: float) -> str:
    return f"{value:.{DIGITS}g}"


def show_expected(expected: Any, found: Any) -> str:
    """Return what was expected; beside digits that somebody wrote, in decimal too."""
    if isinstance(found, Written) and isinstance(expected, fmpq):
        return decimal(expected)
    return show(expected)


def sides(expected: Any, found: Any) -> tuple[str, str]:
    """Return expected and found as text, the difference beside found where they are rounded."""
    left, right = show_expected(expected, found), show(found)
    exact = _is_exact(expected, left) and _is_exact(found, right)
    off = difference(expected, found)
    return left, right if exact or not off else f"{right} (off by {off})"


def difference(expected: Any, found: Any) -> str:
    """Return found minus expected, where both are numbers and one is rounded, or is as shown."""
    numbers = (found, expected)
    if not all(isinstance(one, int | float | fmpq | arb) for one in numbers):
        return ""
    if all(isinstance(one, int | fmpq) and _is_exact(one, show(one)) for one in numbers):
        return ""
    with precision(FIRST_PRECISION):
        one, other = map(_ball, numbers)
        off = one - other
        if not off.is_finite():
            return ""
        return ("+" if off.mid() > 0 else "") + off.mid().str(3, radius=False)


def _ball(number: Any) -> arb:
    return arb(float(number)) if isinstance(number, float) else arb(number)


def _is_exact(value: Any, shown: str) -> bool:
    """Return whether the text says the whole value."""
    if isinstance(value, arb):
        return False
    if isinstance(value, fmpq):
        return Fraction(shown) == Fraction(int(value.p), int(value.q))
    return not isinstance(value, float) or "/" in shown or float(shown) == value
