"""The laws of an iteration: for which rates it converges from every start, and how it goes.

What they cannot see: a start at rest never moves, so it refutes no rate; a function that says for
which rates an iteration converges is tried at finitely many, a formula is decided for all.
"""

import ast
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cache, lru_cache, partial
from itertools import product, starmap
from random import Random
from typing import Any

import numpy as np
from flint import arb, fmpq

from gradaudit.judging.calling import Function, Result
from gradaudit.judging.derivation import Line, lines_of
from gradaudit.judging.domains import Domain
from gradaudit.judging.hard import POOL, Inputs, NoInput
from gradaudit.judging.laws import FORMLESS, DoesNotApply, Law, NothingFound, Refusal
from gradaudit.judging.together import Together, kept
from gradaudit.language.evaluate import Env
from gradaudit.language.formula import Formula, FormulaError
from gradaudit.language.numbers import FIRST_PRECISION, Array, each, precision
from gradaudit.language.outcomes import Missing, NoValue
from gradaudit.language.rates import Parameters, Root, deciding_points, holds_at, near
from gradaudit.questions.iteration import Iteration, Rate, deciding_rates
from gradaudit.questions.question import Question
from gradaudit.questions.simple import exact_float

KEPT = 2**14  # truths of conditions at rates, more than are tried of one
DOUBLINGS = 40  # of the steps of an orbit, of which there are then as many as can be needed
SETTINGS = 16  # choices of the parameters, if there are any
PARTS = (  # besides the pool
    *(fmpq(k, 64) for k in (1, 16, 48, 56, 63)),
    *(fmpq(1023, 1024), fmpq(64), fmpq(1000), fmpq(2**20), fmpq(1, 1024)),
)

TRUTHS = (ast.Compare, ast.BoolOp, ast.Not)
LONGEST = 60  # characters of a condition in numbers

SAYS = {True: "converges", False: "does not converge"}


def ask(judged: Function, rate: Rate) -> bool:
    """Return what a function says of a rate. Raises DoesNotApply where that is no truth value."""
    said = judged.call(rate.arguments())[0]
    if (broken := _broken_form(said)) is not None:
        raise DoesNotApply(FORMLESS, form=broken)
    return bool(said)


def _broken_form(said: Result) -> Refusal | None:
    """Return what is wrong with the form of what is neither True nor False."""
    if isinstance(said, str) or said.shape != () or said not in (0, 1):
        return Refusal("", "True or False", str(said))
    return None


def keeps_the_contract(judged: Function, rate: Rate) -> None:
    """It returns True or False, and says the same when asked again and when asked elsewhere in between."""  # noqa: E501  # a statement is one sentence
    elsewhere = replace(rate, at=rate.at + 1)
    calls = [rate.arguments(), rate.arguments(), elsewhere.arguments(), rate.arguments()]
    said = [one[0] for one in judged.observe(calls).results]
    for one in (said[0], said[1], said[3]):
        if (broken := _broken_form(one)) is not None:
            raise broken
    if not said[0] == said[1] == said[3]:
        raise Refusal("", f"{bool(said[0])} every time", "another answer when asked again")


def converges_where_steps_contract(judged: Function, rate: Rate) -> None:
    """It says that the iteration converges exactly where a step multiplies by less than 1, or by a matrix whose eigenvalues are all below 1 in size."""  # noqa: E501  # a statement is one sentence
    _compare(holds(rate.iteration.truth, rate), ask(judged, rate), rate)


def agrees_with_the_orbit(judged: Function, rate: Rate) -> None:
    """What it says of a rate is what the orbits from a starting point do."""
    said = ask(judged, rate)
    if rate.start == 0:
        return None  # they never move, so they can refute nothing
    try:
        step = rate.matrix()
    except NoValue:
        return None
    one = np.eye(len(step), dtype=int) * fmpq(1)
    if any(_determinant(step - side * one) == 0 for side in (1, -1)):
        _compare(False, said, rate)  # an orbit stays, or turns round, for ever
    with precision(FIRST_PRECISION):
        step = each(arb, step)
        for _ in range(DOUBLINGS):  # of the steps that are taken at once
            if all(column < 1 for column in abs(step).sum(axis=0)):
                return _compare(True, said, rate)  # every orbit is nearer than it was
            if abs(step.trace()) > len(step):
                return _compare(False, said, rate)  # some orbit leaves every bound
            step = step @ step
    return None


