"""Derivations: a list of lines, each of which owes to equal the one above it.

The first line owes to equal the true derivative, which the formula language takes of the
question's own loss. A line may state what it assumes; that is in force for the lines below too.
A formula that stands alone is a derivation of one line.
"""

import ast
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from functools import cache, lru_cache, partial
from typing import Any
from weakref import WeakKeyDictionary

import numpy as np
import numpy.typing as npt

from gradaudit.judging.cases import Case, exponents
from gradaudit.judging.domains import Domain, draw_inputs
from gradaudit.judging.hard import domain, inputs_for, is_reached
from gradaudit.judging.laws import DoesNotApply, Law, Refusal, sizes_of_one
from gradaudit.judging.together import Together, kept
from gradaudit.language.balls import agree, settle
from gradaudit.language.evaluate import Env
from gradaudit.language.formula import Formula, FormulaError, Scope, parse
from gradaudit.language.numbers import FIRST_PRECISION, is_true, or_missing, precision
from gradaudit.language.outcomes import CannotTell, Missing, NoSlope, NoValue
from gradaudit.questions.question import Question

Array = npt.NDArray[Any]

MAX_LINES = 50
MAX_OPERATIONS_IN_ALL = 30_000  # of all lines of a derivation, at one input
BY_THE_TRUTH = "the line before it has no value here, so the true derivative is what it owes"
FAR = 700  # beyond it an exp leaves the range of float64
FIRST_ALONE = 4  # inputs that refute most wrong lines, before a line is evaluated at all others
KEPT = 2**12  # values of lines and of truths that are kept, since others are compared with them


@dataclass(frozen=True, eq=False)
class Wanted:
    """The derivative that a formula or a derivation is to find.

    name: as a person writes it, such as dE/dy. scope: what may stand in it; its free indices are
    those of an entry. truth: the derivative, by the language's own `d`. domains: the inputs that
    are tried; the first is for lines that assume nothing, all are where something is assumed.
    largest: an input on which a line is tried out before it is judged. assume: what every input
    obeys.
    """

    name: str
    scope: Scope
    truth: Formula
    domains: tuple[Domain, ...]
    largest: Any
    assume: tuple[Formula, ...] = ()


LARGEST_TRIED_OUT = 4  # of the sizes of an input on which lines are tried out


@cache
def wanted_of(question: Question, part: str) -> Wanted:
    """Return what a formula for a part is to find."""
    asked = question.parts[part]
    scope = replace(question.scope, free=asked.truth.scope.free)
    definite = (one.name for one in question.given.values() if one.definite)
    assume = (*question.assume, *(parse(f"det({name}) > 0", scope) for name in definite))
    condition = question.conditional
    under = [] if condition is None else [question.under(condition)]
    met = filter(is_reached, under)
    inputs = tuple(map(domain, (question, *met)))
    return Wanted(asked.label, scope, asked.truth, inputs, inputs_for(question).largest, assume)


_known: WeakKeyDictionary[Formula, dict[Any, Array]] = WeakKeyDictionary()


def known_entries(formula: Formula, case: Any, among: Together | None = None) -> Array:
    """Return what `entries` does of a truth or a mistake, which is the same for every answer.

    among: inputs at all of which it is evaluated at once, if it is asked for at several of them.
    """
    known = _known.setdefault(formula, {})
    if case not in known:
        if among is not None and case in among and formula not in kept(case):
            if among.alone[formula] >= FIRST_ALONE:
                among.keep(formula)
            among.alone[formula] += 1
        value = kept(case).get(formula)
        found = entries(formula, case) if value is None else _entries_of(formula, case, value)
        known[case] = found
    return known[case]


