"""What a law is, how it refuses, and the one runner that holds an answer to it."""

import ast
import inspect
import textwrap
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache, partial
from typing import Any

import numpy as np

from gradaudit.judging.domains import Domain
from gradaudit.language.outcomes import CannotTell, NoValue
from gradaudit.language.showing import difference, show, show_expected, sides

FORMLESS = "no result was of the promised shape and type"
SIMPLER_TRIED = 2_000  # a bound on the work of finding the smallest counterexample


class Refusal(AssertionError):
    """A law does not hold at an input; `str` is what a person reads.

    where: which entry, such as `x[0,2]`. expected, found: the two values, or phrases; a NoValue
    is found where there is no value. allowed: how far apart rounding may bring them, None where
    there is no rounding.
    """

    def __init__(
        self, where: str, expected: Any, found: Any, allowed: float | None = None, note: str = ""
    ) -> None:
        super().__init__(where, expected, found, allowed, note)
        self.where = where
        self.expected = expected
        self.found = found
        self.allowed = allowed
        self.note = note

    def __str__(self) -> str:
        where = f"{self.where}: " if self.where else ""
        expected = show_expected(self.expected, self.found)
        text = f"{where}found {show(self.found)}, expected {expected}"
        if off := difference(self.expected, self.found):
            text += f"; they differ by {off.lstrip('+-')}"
            if self.allowed is not None:
                text += f", and at most {self.allowed:.2g} is explained by rounding"
        return text + (f" ({self.note})" if self.note else "")

    @property
    def sides(self) -> tuple[str, str]:
        """What was expected and what was found, as text."""
        return sides(self.expected, self.found)


class WrongForm(Refusal):
    """The results are of another form than promised, at the input that shows it.

    told: each difference, in a phrase.
    """

    def __init__(self, wanted: str, told: Sequence[str], at: Any) -> None:
        super().__init__("", wanted, "; ".join(told))
        self.at = at

    def __str__(self) -> str:
        return str(self.found)


class SharedMemory(Refusal):
    """A result has no memory of its own, whatever its values are."""


class NothingFound(Refusal):
    """There is no value where one is due; a value that is wrong elsewhere says more."""


class LosesDigits(Exception):
    """A law does not hold at an input, but what is judged is off by its own roundings alone."""

    def __init__(self, refusal: Refusal) -> None:
        super().__init__(str(refusal))
        self.refusal = refusal


class CannotGoOn(Exception):
    """Nothing more can be asked of what is judged: it hung, or its process is gone."""


class DoesNotApply(Exception):
    """The law says nothing at this input, such as where an assumption is not met.

    nearer: it would, but for something else; a reason to be told before others. form: it would,
    but for the form of the result, which the contract refuses in these words. sizes: what is
    judged has no value there, where these sizes are 1; it may hold for the rest.
    """

    def __init__(
        self,
        reason: str,
        *,
        nearer: bool = False,
        form: Refusal | None = None,
        sizes: frozenset[str] = frozenset(),
    ) -> None:
        super().__init__(reason)
        self.nearer = nearer
        self.form = form
        self.sizes = sizes


def sizes_of_one(case: Any) -> frozenset[str]:
    """Return the sizes that are 1 at an input."""
    sizes = getattr(case, "sizes", {})
    called = {one: name for name, one in case.question.counts.items()} if sizes else {}
    return frozenset(called.get(name, name) for name, size in sizes.items() if size == 1)


@dataclass(frozen=True)
class Law:
    """A statement about what is judged, and the inputs it speaks of.

    check takes (judged, input) and returns, or raises Refusal. Its name and its docstring are those
    of the law, unless a question says both. foresee: asks what is judged for all that check will
    ask it at some inputs, at once.
    """

    check: Callable[[Any, Any], None]
    domain: Domain
    called: str = ""
    said: str = ""
    foresee: Callable[[Any, Sequence[Any]], None] | None = None

    @property
    def name(self) -> str:
        """The name, an identifier."""
        return self.called or self.check.__name__

    @property
    def statement(self) -> str:
        """The statement, as a person reads it."""
        return self.said or _sentence(self.check)