def _determinant(matrix: Array) -> Any:
    if len(matrix) == 1:
        return matrix[0, 0]
    return matrix[0, 0] * matrix[1, 1] - matrix[0, 1] * matrix[1, 0]


def holds_once(condition: Formula, rate: Rate) -> bool:
    """Return what `holds` does of a condition that is not asked for again, nor kept."""
    if (known := kept(rate).get(condition)) is not None:
        return bool(known == 1)
    try:
        return holds_at(condition, rate.at, rate.parameters)
    except NoValue:
        return False


@lru_cache(maxsize=KEPT)
def holds(condition: Formula, rate: Rate) -> bool:
    """Return whether a condition holds at a rate; one that is undefined there does not claim it."""
    return holds_once(condition, rate)


def _compare(expected: bool, found: bool, at: Rate) -> None:
    if found != expected:
        raise Refusal("", SAYS[expected], SAYS[found], note=_step(at))


def _step(rate: Rate) -> str:
    if isinstance(rate.at, Root):
        return ""
    try:
        step = rate.matrix()
    except NoValue:
        return ""
    if len(step) == 1:
        return f"a step multiplies {rate.iteration.states[0]} by {step[0, 0]}"
    known = f"the trace {step.trace()} and the determinant {_determinant(step)}"
    return f"the matrix of a step has {known}"


def condition_holds_where_steps_contract(judged: Line, rate: Rate) -> None:
    """The condition holds exactly where a step multiplies by less than 1, or by a matrix whose eigenvalues are all below 1 in size, decided wherever either can change."""  # noqa: E501  # a statement is one sentence
    _compare_conditions(judged, rate, SAYS)


def line_holds_where_the_one_before_does(judged: Line, rate: Rate) -> None:
    """The line holds for exactly the rates for which the one before it does, decided wherever either can change."""  # noqa: E501  # a statement is one sentence
    says = {True: "holds", False: "does not hold"}
    try:
        _compare_conditions(judged, rate, says)
    except NothingFound:
        raise
    except Refusal as refusal:
        before = f"{refusal.expected}{_in_numbers(judged.before, rate)}"
        raise Refusal("", before, f"{refusal.found}{_in_numbers(judged.formula, rate)}") from None


def _compare_conditions(line: Line, rate: Rate, says: Mapping[bool, str]) -> None:
    expected = holds(line.before, rate)
    try:
        found = holds_at(line.formula, rate.at, rate.parameters)
    except NoValue as undefined:
        if expected:
            raise NothingFound("", says[True], f"nothing: {undefined}") from None
        return
    if found != expected:
        raise Refusal("", says[expected], says[found], note=_step(rate))


def _in_numbers(condition: Formula, rate: Rate) -> str:
    """Return what a condition compares at a rate, as `: 1/3 < 1`; nothing where that is long."""
    env = Env(rate.values, {}, condition.scope.defined)

    def told(node: ast.expr) -> ast.expr:
        match node:
            case _ if not any(isinstance(one, TRUTHS) for one in ast.walk(node)):
                return ast.Name(str(env.evaluate(node)))
            case ast.Compare(left, ops, others):
                return ast.Compare(told(left), ops, list(map(told, others)))
            case ast.BoolOp(op, several):
                return ast.BoolOp(op, list(map(told, several)))
            case ast.UnaryOp(op, one):
                return ast.UnaryOp(op, told(one))
            case ast.BinOp(left, op, right):
                return ast.BinOp(told(left), op, told(right))
            case ast.Call(function, several):
                return ast.Call(function, list(map(told, several)), [])
        return node

    if isinstance(rate.at, Root):
        return ""
    try:
        text = ast.unparse(told(condition.tree))
    except (Missing, FormulaError):
        return ""
    return f": {text}" if len(text) <= LONGEST else ""


def law_of(line: Line, domain: Domain) -> Law:
    """Return the law that a line of a derivation is held to."""
    first = line.number == 1
    check = condition_holds_where_steps_contract if first else line_holds_where_the_one_before_does
    return Law(check, domain)


def alone(condition: Formula, truth: Formula) -> Line:
    """Return a condition that stands alone as the line that it is."""
    return lines_of([condition], truth)[0]


# ---- at which rates, and with which parameters


@cache
def decided(question: Question) -> Domain:
    """Return the rates at which conditions are decided: all that can tell."""
    iteration = iteration_of(question)
    chosen = settings(question)
    name = "all rates"
    if iteration.parameters:
        name += f", for {len(chosen)} choices of {' and '.join(iteration.parameters)}"
    return Domain(name, lambda rate: iteration.allows(rate.parameters))