class Workings:
    """What is computed for a derivation: kept, since a line is compared twice, and bounded."""

    def __init__(self) -> None:
        self.entries = lru_cache(maxsize=KEPT)(partial(self._bounded, _entries_of))
        self._holds = lru_cache(maxsize=KEPT)(partial(self._bounded, _truths_of))
        self.together = Together(())
        self._at_once: dict[Formula, dict[Any, Any]] = {}  # values at many inputs
        self._alone: dict[Formula, int] = {}  # at how many each was evaluated before
        self._envs: dict[tuple[Any, int], Env] = {}  # lines with the same names share their values
        self._spent: dict[Any, int] = {}
        self._too_large: set[tuple[int, ...]] = set()  # sizes at which one input was too much

    def forget(self) -> None:
        """Give back the memory of all that was computed."""
        vars(self).update(vars(Workings()))

    def expect(self, cases: Sequence[Any]) -> None:
        """Evaluate at all of these inputs what is evaluated at one of them."""
        small = [case for case in cases if _largest(case) <= LARGEST_TRIED_OUT]
        if not all(case in self.together for case in small):
            self.together = Together(small)
            self._at_once.clear()

    def assumed(self, conditions: Sequence[Formula], case: Any, scope: Scope) -> Array:
        """Return at which entries all conditions hold: True, False, or None for undecided."""
        held = np.full(_shape(scope, case), True, dtype=object)
        for condition in conditions:
            holding = self._holds(condition, case)
            for place in np.ndindex(held.shape):
                before: Any = held[place]
                here: Any = holding[place]
                held[place] = here if before is True or here is False else before
        return held

    def _bounded(
        self, shaped: Callable[[Formula, Any, Any], Array], formula: Formula, case: Any
    ) -> Array:
        if case in self.together and formula not in self._at_once:
            self._alone[formula] = self._alone.get(formula, 0) + 1
        if self._alone.get(formula, 0) > FIRST_ALONE and formula not in self._at_once:
            self._at_once[formula] = found = {}
            for one, value, operations in self.together.exact(formula):
                found[one] = value
                self._spent[one] = self._spent.get(one, 0) + operations
        if case in self._at_once.get(formula, ()):
            return shaped(formula, case, self._at_once[formula][case])
        sizes = tuple(case.sizes.values())
        if sizes in self._too_large or self._spent.get(case, 0) > MAX_OPERATIONS_IN_ALL:
            none = CannotTell(f"all lines take more than {MAX_OPERATIONS_IN_ALL} operations")
            return np.full(_shape(formula.scope, case), none, dtype=object)
        key = case, id(formula.scope.defined)
        env = self._envs[key] = self._envs.get(key) or _env(formula.scope, case)
        before = env.operations
        try:
            return shaped(formula, case, _value(env, formula.tree))
        finally:
            self._spent[case] = self._spent.get(case, 0) + env.operations - before
            if self._spent[case] > MAX_OPERATIONS_IN_ALL and _largest(case) > LARGEST_TRIED_OUT:
                self._too_large.add(sizes)


@dataclass(frozen=True, eq=False)
class Line:
    """A line of a derivation, or a formula that stands alone.

    before: what it owes to equal, the line above or the truth. truth: what it owes to equal where
    that has no value. name: of the derivative, None for a condition. number: counts from 1.
    assumptions: all that are in force, its own and those above. workings: those of its derivation.
    """

    formula: Formula
    before: Formula
    truth: Formula
    name: str | None = None
    number: int = 1
    assumptions: tuple[Formula, ...] = ()
    workings: Workings = field(default_factory=Workings)

    @property
    def assumed(self) -> str:
        """What is assumed, as written."""
        texts = list(dict.fromkeys(one.text for one in self.assumptions))
        return (
            texts[0]
            if len(texts) == 1
            else " and ".join(f"({text})" if " or " in text else text for text in texts)
        )

    def entries(self, formula: Formula, case: Any) -> Array:
        """Return what `entries` does of one of its formulas; the truth costs it nothing."""
        if formula is self.truth:
            return known_entries(formula, case, self.workings.together)
        return self.workings.entries(formula, case)

    def held(self, case: Any) -> Array:
        """Return at which entries all that is assumed holds: True, False, None for undecided."""
        return self.workings.assumed(self.assumptions, case, self.formula.scope)

    @property
    def leaves_out_entries(self) -> bool:
        """Whether what is assumed speaks of some entries only, as it mentions their index."""
        return any(not one.names.isdisjoint(one.scope.free) for one in self.assumptions)

    @property
    def repeats(self) -> bool:
        """Whether it is the line above once more."""
        here, above = ("".join(one.text.split()) for one in (self.formula, self.before))
        return self.number > 1 and here == above and self.formula.when is None


def lines_of(formulas: Sequence[Formula], truth: Formula, name: str | None = None) -> list[Line]:
    """Return the lines of a derivation, each with what is before it and what is assumed."""
    lines: list[Line] = []
    workings = Workings()
    before = truth
    assumptions: tuple[Formula, ...] = ()
    for number, formula in enumerate(formulas, start=1):
        own = () if formula.when is None else (formula.assumption(),)
        assumptions = (*assumptions, *own)
        lines.append(Line(formula, before, truth, name, number, assumptions, workings))
        before = formula
    return lines