@cache
def _sentence(check: Callable[..., None]) -> str:
    """Return the first sentence of a docstring, from its source where -OO has dropped it."""
    doc = check.__doc__
    if doc is None:
        (tree,) = ast.parse(textwrap.dedent(inspect.getsource(check))).body
        assert isinstance(tree, ast.FunctionDef)
        doc = ast.get_docstring(tree) or ""
    return " ".join(doc.partition("\n\n")[0].split()).rstrip(".")


@dataclass(frozen=True)
class Outcome:
    """What came of holding what is judged to a law.

    status: "holds", "fails" or "untested". examples: how many inputs it was held to.
    at: the smallest input found where it fails, or one where it loses digits; reason: why it is
    untested, or what it raised, or what is to be said of what holds. carries: a line that follows
    rightly from a wrong one is wrong as well.
    """

    law: Law
    judged: Any
    status: str
    examples: int
    refusal: Refusal | None = None
    at: Any = None
    reason: str = ""
    carries: bool = False


def hold(law: Law, judged: Any, inputs: Sequence[Any], *, smallest: bool = True) -> Outcome:
    """Hold what is judged to a law on all inputs.

    smallest: go from the first that refutes it to the smallest that does.

    Something that answers on some inputs and not on others fails on those; something that
    answers on none is untested, and so is what cannot be told at some input and is not refused
    at any other. The same goes for results of the promised form. A size of 1 excuses having no
    value only if there is none wherever it is 1. What is refused on inputs alone that say little,
    as one class of a softmax does, fails on the first of these. What loses digits on no more than
    half of all inputs holds.
    """
    said = partial(Outcome, law, judged)
    tried, idle = 0, "" if inputs else "there is no input that it can be judged on"
    silent: list[tuple[Any, str, frozenset[str]]] = []  # where sizes of 1 may be why
    with_value = set[str]()  # sizes that are 1 where there is one
    first: dict[type[Exception], tuple[Any, Any]] = {}  # where there was no verdict, and why
    little: tuple[Any, Refusal] | None = None  # where a refusal says little
    lossy: list[tuple[Any, Refusal]] = []

    def failed(case: Any, refusal: Refusal) -> Outcome:
        at, refusal = _smallest(law, judged, case, refusal) if smallest else (case, refusal)
        return said("fails", tried, refusal, at)

    for case in _foreseen(law, judged, inputs):
        try:
            refusal = _refusal_at(law, judged, case)
        except LosesDigits as lost:
            lossy.append((case, lost.refusal))
            refusal = None
        except (NoValue, CannotTell) as none:
            first.setdefault(type(none), (case, str(none)))
            idle = idle or str(none)
            continue
        except DoesNotApply as none:
            if none.form is not None:
                first.setdefault(Refusal, (case, none.form))
            idle = str(none) if none.nearer else idle or str(none)
            if none.sizes:
                silent.append((case, str(none), none.sizes))
            continue
        except CannotGoOn as gone:
            return said("untested", tried, at=case, reason=str(gone))
        tried += 1
        with_value |= sizes_of_one(case)
        if isinstance(refusal, WrongForm):  # something worse may follow
            first.setdefault(Refusal, (refusal.at, refusal))
        elif refusal is not None and _says_little(case, refusal):
            little = little or (case, refusal)
        elif refusal is not None:
            return failed(case, refusal)
    if little is not None:
        return failed(*little)
    for case, reason, ones in silent:
        if ones <= with_value:
            first.setdefault(NoValue, (case, reason))
    if tried and Refusal in first:
        case, refusal = first[Refusal]
        return said("fails", tried, refusal, case)
    if CannotTell in first:
        case, reason = first[CannotTell]
        return said("untested", tried, at=case, reason=reason)
    if NoValue in first:
        case, reason = first[NoValue]
        if not tried:
            return said("untested", 0, at=case, reason=reason)
        return failed(case, Refusal("", "a value", NoValue(reason)))
    if lossy:
        return _lossy(said, tried, lossy)
    excused = sorted({f"{size} = 1" for *_, ones in silent for size in ones - with_value})
    remark = f"it has no value where {' or '.join(excused)}" if excused else ""
    return said("holds", tried, reason=remark) if tried else said("untested", 0, reason=idle)


