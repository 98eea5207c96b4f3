"""How a judged function is called: on fresh copies, with everything it may do to them seen.

This module is all that the process of a stranger's answer needs; it imports NumPy only.
"""

import traceback
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from types import CodeType
from typing import Any

import numpy as np
import numpy.typing as npt

from gradaudit.language.outcomes import NoValue

MAX_RESULT = 10_000  # entries; no gradient asked for here is larger
TOGETHER = 16  # calls in one message to the process of an answer
MAX_MESSAGE = 200

Result = npt.NDArray[Any] | str  # an array, or a phrase that says what there was instead
Held = tuple[list[str], list[Result]]  # names, if there are any, and the results


@dataclass(frozen=True)
class Observed:
    """What calls in a row showed.

    results: the results of each call, as they were when it returned. inputs: the arguments of
    each call after it, None for one that is as it was. shared: pairs of (call, result) that lie in
    the same memory. held: the results that a call returned under names or with one more beside
    them, if it did.
    """

    results: list[list[Result]]
    inputs: Sequence[Sequence[Result | None]]
    shared: list[tuple[tuple[int, int], tuple[int, int]]]
    held: list[Held | None] = field(default_factory=list)

    def of(self, first: int, end: int) -> "Observed":
        """Return what some of the calls showed, and nothing of the others."""
        within = [
            ((call - first, result), (later - first, other))
            for (call, result), (later, other) in self.shared
            if first <= call < end and first <= later < end
        ]
        some = slice(first, end)
        return Observed(self.results[some], self.inputs[some], within, self.held[some])


class Function:
    """A function to be judged, in this process.

    count: how many results it owes; one that owes several returns a tuple of them.
    """

    def __init__(self, function: Callable[..., Any], count: int) -> None:
        self.function = function
        self.count = count
        self.arguments = own_arguments(function)

    def call(self, arguments: Sequence[Any]) -> list[Result]:
        """Return the results for arguments that the function may keep. Raises NoValue."""
        return self.observe([arguments]).results[0]

    def observe(self, calls: Sequence[Sequence[Any]]) -> Observed:
        """Call the function on each list of arguments, in order. Raises NoValue."""
        return observe(self.function, self.count, calls)


def own_arguments(function: Callable[..., Any]) -> list[str]:
    """Return what a function calls its arguments, as far as it says it."""
    code = getattr(function, "__code__", None)
    names = code.co_varnames[: code.co_argcount] if isinstance(code, CodeType) else ()
    return [shortened(name) for name in names]


def observe(function: Callable[..., Any], count: int, calls: Sequence[Sequence[Any]]) -> Observed:
    """Call a function on each list of arguments, in order, and keep all of its results alive."""
    returned, results, held = [], [], []
    for arguments in calls:
        try:
            with np.errstate(all="ignore"):  # what overflows shows in the values
                value = function(*arguments)
                arrays = results_of(value, count)
                other = held_in(value, count) if isinstance(arrays[0], str) else None
        except (Exception, SystemExit) as error:
            raise NoValue(f"it raises {describe(error)}{_in_line(function, error)}") from None
        returned.append(arrays)
        held.append(other)
        results.append([one if isinstance(one, str) else one.copy() for one in arrays])
    inputs = [[_array(argument) for argument in arguments] for arguments in calls]
    return Observed(results, inputs, _shared(returned), held)


def _in_line(function: Callable[..., Any], error: BaseException) -> str:
    """Return the line of the function's own file that an exception came through last."""
    file = getattr(getattr(function, "__code__", None), "co_filename", None)
    passed = traceback.walk_tb(error.__traceback__)
    lines = [line for frame, line in passed if frame.f_code.co_filename == file]
    return f", in line {lines[-1]}" if lines else ""


def describe(error: BaseException) -> str:
    """Return an exception in one short line."""
    try:
        said = str(error)[: 2 * MAX_MESSAGE].strip()
    except Exception:  # it is the answer's own class, and may do anything
        said = "an exception that cannot be shown"
    lines = said.splitlines()
    return shortened(f"{type(error).__name__}: {lines[0]}" if lines else type(error).__name__)


def shortened(text: str) -> str:
    """Return a text of bounded length."""
    return text if len(text) <= MAX_MESSAGE else text[:MAX_MESSAGE] + "…"


def results_of(value: Any, count: int) -> list[Result]:
    """Return what a function returned as arrays, in its own types."""
    if count == 1:
        return [_array(value)]
    if not isinstance(value, tuple | list):
        return [f"{_kind(value)} instead of {count} results"]
    if len(value) != count:
        return [f"{len(value)} results instead of {count}"]
    return [_array(one) for one in value]


def held_in(value: Any, count: int) -> Held | None:
    """Return the results that stand under names, in the order of these, or with one more."""
    beside: list[tuple[str, Any]] = []
    if isinstance(value, tuple | list) and len(value) == 2:
        numbers = [isinstance(one, int | float | np.number) for one in value]
        others = value[numbers.index(False)] if sum(numbers) == 1 else None
        if isinstance(others, Mapping) or (count > 1 and others is not None):
            beside, value = [("", value[numbers.index(True)])], others
    if not isinstance(value, Mapping | tuple | list):
        return None
    if not count <= len(beside) + len(value) <= count + 1:
        return None
    if isinstance(value, Mapping):
        named = sorted((str(key)[:MAX_MESSAGE], one) for key, one in value.items())
    else:
        named = [("", one) for one in value]
    found = [*beside, *named]
    names = [name for name, _ in found] if isinstance(value, Mapping) else []
    return names, [_array(one) for _, one in found]


def _array(value: Any) -> Result:
    if isinstance(value, np.ndarray | np.generic):
        array = np.asarray(value)
    elif _is_numbers(value):
        # Numbers of Python have no dtype that could be wrong: an integer is as good as a float.
        try:
            array = np.array(value, dtype=None if isinstance(value, bool) else np.float64)
        except (ValueError, OverflowError):
            return f"{_kind(value)} that is not an array of numbers"
    else:
        return _kind(value)
    if array.dtype.kind not in "biuf" or array.dtype.itemsize > 8:
        return f"dtype {array.dtype}"
    if array.size > MAX_RESULT:
        return f"an array of {array.size} entries"
    return array


def _is_numbers(value: Any) -> bool:
    if isinstance(value, list | tuple):
        return len(value) <= MAX_RESULT and all(
            _is_numbers(one) or isinstance(one, np.ndarray | np.number) for one in value
        )
    return isinstance(value, int | float)


def _kind(value: Any) -> str:
    name = type(value).__name__
    if value is None:
        return "None"
    return f"{'an' if name.startswith((*'aeiou', 'nd')) else 'a'} {name}"


def _shared(calls: list[list[Result]]) -> list[tuple[tuple[int, int], tuple[int, int]]]:
    places = [
        ((number, index), result)
        for number, results in enumerate(calls)
        for index, result in enumerate(results)
        if not isinstance(result, str)
    ]
    different = len({id(one) for _, one in places}) == len(places)
    if different and all(one.flags.owndata for _, one in places):
        return []  # as nearly always
    return [
        (place, other)
        for position, (place, first) in enumerate(places)
        for other, second in places[position + 1 :]
        if np.shares_memory(first, second)
    ]
