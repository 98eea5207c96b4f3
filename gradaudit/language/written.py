"""Numbers as they are written: a decimal claims its digits, an integer claims to be exact.

So many digits as float64 has are those of a number that somebody computed and printed: it claims
no more than a sum in float64 can give.
"""

from dataclasses import dataclass
from functools import cached_property

from flint import fmpq

from gradaudit.language.formula import numeral

PRINTED = 15  # significant digits from which on a number is a float64 that was printed


@dataclass(frozen=True)
class Written:
    """A decimal number with the digits it was written with.

    rounding: how far a float64 that was computed may be from the exact value.
    """

    text: str
    rounding: fmpq = fmpq(0)  # noqa: RUF009  # it never changes

    @cached_property
    def value(self) -> fmpq:
        """The exact value of the digits. Raises ValueError where it is not a number."""
        return numeral(self.text)

    @cached_property
    def half_unit(self) -> fmpq:
        """Half a unit of the last digit, or 0 for an integer, and for 0 with an exponent."""
        mantissa, _, power = self.text.lower().partition("e")
        _, point, digits = mantissa.replace("_", "").partition(".")
        if (not point and not power) or (power and self.value == 0):
            return fmpq(0)
        exponent = int(power or 0) - len(digits)
        unit = fmpq(10) ** abs(exponent)
        return unit / 2 if exponent >= 0 else 1 / (2 * unit)

    @property
    def radius(self) -> fmpq:
        """How far an exact value may be from it that it stands for."""
        explained = self.rounding if self.significant >= PRINTED else fmpq(0)
        return max(self.half_unit, explained)

    @property
    def places(self) -> int:
        """How many digits stand behind the decimal point."""
        mantissa = self.text.lower().partition("e")[0]
        return len(mantissa.replace("_", "").partition(".")[2])

    @property
    def significant(self) -> int:
        """How many digits there are from the first that is not 0."""
        return len(self.text.lower().partition("e")[0].strip("+-").replace(".", "").lstrip("0_"))

    def is_rounding_of(self, value: fmpq) -> bool:
        """Return whether the digits are those of a value; those of an integer are exact."""
        return self.claims(value) if self.half_unit else self.value == value

    def claims(self, exact: fmpq) -> bool:
        """Return whether an exact value rounds to these digits, or a printed float64 may be it."""
        return bool(abs(self.value - exact) <= self.radius)

    def __str__(self) -> str:
        return self.text