def _lossy(
    said: Callable[..., Outcome], tried: int, lossy: Sequence[tuple[Any, Refusal]]
) -> Outcome:
    """Return what comes of what loses digits: it holds, unless on more than half of all inputs."""
    case, refusal = lossy[0]
    if 2 * len(lossy) > tried:
        return said("fails", tried, refusal, case)
    off = difference(refusal.expected, refusal.found).lstrip("+-")
    lost = f"{refusal.where} is off by {off} of {refusal.sides[0]}"
    return said("holds", tried, at=case, reason=f"it loses digits: {lost}")


def _foreseen(law: Law, judged: Any, inputs: Sequence[Any]) -> Iterator[Any]:
    """Yield inputs, each after what is judged was asked for all that is wanted of it.

    That is done for as many of them as were there before, since the first may refuse it.
    """
    done = 0
    while done < len(inputs):
        some = inputs[done : 2 * done + 1]
        if law.foresee is not None:
            law.foresee(judged, some)
        yield from some
        done += len(some)


def _says_little(case: Any, refusal: Refusal) -> bool:
    return isinstance(refusal, NothingFound) or getattr(case, "is_small", False)


def sees(law: Law, judged: Any, inputs: Iterable[Any]) -> bool:
    """Return whether a law refuses what is judged, in its own words, on some input."""
    for case in inputs:
        try:
            if refusal_at(law, judged, case) is not None:
                return True
        except (NoValue, CannotTell, DoesNotApply):
            continue
    return False


def refusal_at(law: Law, judged: Any, case: Any) -> Refusal | None:
    """Return how a law refuses what is judged at an input, if it does. Raises as the law does.

    What loses digits is not refused.
    """
    try:
        return _refusal_at(law, judged, case)
    except LosesDigits:
        return None


def _refusal_at(law: Law, judged: Any, case: Any) -> Refusal | None:
    try:
        with np.errstate(all="ignore"):  # what overflows shows in the values
            law.check(judged, case)
    except Refusal as refusal:
        return refusal
    return None


def _shrink(case: Any, still_fails: Callable[[Any], bool], domain: Domain) -> Any:
    """Go to a simpler input of a domain as long as there is one that still fails."""
    budget = SIMPLER_TRIED
    shrunk = True
    while shrunk:
        shrunk = False
        effort = case.effort()
        for candidate in case.simpler():
            if candidate.effort() >= effort:
                continue
            budget -= 1
            if budget < 0:
                return case
            if still_fails(candidate) and domain.contains(candidate):  # which takes longer
                case, shrunk = candidate, True
                break
    return case


def _smallest(law: Law, judged: Any, case: Any, refusal: Refusal) -> tuple[Any, Refusal]:
    """Return the simplest input found that is refused, or has no value, as well; and how."""
    silent = isinstance(refusal.found, NoValue)

    def still_fails(candidate: Any) -> bool:
        try:
            found = refusal_at(law, judged, candidate)
        except NoValue:
            return silent
        except DoesNotApply as none:  # the sizes that are 1 there are not why
            return silent and bool(none.sizes) and none.sizes == sizes_of_one(case)
        except (CannotTell, CannotGoOn):
            return False
        if silent or found is None or isinstance(found, WrongForm):
            return False
        return isinstance(refusal, NothingFound) or not isinstance(found, NothingFound)

    smallest = _shrink(case, still_fails, law.domain)
    if smallest is case or silent:
        return smallest, refusal
    return smallest, refusal_at(law, judged, smallest) or refusal
