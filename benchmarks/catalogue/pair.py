"""A function with its gradient, right or wrong, and how to write one into the catalogue.

A module of the catalogue holds one field. It opens `field = Field("…")`, writes a function, marks
its right gradient with `@field.right(f, spec)`, and each wrong one with `@field.wrong(right, what
is wrong)`. The name of a pair is the name of its gradient.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

Array = Any  # of NumPy; its own types say too little of shapes to be worth their length here
Kind = Literal["gradient", "vjp", "jvp", "jacobian", "elementwise", "value_and_grad"]


@dataclass(frozen=True)
class Pair:
    """A function and what somebody says is its gradient.

    - `f` takes arrays. What it gives is a number where `kind` is "gradient", an array of shape (m,)
      of one of shape (n,) for "jacobian", of the same shape as its first for "elementwise".
    - `gradient` takes the same arguments and gives an array for each name in `wrt`, alone if there
      is one name; a vjp takes a cotangent after them, a jvp a tangent for each name in `wrt`. A
      "value_and_grad" is `f` itself, and gives (value, gradients).
    - `spec` says which inputs there are, and `wrt` which of them may move: all floats if empty.
    - `mistake` says what is wrong, `source` where somebody met such a thing: an address, a phrase.
    - `shown` names the inputs of `benchmarks.inputs` at which it shows, or how it is called.
    - `right_gradient` is what a wrong gradient should have been.
    """

    name: str
    field: str
    f: Callable[..., Any]
    gradient: Callable[..., Any]
    spec: str
    wrt: str = ""
    kind: Kind = "gradient"
    right: bool = True
    mistake: str = ""
    source: str = ""
    shown: str = "typical"
    right_gradient: Callable[..., Any] | None = None


Function = Callable[..., Any]
Mark = Callable[[Function], Function]


class Field:
    """The pairs of one field, in the order in which they are written."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.pairs: list[Pair] = []

    def right(
        self, f: Function | None, spec: str, *, wrt: str = "", kind: Kind = "gradient"
    ) -> Mark:
        """Mark a right gradient of f; None where it is itself the function."""

        def mark(gradient: Function) -> Function:
            name = gradient.__name__.replace("_", " ")
            self.pairs.append(Pair(name, self.name, f or gradient, gradient, spec, wrt, kind))
            return gradient

        return mark

    def wrong(
        self, of: Function, mistake: str, *, source: str = "", shown: str = "typical"
    ) -> Mark:
        """Mark a wrong gradient, which should have been what `of` is."""
        model = next(pair for pair in self.pairs if pair.gradient is of and pair.right)

        def mark(gradient: Function) -> Function:
            f = gradient if model.kind == "value_and_grad" else model.f
            self.pairs.append(
                Pair(
                    gradient.__name__.replace("_", " "),
                    self.name,
                    f,
                    gradient,
                    model.spec,
                    model.wrt,
                    model.kind,
                    right=False,
                    mistake=mistake,
                    source=source,
                    shown=shown,
                    right_gradient=of,
                )
            )
            return gradient

        return mark