def alone(formula: Formula, wanted: Wanted) -> Line:
    """Return a formula that stands alone as the line that it is."""
    return lines_of([formula], wanted.truth, wanted.name)[0]


def answer_of(lines: Sequence[Line]) -> Line:
    """Return the line that is the answer: the last that states no assumption, if it is closed.

    Where each states one, or the last that does not is not closed, it is the last of all.
    """
    free = [line for line in lines if line.formula.when is None]
    return free[-1] if free and not contains_d(free[-1]) else lines[-1]


def contains_d(line: Line) -> bool:
    """Return whether a derivative stands in a line, or in what it says that it assumes."""
    return "d" in line.formula.all_names


def inputs_of(line: Line, wanted: Wanted) -> list[Any]:
    """Return the inputs that a line is tried on."""
    domains = wanted.domains if line.assumptions else wanted.domains[:1]
    inputs = [case for domain in domains for case in draw_inputs(domain)]
    line.workings.expect(inputs)
    return inputs


def formula_equals_the_derivative(judged: Line, case: Any) -> None:
    """The formula equals the exact derivative, at every entry."""
    _compare(judged, case)


def line_equals_the_one_before(judged: Line, case: Any) -> None:
    """The line equals the one before it, at every entry."""
    _compare(judged, case)


def law_of(line: Line, domain: Domain) -> Law:
    """Return the law that a line of a derivation is held to."""
    first = line.number == 1
    return Law(formula_equals_the_derivative if first else line_equals_the_one_before, domain)


def _compare(line: Line, case: Any) -> None:
    """Compare a line with the one before it wherever what is assumed holds.

    What takes too much at an input larger than those that it was tried out on, or far out, is not
    tried there.
    """
    try:
        _compare_entries(line, case)
    except CannotTell as none:
        if _largest(case) <= LARGEST_TRIED_OUT and not _is_far_out(case):
            raise
        raise DoesNotApply(str(none)) from None


def _compare_entries(line: Line, case: Any) -> None:
    assumed = line.held(case)
    if all(one is False for one in assumed.flat):
        raise DoesNotApply(_unmet(line))
    try:
        expected = line.entries(line.before, case)
    except Refusal:
        raise DoesNotApply("the line before it has another shape", nearer=True) from None
    found = line.entries(line.formula, case)
    compared, doubt = False, ""
    from_line = "the line before it" if line.number > 1 else "the derivative of the model"
    idle = none = f"{from_line} has no value on any input that it speaks of"
    from_above = line.leaves_out_entries and line.formula.when is None
    in_force = f"{line.assumed} is still in force" if from_above else ""
    entries = zip(assumed.flat, expected.flat, found.flat, strict=True)
    for number, (holds, above, here) in enumerate(entries):
        before, note = above, in_force
        if holds is not False and isinstance(before, NoValue) and not isinstance(here, NoValue):
            before, note = line.entries(line.truth, case).flat[number], BY_THE_TRUTH
        if holds is False or isinstance(before, NoValue):
            idle = idle if holds is False else f"{none}: {before}"
            continue  # what has no value can't be continued wrongly
        if isinstance(here, NoSlope):  # of something in it, such as a maximum that cancels
            idle = f"undefined: {here}"
            continue
        told = next((one for one in (before, here) if isinstance(one, Missing)), None)
        if told is None and agree(before, here):
            compared = compared or note != BY_THE_TRUTH
        elif holds is None:
            doubt = f"whether an input meets {line.assumed} is too close to tell"
        elif isinstance(line.entries(line.truth, case).flat[number], NoValue):
            continue  # as at a kink, where lines may follow different conventions
        elif told is not None:
            raise without_value(told, case)
        else:
            place = np.unravel_index(number, assumed.shape)
            index = f"[{','.join(map(str, place))}]" if place else ""
            raise Refusal(f"{line.name}{index}", before, here, note=note)
    if doubt:
        raise CannotTell(doubt)
    if not compared:
        raise DoesNotApply(idle, nearer=True)


def without_value(reason: Missing, case: Any) -> Exception:
    """Return what is raised where a line has no value: it is not judged where a size is 1."""
    if isinstance(reason, CannotTell):
        return CannotTell(*reason.args)
    none = NoValue(f"undefined: {reason}")
    ones = sizes_of_one(case)
    return DoesNotApply(str(none), nearer=True, sizes=ones) if ones else none


def _unmet(line: Line) -> str:
    if len(line.assumptions) == 1 and line.formula.when is not None:
        return f"no input meets its own assumption, {line.assumed}"
    return f"no input meets {line.assumed}; what a line above assumes stays in force"


