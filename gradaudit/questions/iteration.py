"""An iteration with a rate, such as gradient descent: for which rates it converges.

One step is affine in the states, so it multiplies their distance from rest by a matrix, whose
entries are rational functions of the rate and the parameters. From every start the iteration
converges exactly where all eigenvalues of that matrix are below 1 in absolute value. For one state
that is |m| < 1; for two it is |trace| < 1 + det and det < 1 (E. I. Jury, Theory and Application of
the z-Transform Method, 1964; the case of two eigenvalues).
"""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from flint import Ordering, fmpq, fmpq_mpoly_ctx

from gradaudit.language.evaluate import Env
from gradaudit.language.formula import Formula, FormulaError, Scope, parse
from gradaudit.language.numbers import Array, object_array
from gradaudit.language.outcomes import Missing
from gradaudit.language.rates import (
    MAX_DEGREE,
    Parameters,
    Ratio,
    Root,
    deciding_points,
    refuse_other_operations,
)
from gradaudit.language.showing import exactly
from gradaudit.questions.simple import FROM_ONE, easier, effort

MOST_STATES = 2
MAX_PLACES = 60  # of a decimal that is tried instead of a rate
MAX_TERMS = 200  # of a polynomial in the states, the rate and the parameters


@dataclass(frozen=True, eq=False)
class Iteration:
    """An iteration whose step is affine in its states.

    following: what each state is next. names: of the rate and the parameters, in the order in
    which they are given. matrix: what a
    step multiplies the distance from rest by. truth: the condition on the rate under which it
    converges from every start. assume: what the parameters obey.
    """

    rate: str
    following: Mapping[str, Formula]
    names: tuple[str, ...]
    matrix: tuple[tuple[Formula, ...], ...]
    truth: Formula
    assume: tuple[Formula, ...] = ()

    @property
    def step(self) -> list[str]:
        """One step, a line for each state."""
        return [f"next {name} = {formula.text}" for name, formula in self.following.items()]

    @property
    def states(self) -> tuple[str, ...]:
        """The names of the states."""
        return tuple(self.following)

    @property
    def parameters(self) -> tuple[str, ...]:
        """The names of the parameters."""
        return tuple(name for name in self.names if name != self.rate)

    def allows(self, parameters: Parameters) -> bool:
        """Return whether parameters meet what is assumed of them."""
        env = Env(dict(parameters), {}, {})
        try:
            return all(env.truth(one.tree) for one in self.assume)
        except (Missing, FormulaError):
            return False


@dataclass(frozen=True)
class Rate:
    """A value of the rate of an iteration, with its parameters.

    at: an fmpq, or a Root. The float nearest to it stands for it in a call: 0.2 for 1/5. call: the
    names of the arguments. start: where an orbit starts, each state in turn, the others at rest.
    """

    iteration: Iteration
    at: Any
    parameters: Parameters = ()
    start: fmpq | None = None
    call: tuple[str, ...] = ()

    @property
    def values(self) -> dict[str, Any]:
        """The rate and the parameters by name, in the order of a call; formulas take them too."""
        known = {**dict(self.parameters), self.iteration.rate: self.at}
        return {name: known[name] for name in self.call or self.iteration.names}

    @property
    def sizes(self) -> dict[str, int]:
        """The sizes of index sets, of which there are none."""
        return {}

    @property
    def blocks(self) -> dict[str, Any]:
        """What is given, by name; written exactly."""
        states = () if self.start is None else self.iteration.states
        return {f"{one}0": self.start for one in states} | {
            name: one.told(name) if isinstance(one, Root) else exactly(one)
            for name, one in self.values.items()
        }

    def arguments(self) -> tuple[float, ...]:
        """Return the arguments of a function of the rate."""
        return tuple(map(float, self.values.values()))

    def matrix(self) -> Array:
        """Return the matrix of a step, exactly, at a rational rate. Raises NoValue."""
        env = Env(self.values, {}, {})
        size = len(self.iteration.states)
        entries = [env.evaluate(one.tree) for row in self.iteration.matrix for one in row]
        return object_array(entries, (size, size))

    def effort(self) -> tuple[int, Any]:
        """Return how hard this is to check by hand: the digits, then the size of the fraction."""
        numbers = (*dict(self.parameters).values(), self.start)
        others = sum(effort(one, FROM_ONE) for one in numbers if one is not None)
        if isinstance(self.at, Root):  # harder than any rational
            return len(self.at.told(self.iteration.rate)) + others, self.at.low
        size = int(abs(self.at.p) + self.at.q)
        return len(exactly(self.at).rstrip("0")) + others, size

    def simpler(self) -> Iterator["Rate"]:
        """Yield easier starting points and parameters, then decimals near the rate.

        Of these, those of the fewest places come first. No simpler rate is near a root.
        """
        if self.start is not None:
            for start in easier(self.start, FROM_ONE):
                yield replace(self, start=start)
        for place, (name, number) in enumerate(self.parameters):
            for simpler in easier(number, FROM_ONE):
                before, after = self.parameters[:place], self.parameters[place + 1 :]
                yield replace(self, parameters=(*before, (name, simpler), *after))
        if isinstance(self.at, Root):
            return
        whole, places = len(str(self.at.ceil())), len(str(self.at.q)) + 1
        for digits in range(-whole, min(places, MAX_PLACES) + 1):
            unit = fmpq(10) ** -digits
            below = (self.at / unit).floor()
            for steps in (0, 1, -1, 2):
                yield replace(self, at=(below + steps) * unit)


