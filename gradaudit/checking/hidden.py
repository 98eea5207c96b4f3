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


def _states() -> tuple[Any, ...]:
    _, keys, *rest = np.random.get_state()
    return (np.asarray(keys).tobytes(), *rest), np.geterr()


def changed_globally(point: Input) -> tuple[list[str], Fault | None]:
    """Return remarks on what a call of the gradient changes of global states, or the Fault it is.

    It is none where f does the same, as a layer that draws its first weights when it is built.
    """
    seed = int(point.random.integers(2**31))  # one that no code is likely to choose
    before, after = _watched(point, "derivative", seed)
    if before == after:
        return [], None
    _, after_other = _watched(point, "derivative", seed + 1)
    f_before, f_after = _watched(point, "f", seed)
    _, f_after_other = _watched(point, "f", seed + 1)
    remarks = []
    for k, (what, remedy) in enumerate(REMEDIES.items()):
        if before[k] == after[k]:
            continue
        text = f"the gradient changes the state of {what}"
        # Both may draw, one of them more often; what is seeded is left the same whatever it was.
        seeded = after[k] == after_other[k] or f_after[k] == f_after_other[k]
        both_draw = f_before[k] != f_after[k] and not seeded
        if f_after[k] != after[k] and not both_draw:
            return [], Fault("nothing global", f"{text} as f does not: {remedy}")
        remarks.append(f"{text}, and so does f")
    return remarks, None


def _watched(point: Input, which: Literal["f", "derivative"], seed: int) -> list[tuple[Any, ...]]:
    """Call f or its derivative with a seed, and return the global states before and after."""
    pair, seen = point.pair, list[tuple[Any, ...]]()
    function: Callable[..., Any] = getattr(pair, which)

    def watched(*args: Any) -> Any:
        outside = np.random.get_state()
        np.random.seed(seed)
        try:
            with np.errstate(divide="warn", over="warn", under="ignore", invalid="warn"):
                before = _states()
                try:
                    return function(*args)
                finally:
                    seen[:] = before, _states()
        finally:
            np.random.set_state(outside)

    changes: dict[str, Any] = {which: watched}
    point.pair = replace(pair, **changes)
    try:
        if which == "f":
            point.value(point.still, 0.0)
        else:
            answers(point, point.args)
    finally:
        point.pair = pair
    return seen