def entries(formula: Formula, case: Any) -> Array:
    """Return a formula's value at each place of its free indices, exactly or in balls.

    Without a free index it is the whole array, or one number for every entry. Where an entry has
    no value, the reason stands there instead: NoValue, or CannotTell. Raises Refusal where the
    shape is another one.
    """
    return _entries_of(formula, case, _value(_env(formula.scope, case), formula.tree))


def _entries_of(formula: Formula, case: Any, found: Any) -> Array:
    scope, shape = formula.scope, _shape(formula.scope, case)
    if not np.ndim(found):  # the same at every entry
        return np.full(shape, found, dtype=object)
    if np.shape(found) == shape:
        return np.array(found)
    if formula.names.isdisjoint(scope.free):
        raise Refusal("", _wanted_shape(scope, shape), _shown_shape(found))
    index = _each(scope)
    wanted = f"a number for each {index}, as the index {index} stands in it"
    raise Refusal("", wanted, _shown_shape(found[(0,) * len(shape)]))


def values(formula: Formula, case: Any) -> Array:
    """Return a formula's value at each entry. Raises NoValue, CannotTell or Refusal."""
    return _all_there(entries(formula, case))


def known_values(formula: Formula, case: Any, among: Together | None = None) -> Array:
    """Return what `values` does of a truth or a mistake; among: see `known_entries`."""
    return _all_there(known_entries(formula, case, among))


def _all_there(found: Array) -> Array:
    for value in found.flat:
        if isinstance(value, Missing):
            raise type(value)(*value.args)
    return found


def _truths_of(condition: Formula, case: Any, value: Any) -> Array:
    """Return at which entries a condition holds, None where undecided; undefined does not hold."""
    shape = _shape(condition.scope, case)
    found = np.array(value, dtype=object)
    if not found.ndim or condition.names.isdisjoint(condition.scope.free):
        return np.full(shape, _truth(found.flat), dtype=object)
    held = np.empty(shape, dtype=object)
    for place in np.ndindex(*shape):
        held[place] = _truth(np.ravel(np.array(found[place], dtype=object)))
    return held


def _truth(numbers: Iterable[Any]) -> bool | None:
    """Return whether all of them are true, None where it is undecided."""
    truths = [or_missing(is_true)(number) for number in numbers]
    if any(isinstance(one, NoValue) or one is False for one in truths):
        return False
    return None if any(isinstance(one, CannotTell) for one in truths) else True


def try_out(formula: Formula, case: Any) -> int:
    """Evaluate a formula, and what it assumes, at an input; return the operations.

    Raises FormulaError where it takes too much.
    """
    env = _env(formula.scope, case)
    with precision(FIRST_PRECISION):
        for tree in (formula.tree, formula.when):
            with suppress(NoValue):
                if tree is not None:
                    env.entries(tree)
    return env.operations


def _env(scope: Scope, case: Any) -> Env:
    return Env(case.values, case.sizes, scope.defined, scope.free)


def _value(env: Env, tree: ast.expr) -> Any:
    """Return a value, with the reason wherever there is none."""
    try:
        return settle(lambda: env.entries(tree))
    except NoValue as none:
        return none
    except FormulaError as error:
        return CannotTell(str(error))


def _is_far_out(case: Any) -> bool:
    """Return whether a number of a question's input is so large that its exp is 0 or too large.

    So may be what the model takes the exp of, as of a product of numbers that are not.
    """
    if not isinstance(case, Case):
        return False
    if any(np.any(abs(one) > FAR) for one in case.given.values()):
        return True
    with suppress(Missing, FormulaError):
        found = map(case.in_floats, exponents(case.question))
        return any(np.any(np.abs(one) > FAR) for one in found)
    return False


def _largest(case: Any) -> int:
    return max(case.sizes.values(), default=1)


def _shape(scope: Scope, case: Any) -> tuple[int, ...]:
    return tuple(case.sizes[index_set] for index_set in scope.free.values())


def _each(scope: Scope) -> str:
    return " and ".join(scope.free)


def _wanted_shape(scope: Scope, shape: tuple[int, ...]) -> str:
    if not shape:
        return "a single number"
    kind = "a vector" if len(shape) == 1 else "a matrix"
    return f"{kind} of shape {shape}, or a number for each {_each(scope)}"


def _shown_shape(value: Any) -> str:
    return f"an array of shape {np.shape(value)}" if np.ndim(value) else "a single number"