def iteration_of(question: Question) -> Iteration:
    """Return the iteration of a question that has one."""
    assert question.iteration is not None
    return question.iteration


@cache
def settings(question: Question) -> list[Parameters]:
    """Return choices of the parameters: numbers that float64 has, the simplest first."""
    iteration, inputs, random = iteration_of(question), Inputs(question), Random(3)
    pools = [
        [
            number
            for number in inputs.meeting(name, (*POOL, *PARTS)) or inputs.pools[name]
            if number == exact_float(number)
        ]
        for name in iteration.parameters
    ]
    if not all(pools):
        raise NoInput(f"{question.name}.assume: no parameters meet what is assumed")

    def wanted() -> Iterator[list[fmpq]]:
        """Yield the usual choice, extreme ones, each number in turn, then others by chance."""
        usual = [pool[0] for pool in pools]
        yield usual
        for place, pool in enumerate(pools):
            smallest, *rest = sorted(pool)
            for number in (smallest, *rest[:1], *rest[-1:]):
                yield [*usual[:place], number, *usual[place + 1 :]]
        mixed = [random.sample(pool, len(pool)) for pool in pools]
        for turn in range(1, SETTINGS):
            yield [pool[turn % len(pool)] for pool in mixed]
        for _ in range(SETTINGS**2):  # as what is assumed of several may need
            yield [random.choice(pool) for pool in pools]

    named = (tuple(zip(iteration.parameters, one, strict=True)) for one in wanted())
    found = dict.fromkeys(filter(iteration.allows, named))
    if not found:
        raise NoInput(f"{question.name}.assume: no parameters meet what is assumed")
    return list(found)[:SETTINGS]


def rates_for(question: Question, line: Line) -> list[Rate]:
    """Return the rates at which a line is decided. Raises FormulaError."""
    iteration = iteration_of(question)
    return [
        rate
        for parameters in settings(question)
        for rate in deciding_rates(iteration, line.formula, line.before, parameters)
    ]


NEAREST = fmpq(1, 10**12)  # a float any nearer to an end may round to it in a right formula
LANDMARKS = tuple(map(fmpq, (0, 1, -1, 2)))
FAR_RATES = tuple(side * fmpq(10) ** k for k in (1, 2, 3, 6, 12) for side in (1, -1))
DECADES = range(-6, 9)
PLACES = 20_000  # on the range between the ends
INSIDE, BELOW, ABOVE = range(0, 20_000, 20), range(-30_000, 0, 100), range(20_000, 60_000, 100)
STARTING_POINTS = (*map(fmpq, (1, -1, 2, 0, -3, 1000)), fmpq(1, 2), fmpq(1, 10**6))


@dataclass(frozen=True)
class Marks:
    """Where the truth of an iteration can change, and where it does, with certain parameters.

    rough: those that are irrational, so that just a rational near to them is known.
    """

    all: tuple[fmpq, ...]
    ends: tuple[fmpq, ...]
    rough: frozenset[fmpq]

    def within(self, part: fmpq) -> fmpq:
        """Return a rate between the ends: 0 is the lowest, 1 the highest."""
        low, high = self.ends[0], self.ends[-1]
        return low + (high - low or 1) * part

    def near(self) -> list[fmpq]:
        """Return the marks, and others that are parts of the range or round."""
        return [*self.all, *LANDMARKS, self.within(fmpq(2)), self.within(fmpq(-1, 2))]

    def listed(self) -> list[fmpq]:
        """Return these, what is beside the marks by every power of ten, and what is far out."""
        beside = [
            mark + side * fmpq(size, 10**k)
            for k in range(12, 1, -1)
            for mark in self.all
            for side in (1, -1)
            for size in (1, 3)
        ]
        return [*self.near(), *beside, *FAR_RATES]

    def at_start(self) -> list[fmpq]:
        """Return at which rates orbits are looked at."""
        return [*self.near(), *(self.within(fmpq(k, 4)) for k in (1, 3, 5))]

    def drawn(self, random: Random) -> fmpq:
        """Return one more rate."""
        if random.random() < 1 / 4:
            side = random.choice((1, -1))
            return _outwards(random, random.randrange(1, 10), random.choice(DECADES), side)
        return self.within(fmpq(random.randrange(BELOW[0], ABOVE[-1]), PLACES))


def _outwards(random: Random, digit: int, decade: int, side: int) -> fmpq:
    """Return a rate of two digits, of which the first is given."""
    return side * fmpq(10 * digit + random.randrange(1, 10), 10) * fmpq(10) ** decade


