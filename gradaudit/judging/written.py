"""Numbers as they are written: a decimal claims its digits, an integer claims to be exact."""

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from flint import fmpq

from gradaudit.judging.laws import Law, Refusal
from gradaudit.judging.strategies import Domain
from gradaudit.language.evaluate import Env
from gradaudit.language.formula import numeral, parse
from gradaudit.questions.assignment import DATA, NETWORK
from gradaudit.questions.inputs import Array, Network


@dataclass(frozen=True)
class Written:
    """A decimal number with the digits it was written with."""

    text: str

    @cached_property
    def value(self) -> fmpq:
        """The exact value of the digits. Raises ValueError where it is not a number."""
        return numeral(self.text)

    @cached_property
    def half_unit(self) -> fmpq:
        """Half a unit of the last digit, or 0 for an integer."""
        mantissa, _, power = self.text.lower().partition("e")
        _, point, digits = mantissa.replace("_", "").partition(".")
        if not point and not power:
            return fmpq(0)
        exponent = int(power or 0) - len(digits)
        unit = fmpq(10) ** abs(exponent)
        return unit / 2 if exponent >= 0 else 1 / (2 * unit)

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
        """Return whether the exact value rounds to these digits, either way at a tie."""
        return bool(abs(self.value - exact) <= self.half_unit)

    def __str__(self) -> str:
        return self.text


@dataclass(frozen=True, eq=False)
class Block:
    """Written numbers: of the gradient of the parameter `name`, or of the forward pass.

    numbers has the shape of the parameter, or of what `name` stands for in the question.
    """

    name: str
    numbers: Array

    @property
    def is_gradient(self) -> bool:
        """Whether these are of a gradient, not of the forward pass."""
        return self.name in Network.PARAMETERS


def digits_are_right(judged: Block, network: Network) -> None:
    """Each number is the exact value on the assignment's data, rounded at its last digit."""
    for place, exact in np.ndenumerate(np.array(exact_value(judged.name, network))):
        number: Any = judged.numbers[place]
        if not number.claims(exact):
            index = f"[{','.join(map(str, place))}]" if place else ""
            of = "dL/d" if judged.is_gradient else ""
            raise Refusal(f"{of}{judged.name}{index}", exact, number)


def exact_value(name: str, network: Network) -> Any:
    """Return dL/d(name) for a parameter, or the value of a name of the forward pass, exactly."""
    env = Env(network.values, network.sizes, NETWORK.defined)
    if name not in Network.PARAMETERS:
        return env.value_of(name)
    return env.evaluate(parse(f"d(L, {name})", NETWORK).tree)


ASSIGNMENT = Domain("the assignment's data", lambda network: network is DATA, always=(DATA,))
LAW = Law(digits_are_right, ASSIGNMENT)