def deciding_rates(
    iteration: Iteration, condition: Formula, truth: Formula, parameters: Parameters = ()
) -> list[Rate]:
    """Return rates that tell two conditions apart if any rate does, the simplest first.

    Raises FormulaError.
    """
    points = deciding_points(condition, truth, parameters)
    rates = [Rate(iteration, point, parameters) for point in points]
    return sorted(rates, key=Rate.effort)


# ---- the matrix of a step, and where it converges


class _Fraction(Ratio):
    """A rational function of several names, of which no sign is known."""

    __slots__ = ()
    __hash__ = None

    def __eq__(self, other: Any) -> bool:
        return bool((self - other).over == 0)

    def sign(self) -> int:
        """Raise FormulaError, if it is not a constant."""
        if self.over.is_constant() and self.under.is_constant():
            ratio = self.over.leading_coefficient() / self.under.leading_coefficient()
            return int(ratio > 0) - int(ratio < 0)
        raise FormulaError(1, "a step is made of sums, products and quotients; it compares nothing")

    def too_large(self, times: int = 1) -> str:
        """Return why a power of this is too large to go on with, or nothing."""
        if max(self.over.total_degree(), self.under.total_degree()) * times > MAX_DEGREE:
            return f"a power beyond {MAX_DEGREE}"
        if max(len(self.over), len(self.under)) > MAX_TERMS:
            return f"more than {MAX_TERMS} terms"
        return ""


def iteration_of(
    following: Mapping[str, Formula],
    rate: str,
    names: Sequence[str],
    assume: Sequence[Formula] = (),
) -> Iteration:
    """Return an iteration from what each state is next. Raises FormulaError.

    names: of the rate and the parameters.
    """
    states = tuple(following)
    ordered = (*states, *(name for name in names if name != rate), rate)
    ring = fmpq_mpoly_ctx.get(ordered, Ordering.lex)
    one = ring.constant(1)
    symbols = dict(zip(ordered, ring.gens(), strict=True))
    values = {name: _Fraction(rate, symbol, one, fmpq(0), []) for name, symbol in symbols.items()}
    rows = []
    for state, formula in following.items():
        refuse_other_operations(formula, ("d",), "a step")
        try:
            found = Env(values, {}, formula.scope.defined).evaluate(formula.tree)
        except Missing as none:
            raise FormulaError(1, f"the next {state} has no value: {none}") from None
        rows.append(_row(state, values[rate] * 0 + found, symbols, states))
    signs = next(iter(following.values())).scope.signs
    scope = Scope(frozenset(names), signs=signs, rate=rate)
    matrix = tuple(tuple(parse(_text(entry), scope) for entry in row) for row in rows)
    truth = parse(_condition(rows), scope)
    own = tuple(one for one in assume if one.names <= {*names} - {rate})
    return Iteration(rate, following, tuple(names), matrix, truth, own)


def _row(
    state: str, found: Ratio, symbols: Mapping[str, Any], states: Sequence[str]
) -> list[_Fraction]:
    """Return what the next value of a state has of each state. Raises FormulaError."""
    common = found.over.gcd(found.under)
    over, under = found.over / common, found.under / common
    places = [list(symbols).index(name) for name in states]
    for polynomial, most in ((over, 1), (under, 0)):
        for powers in polynomial.monoms():
            if sum(powers[place] for place in places) > most:
                what = f"the next {state} is no affine function of {' and '.join(states)}"
                raise FormulaError(1, f"{what}, so its convergence depends on the start")
    slopes = [over.derivative(name) for name in states]
    return [_Fraction(found.name, slope, under, found.at, []) for slope in slopes]


def _condition(rows: Sequence[Sequence[Any]]) -> str:
    if len(rows) == 1:
        return f"abs({_text(rows[0][0])}) < 1"
    (a, b), (c, d) = rows
    trace, determinant = a + d, a * d - b * c
    return f"abs({_text(trace)}) < {_text(1 + determinant)} and {_text(determinant)} < 1"


def _text(ratio: Ratio) -> str:
    """Return a rational function as a formula, without common factors."""
    common = ratio.over.gcd(ratio.under)
    over, under = ratio.over / common, ratio.under / common
    parts = [*over.coeffs(), *under.coeffs()]
    whole = math.lcm(*(int(one.q) for one in parts))
    scale = fmpq(whole, math.gcd(*(int((one * whole).p) for one in parts)))
    over, under = over * scale, under * scale
    if under.is_constant():
        return _terms(over / under)
    above = _terms(over) if over.is_constant() else f"({_terms(over)})"
    return f"{above}/({_terms(under)})"


def _terms(polynomial: Any) -> str:
    """Return a polynomial as a formula, the terms of lowest degree first."""
    names = polynomial.context().names()
    told = ""
    for powers, coefficient in sorted(polynomial.terms(), key=lambda term: (sum(term[0]), term[0])):
        factors = [
            name if power == 1 else f"{name}**{power}"
            for name, power in zip(names, map(int, powers), strict=True)
            if power
        ]
        size = abs(coefficient)
        product = "*".join(factors if size == 1 and factors else [str(size), *factors])
        sign = "-" if coefficient < 0 else "+"
        told += f" {sign} {product}" if told else product if sign == "+" else f"-{product}"
    return told or "0"