def _parts(random: Random) -> Iterator[fmpq]:
    """Yield twentieths of the range, and a place in each small part between them."""
    for places in (INSIDE, BELOW, ABOVE):
        for k in places:
            yield fmpq(k + (random.randrange(places.step) if k % 1000 else 0), PLACES)


@cache
def marks_of(iteration: Iteration, parameters: Parameters) -> Marks:
    """Return the marks of an iteration."""
    truth = iteration.truth
    points = deciding_points(truth, truth, parameters)
    held = [holds(truth, Rate(iteration, point, parameters)) for point in points]
    roots = range(1, len(points), 2)
    ends_ = [k for k in roots if not held[k - 1] == held[k] == held[k + 1]]
    places = list(map(near, points))
    return Marks(
        tuple(places[k] for k in roots),
        tuple(places[k] for k in ends_ or [0]),
        frozenset(places[k] for k in roots if isinstance(points[k], Root)),
    )


def told_apart(rate: Rate) -> bool:
    """Return whether a rate is an end of the range that floats are right at, or far from each."""
    marks = marks_of(rate.iteration, rate.parameters)
    return all(
        end not in marks.rough and _is_exact(rate)
        if rate.at == end
        else abs(rate.at - end) >= max(NEAREST, abs(end) * NEAREST, key=float)
        for end in marks.ends
    )


def _is_exact(rate: Rate) -> bool:
    """Return whether a right function finds the very end of a range as floats have it.

    One number stands for itself. What is computed of parameters is exact where float64 has the
    result, and eigenvalues are where a matrix of two is triangular.
    """
    step = rate.matrix()
    alone = len(step) == 1 or step[0, 1] * step[1, 0] == 0
    return alone and (not rate.parameters or exact_float(rate.at) == rate.at)


@cache
def domains(question: Question, call: tuple[str, ...]) -> tuple[Domain, Domain, Domain]:
    """Return the rates that a function is tried at: the marks, many, and with starting points.

    call: the names of the arguments.
    """
    iteration, chosen = iteration_of(question), settings(question)

    def rates(points: Callable[[int, Marks], Iterable[fmpq]]) -> Iterator[Rate]:
        for place, parameters in enumerate(chosen):
            for point in dict.fromkeys(points(place, marks_of(iteration, parameters))):
                rate = Rate(iteration, point, parameters, call=call)
                if told_apart(rate):
                    yield rate

    def many() -> list[Rate]:
        random = Random(3)
        digits = product(range(1, 10), DECADES, (1, -1))
        outwards = list(starmap(partial(_outwards, random), digits))
        parts = list(_parts(random))

        def points(place: int, marks: Marks) -> Iterator[fmpq]:
            share = slice(place, None, len(chosen))
            yield from (*marks.listed(), *outwards[share], *map(marks.within, parts[share]))

        found = list(rates(points))
        Together(found).keep(iteration.truth)
        return found

    def few() -> Iterator[Rate]:
        return rates(lambda place, marks: marks.listed()[place :: len(chosen)])

    def starts() -> Iterator[Rate]:
        for place, rate in enumerate(rates(lambda _, marks: marks.at_start())):
            share = slice(place % len(chosen), None, len(chosen))
            for start in STARTING_POINTS[share]:
                yield replace(rate, start=start)

    def drawn(random: Random) -> Rate:
        parameters = random.choice(chosen)
        marks = marks_of(iteration, parameters)
        drawn = Rate(iteration, marks.drawn(random), parameters, call=call)
        other = replace(drawn, at=marks.within(fmpq(1, 2)))
        return drawn if told_apart(drawn) else other

    def started(random: Random) -> Rate:
        return replace(drawn(random), start=random.choice(STARTING_POINTS))

    def contains(rate: Rate) -> bool:
        return iteration.allows(rate.parameters) and told_apart(rate)

    at_marks = "learning rates at the ends, beside them and far out"
    return (
        Domain(at_marks, contains, few, drawn),
        Domain("learning rates", contains, many, drawn),
        Domain("starting points and learning rates", contains, starts, started),
    )


def laws_of(question: Question, call: tuple[str, ...]) -> tuple[Law, ...]:
    """Return what a function of the rate owes. call: the names of its arguments."""
    marks, rates, starts = domains(question, call)
    return (
        Law(keeps_the_contract, marks),
        Law(converges_where_steps_contract, rates),
        Law(agrees_with_the_orbit, starts),
    )
