"""What calls change of NumPy's global states: its random state and its error handling."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any, Literal

import numpy as np

from gradaudit.checking.calls import answers
from gradaudit.checking.points import Input
from gradaudit.checking.refusals import Fault

# The legacy random state is what most code seeds; a new Generator has no global one.
REMEDIES = {
    "np.random": "draw from a generator of its own, such as np.random.default_rng(0)",
    "np.seterr": "use `with np.errstate(...)` in its place",
}


class _Watched:
    """A function whose calls begin with given global states and leave none, and what they left."""

    def __init__(self, function: Callable[..., Any], seed: int) -> None:
        self.function, self.seed = function, seed
        self.found: tuple[Any, ...] = ()
        self.left: tuple[Any, ...] = ()

    def __call__(self, *args: Any) -> Any:
        before = np.random.get_state()
        np.random.seed(self.seed)
        try:
            with np.errstate(divide="warn", over="warn", under="ignore", invalid="warn"):
                self.found = _states()
                try:
                    return self.function(*args)
                finally:
                    self.left = _states()
        finally:
            np.random.set_state(before)


def _states() -> tuple[Any, ...]:
    _, keys, *rest = np.random.get_state()
    return (np.asarray(keys).tobytes(), *rest), np.geterr()


def changed_globally(point: Input) -> tuple[list[str], Fault | None]:
    """Return remarks on what a call of the gradient changes of global states, or the Fault it is.

    It is none where f does the same, as a layer that draws its first weights when it is built.
    """
    seed = int(point.random.integers(2**31))  # one that no code is likely to choose
    gradient = _watched(point, "derivative", seed)
    if gradient.found == gradient.left:
        return [], None
    other, f = _watched(point, "derivative", seed + 1), _watched(point, "f", seed)
    pairs = ((gradient, other), (f, _watched(point, "f", seed + 1)))
    remarks = []
    for k, (what, remedy) in enumerate(REMEDIES.items()):
        if gradient.found[k] == gradient.left[k]:
            continue
        text = f"the gradient changes the state of {what}"
        # Both may draw, one of them more often; what is seeded is left the same whatever it was.
        both_draw = f.found[k] != f.left[k] and all(a.left[k] != b.left[k] for a, b in pairs)
        if f.left[k] != gradient.left[k] and not both_draw:
            return [], Fault("nothing global", f"{text} as f does not: {remedy}")
        remarks.append(f"{text}, and so does f")
    return remarks, None


def _watched(point: Input, which: Literal["f", "derivative"], seed: int) -> _Watched:
    pair = point.pair
    watched = _Watched(getattr(pair, which), seed)
    changes: dict[str, Any] = {which: watched}
    point.pair = replace(pair, **changes)
    try:
        if which == "f":
            point.value(point.still, 0.0)
        else:
            answers(point, point.args)
    finally:
        point.pair = pair
    return watched
