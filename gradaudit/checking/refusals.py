"""What a check ends with where it does not hold."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

# What a derivative owes, in the order in which it is judged.
LAWS = (
    "the form",
    "a value",
    "inputs unchanged",
    "memory of its own",
    "the same again",
    "linear in the cotangent",
    "adjoint",
    "nothing global",
    "symmetric",
    "slope",
    "digits",
)


class BadCall(TypeError):
    """A check was called in a way that it does not understand; its text says what to do."""


@dataclass(frozen=True)
class Fault(Exception):
    """What is wrong at one input: the law that is broken, and a sentence.

    at: the input, where it is another than that which was tried, as beside a kink.
    """

    law: str
    text: str
    entry: str = ""
    said: float | None = None
    low: float | None = None
    high: float | None = None
    notes: tuple[str, ...] = field(default=())
    at: tuple[Any, ...] | None = None

    def __str__(self) -> str:
        return self.text

    @property
    def share(self) -> float:
        """How far off what is said is, as a part of what is right; 0 where nothing tells."""
        if self.said is None or self.low is None or self.high is None:
            return 0.0
        middle = (self.low + self.high) / 2
        return abs(self.said - middle) / abs(middle) if middle else 0.0


class WrongGradient(AssertionError):
    """A gradient is wrong. Its text is what a person reads, its attributes what a program does.

    law: what it does not obey, such as "slope", "shape" or "the same again". entry: the first wrong
    entry, such as "dw[0,2]", "" where it is none. said: the slope that the gradient gives there,
    along the domain where an entry moves others. low, high: what is true lies between. arguments:
    the smallest input that shows it. told: what else is told of it, by the words of its text, such
    as "it is", "truth", "cotangent". report: what was tried before.
    """

    def __init__(
        self,
        text: str,
        fault: Fault,
        arguments: tuple[Any, ...] = (),
        told: Mapping[str, str] | None = None,
        report: Any = None,
    ) -> None:
        super().__init__(text)
        self.law, self.entry = fault.law, fault.entry
        self.said, self.low, self.high = fault.said, fault.low, fault.high
        self.arguments, self.told, self.report = arguments, told or {}, report


def in_full(sentence: str, told: Mapping[str, str]) -> str:
    """Return a sentence, and below it what else is told, if anything is, each by its word."""
    lines = [sentence]
    for name, text in told.items():
        for k, line in enumerate(text.splitlines()):
            lines.append(f"  {'' if k else name:<9} {line}")
    return "\n".join(lines)


class NotOffered(Exception):
    """The gradient says that it does not give this derivative."""
