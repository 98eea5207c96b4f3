"""The contract of a gradient function: what it owes before its values are looked at."""

from collections.abc import Sequence
from contextlib import suppress
from typing import Any
from weakref import WeakKeyDictionary

import numpy as np
import numpy.typing as npt

from gradaudit.judging.calling import TOGETHER, Function, Observed, Result
from gradaudit.judging.cases import Case
from gradaudit.judging.form import InForm
from gradaudit.judging.laws import (
    FORMLESS,
    CannotGoOn,
    DoesNotApply,
    Refusal,
    SharedMemory,
    WrongForm,
)
from gradaudit.judging.oracles import Estimate
from gradaudit.language.outcomes import NoValue

Floats = npt.NDArray[np.float64]

_asked: WeakKeyDictionary[Any, dict[Case, Floats]] = WeakKeyDictionary()
_called: WeakKeyDictionary[Any, dict[Case, Observed]] = WeakKeyDictionary()
CALLS = 4  # by which the contract is checked at one input


def check_contract(
    judged: Function | InForm, case: Case, elsewhere: Case, rounding: Floats
) -> None:
    """Refuse a function that breaks its contract at an input.

    It is called twice here, once elsewhere and here again. rounding: how far two results may
    honestly differ.
    """
    results, here = case.results(), case.arguments()
    known = _called.get(judged, {}).pop(case, None)
    observed = known or judged.observe(_calls(case, elsewhere))
    for number in (0, 1, 3):  # the call elsewhere is no part of the input that is shown
        _check_form(observed.results[number], results)
    for number in (0, 1, 3):
        changed = observed.inputs[number]
        for name, old, new in zip(case.blocks, here, changed, strict=True):
            if not _same(old, new):
                raise Refusal(name, "the input as it was", "the input changed by the call")
    for (call, index), (later, other) in observed.shared:
        first, second = list(results)[index], list(results)[other]
        if call == later:
            raise SharedMemory(first, "memory of its own", f"memory shared with {second}")
        raise SharedMemory(second, "memory of its own", f"the memory of an earlier call's {first}")
    first_results = flat(observed.results[0])
    _asked.setdefault(judged, {}).setdefault(case, first_results)
    for number, when in ((1, "when called again"), (3, "after a call elsewhere")):
        again = flat(observed.results[number])
        if not np.array_equal(first_results, again, equal_nan=True):
            same = np.abs(first_results - again) <= rounding
            if not same.all():
                index = int(np.argmin(same))
                where = labels(results)[index]
                raise Refusal(where, first_results[index], again[index], note=when)
    if isinstance(judged, InForm) and judged.form is not None:
        wanted = ", ".join(f"{name} of shape {shape}" for name, shape in judged.wanted.items())
        raise WrongForm(wanted, judged.form.told, judged.shown)


def _calls(case: Case, elsewhere: Case) -> list[list[Any]]:
    here = case.arguments()
    return [_copies(arguments) for arguments in (here, here, elsewhere.arguments(), here)]


def foresee_contract(judged: Function | InForm, inputs: Sequence[tuple[Case, Case]]) -> None:
    """Make the calls of `check_contract` at inputs, each with one elsewhere, in few messages."""
    many = TOGETHER // CALLS
    for first in range(0, len(inputs), many):
        some = inputs[first : first + many]
        with suppress(NoValue, CannotGoOn):  # which is met again where one is called alone
            observed = judged.observe([call for one in some for call in _calls(*one)])
            for number, (case, _) in enumerate(some):
                of_one = observed.of(CALLS * number, CALLS * (number + 1))
                _called.setdefault(judged, {})[case] = of_one


def ask(judged: Function | InForm, *cases: Case) -> list[Floats]:
    """Return the judged gradient (P,) at each input; at one that was asked for before, as it was.

    Raises DoesNotApply where a result is not of the promised form.
    """
    known = _asked.setdefault(judged, {})
    if new := [case for case in dict.fromkeys(cases) if case not in known]:
        results = judged.observe([case.arguments() for case in new]).results
        for case, returned in zip(new, results, strict=True):
            try:
                _check_form(returned, case.results())
            except Refusal as refusal:
                raise DoesNotApply(FORMLESS, form=refusal) from None
            known[case] = flat(returned)
    return [known[case] for case in cases]


def foresee(judged: Function | InForm, cases: Sequence[Case]) -> None:
    """Ask for the judged gradient at many inputs in few messages.

    What it has no value at is left to be asked for alone.
    """
    for first in range(0, len(cases), TOGETHER):
        with suppress(NoValue, DoesNotApply, CannotGoOn):
            ask(judged, *cases[first : first + TOGETHER])


def compare(
    case: Case, found: Floats, expected: Estimate, shown: Any = None, note: str = ""
) -> None:
    """Refuse the first entry that is further from the estimate than its bound.

    shown: what was expected, as it is to be told.
    """
    close = np.abs(found - expected.value) <= expected.error  # False for nan
    if not close.all():
        index = int(np.argmin(close))
        value = (expected.value if shown is None else shown)[index]
        where = labels(case.results())[index]
        raise Refusal(where, value, found[index], expected.error[index], note)


def flat(returned: Sequence[Result]) -> Floats:
    """Return results as one vector, in the order of the results."""
    return np.concatenate([np.ravel(np.asarray(one)) for one in returned])


def labels(results: dict[str, tuple[int, ...]]) -> list[str]:
    """Return the name of each entry of the flat vector, such as `dL/dx[0,2]`."""
    return [
        f"{name}[{','.join(map(str, place))}]" if place else name
        for name, shape in results.items()
        for place in np.ndindex(*shape)
    ]


def _check_form(returned: Sequence[Result], results: dict[str, tuple[int, ...]]) -> None:
    if len(returned) != len(results):
        (phrase,) = returned
        raise Refusal("", f"a tuple of {len(results)} gradients", phrase)
    broken = []
    for (name, shape), one in zip(results.items(), returned, strict=True):
        if isinstance(one, str):
            broken.append((name, f"a float64 array of shape {shape}", one))
        elif one.shape != shape:
            broken.append((name, f"shape {shape}", f"shape {one.shape}"))
        elif one.dtype != np.float64:
            broken.append((name, "dtype float64", f"dtype {one.dtype}"))
    if broken:
        first, *others = broken
        also = (f"{name} has {found}, not {expected}" for name, expected, found in others)
        raise Refusal(*first, note="; ".join(also))


def _same(old: Any, new: Result | None) -> bool:
    """Return whether an argument is as it was: the same bytes, as nearly always, or numbers."""
    if new is None:
        return True
    alike = (
        isinstance(old, np.ndarray)
        and isinstance(new, np.ndarray)
        and (old.dtype, old.shape) == (new.dtype, new.shape)
        and old.tobytes() == new.tobytes()
    )
    return alike or np.array_equal(old, new)


def _copies(arguments: Sequence[Any]) -> list[Any]:
    return [one.copy() if isinstance(one, np.ndarray) else one for one in arguments]
