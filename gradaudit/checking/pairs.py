"""A function, what is to be its derivative, and what is said of them."""

import inspect
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, NamedTuple

from gradaudit.checking.refusals import BadCall
from gradaudit.checking.specs import Argument, Spec


class Kind(NamedTuple):
    """A kind of derivative: how it is told, and the call that checks one."""

    told: str
    call: str


KINDS = {
    "gradient": Kind("gradient", "check_gradient"),
    "vjp": Kind("vector-Jacobian product", "check_vjp"),
    "jvp": Kind("Jacobian-vector product", "check_jvp"),
    "jacobian": Kind("Jacobian", "check_jacobian"),
    "elementwise": Kind("derivative", "check_jacobian"),
}


@dataclass(frozen=True)
class Pair:
    """A function and what is to be its derivative.

    kind: one of `KINDS`. moved: the indices of the leaves of `spec`
    that the derivative is by. given: makes an object from the arguments that it names, which both
    functions get first. relative: the declared accuracy of f. flat: values of f at which it is
    clipped. no_answer: exceptions that mean that f has no value. is_none: tells of what f returns
    that it is none. own: the slope along a tangent by an automatic derivative of f, in place of a
    complex step. forward: of a vjp, the jvp that owes to be adjoint to it. conjugate: a complex
    gradient is that of JAX. symmetric: a Jacobian owes to be. title, again: how the pair is told,
    and the call that judges it once more, where these are not those of the functions. unit: of a
    shorter precision, to which inputs are rounded. is_stated: a question states the model, and what
    is assumed of its inputs. has_own: strategies of one's own give inputs, which may obey more.
    """

    f: Callable[..., Any]
    derivative: Callable[..., Any]
    spec: Spec
    moved: tuple[int, ...]
    kind: str = "gradient"
    given: Callable[..., Any] | None = None
    relative: float = 0.0
    flat: tuple[float, ...] = ()
    infinite_slopes: bool = False
    no_answer: tuple[type[BaseException], ...] = ()
    is_none: Callable[[Any], bool] | None = None
    own: Callable[[tuple[Any, ...], tuple[Any, ...]], Any] | None = None
    forward: Callable[..., Any] | None = None
    conjugate: bool = False
    seconds: float | None = None
    seed: int = 0
    symmetric: bool = False
    title: str = ""
    again: str = ""
    unit: float = 0.0
    is_stated: bool = False
    has_own: bool = False

    def names(self) -> list[str]:
        """Return how the derivatives are told, one for each leaf that moves: `dw`."""
        return [f"d{self.spec.leaves[i].path}" for i in self.moved]

    def of(self, arguments: Sequence[Any]) -> tuple[Any, ...]:
        """Return what both functions are called with."""
        if self.given is None:
            return tuple(arguments)
        return called_with(self.given, dict(zip(self.spec.names, arguments, strict=True)))

    @cached_property
    def moving(self) -> list[Argument]:
        """The arguments that the derivative is by."""
        places = self.spec.places
        return [
            one for one in self.spec.arguments if any(i in self.moved for i in places[one.name])
        ]


def taken_by(given: Callable[..., Any] | None, names: Collection[str]) -> tuple[str, ...]:
    """Return which of the arguments `given` makes an object from. Raises BadCall."""
    parameters = inspect.signature(given).parameters if given is not None else {}
    for name, parameter in parameters.items():
        if name not in names and parameter.default is parameter.empty:
            raise BadCall(f"given: no argument {name}; known are {', '.join(names)}")
    return tuple(name for name in parameters if name in names)


def called_with(given: Callable[..., Any] | None, named: dict[str, Any]) -> tuple[Any, ...]:
    """Return what functions are called with: the object that `given` makes, and the rest."""
    if given is None:
        return tuple(named.values())
    made = given(**{name: named.pop(name) for name in taken_by(given, named)})
    return (made, *named.values())


def name_of(function: Any) -> str:
    """Return what a person calls a function."""
    function = getattr(function, "__wrapped__", function)
    function = getattr(function, "func", function)  # of a partial
    return getattr(function, "__name__", type(function).__name__)
