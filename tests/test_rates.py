"""Conditions on the learning rate are decided at every rate where their truth can change."""

import itertools
import random
from collections.abc import Callable, Iterator, Sequence

import pytest
from flint import fmpq
from hypothesis import assume, given
from hypothesis import strategies as st

from gradaudit.judging import domains, iterations, laws
from gradaudit.judging.calling import Function
from gradaudit.judging.iterations import iteration_of
from gradaudit.language.evaluate import Env
from gradaudit.language.formula import Formula, FormulaError, numeral, parse, parse_definitions
from gradaudit.language.outcomes import NoValue
from gradaudit.language.rates import Point, Root, deciding_points, ends, holds_at, simplest_between
from gradaudit.language.showing import exactly
from gradaudit.questions.iteration import Rate, deciding_rates
from tests.assignment import QUESTION3

ITERATION = iteration_of(QUESTION3)
TRUTH = ITERATION.truth
RATE = TRUTH.scope


def rates(text: str, where: Sequence[str] = ()) -> list[Point]:
    """Return the rates that decide a condition against the truth, in increasing order."""
    condition = parse(text, parse_definitions(where, RATE))
    return deciding_points(condition, TRUTH, ())


def test_the_truth_is_the_contraction_of_the_questions_own_step() -> None:
    for rate in rates("eta == 1/7"):
        ((multiplier,),) = Rate(ITERATION, rate).matrix()
        assert holds_at(TRUTH, rate) == (abs(multiplier) < 1)


@pytest.mark.parametrize("eta", ["1/7", "1/100", "-3", "1/5"])
def test_every_root_is_among_the_deciding_rates(eta: str) -> None:
    assert eta in {str(rate) for rate in rates(f"eta != {eta}")}


def test_a_rate_is_tried_between_any_two_roots_and_beyond_the_ends() -> None:
    tried = rates("eta < 1/7")
    roots = [fmpq(0), fmpq(1, 10), fmpq(1, 7), fmpq(1, 5)]
    assert tried[1::2] == roots
    assert all(ends(a) < ends(b) for a, b in itertools.pairwise(tried))


def test_an_irrational_root_is_decided_exactly() -> None:
    condition = parse("eta**2 == 2 or (eta**2 - 2) * (eta - 3) < 0", RATE)
    held = [holds_at(condition, rate) for rate in rates(condition.text) if isinstance(rate, Root)]
    assert held == [True, True]


def test_a_pole_is_undefined_and_not_false() -> None:
    with pytest.raises(NoValue, match="division by zero"):
        holds_at(parse("1/eta > 5", RATE), fmpq(0))


@pytest.mark.parametrize(
    ("text", "held"),
    [
        ("eta > 1 and 1/eta > 5", False),
        ("eta < 1 or 1/eta > 5", True),
        ("not (eta > 1 and 1/eta > 5)", True),
        ("0 > eta < 1/eta", False),
    ],
)
def test_what_is_decided_already_needs_no_value(text: str, held: bool) -> None:
    assert holds_at(parse(text, RATE), fmpq(0)) == held


@pytest.mark.parametrize(
    ("text", "column", "says"),
    [
        ("eta", 1, "a condition is wanted"),
        ("1/5", 1, "a condition is wanted"),
        ("0 < eta and 3", 13, "a condition is wanted"),
        ("exp(eta) < 2", 1, "no exp"),
        ("eta < d(eta, eta)", 7, "no d"),
        ("eta**65 < 1", 6, "within ±64"),
        ("(eta**64)**64 < 1", 12, "a power of eta beyond 64"),
        ("eta**eta < 1", 6, "an exponent"),
        ("eta @ eta < 1", 7, "@ joins arrays"),
        ("eta[0] < 1", 1, "made of numbers"),
        ("eta.T < 1", 1, "made of numbers"),
        ("eta**(1/2) < 1", 7, "an exponent"),
        ("eta**(eta > 1) < 1 and exp(eta) < 2", 24, "no exp"),
        ("1/3**64**2 * (eta < 1) > 0", 6, "an exponent beyond"),
        ("(" + "*".join(["(1e50*eta - 1)"] * 13) + ") > 1", 183, "2000 bits"),
        ("+".join(f"abs(eta - {k})" for k in range(101)) + " < 1", 1, "operations"),
        ("+".join(f"(eta > {k})*eta**2" for k in range(99)) + " > 1", 1, "operations"),
        (" or ".join(f"eta**{k} == 2" for k in range(2, 22)), 1, "too many rates"),
    ],
)
def test_what_cannot_be_decided_is_refused_at_its_column(text: str, column: int, says: str) -> None:
    with pytest.raises(FormulaError) as refused:
        rates(text)
    assert (refused.value.column, says in refused.value.message) == (column, True)


RATIONALS = st.builds(fmpq, st.integers(-50, 50), st.integers(1, 50))


@given(RATIONALS, RATIONALS)
def test_the_simplest_fraction_between_is_between_and_simplest(one: fmpq, other: fmpq) -> None:
    assume(one != other)
    low, high = sorted((one, other))
    found = simplest_between(low, high)
    assert low < found < high
    smaller = (fmpq(p, q) for q in range(1, int(found.q)) for p in range(-50 * q, 50 * q))
    assert not any(low < candidate < high for candidate in smaller if abs(candidate) < 1)


@pytest.mark.parametrize("places", [14, 16, 17, 20, 35, 50])
@pytest.mark.parametrize("end", ["1/5", "17/4", "-3"])
def test_a_gap_of_any_width_is_seen(end: str, places: int) -> None:
    gap = f"{end} + 1/10**{places} < eta < {end} + 2/10**{places}"
    condition = parse(f"0 < eta < 1/5 or {gap}", RATE)
    wrong = [r for r in rates(condition.text) if holds_at(condition, r) != holds_at(TRUTH, r)]
    assert wrong


@pytest.mark.parametrize(
    "text",
    [
        "0 < eta < 1/5 or (1 == 1) * (eta - 3) > 0",
        "0 < eta < 1/5 or ((eta - eta) == 0) * (eta - 3) > 0",
        "0 < eta < 1/5 or abs(eta - 3) * (0 == 0) > 5",
        "(1 == 1) * (1/5 - eta) * eta * (eta - 3)**2 * (3.5 - eta) * (4 - eta) > 0",
        "0 < eta < 1/5 or (not eta != eta) * relu(eta - 3) > 0",
        "0 < eta < 1/5 or relu(eta - eta) == (eta > 7)",
        "0 < eta < 1/5 or (eta - 3) ** (abs(eta) == eta) > 5",
        "0 < eta < 1/5 or 1 / (eta - 3 + 7 * (2*eta != eta + eta)) > 8",
    ],
)
def test_a_difference_that_is_always_zero_hides_no_rate(text: str) -> None:
    condition = parse(text, RATE)
    assert any(holds_at(condition, r) != holds_at(TRUTH, r) for r in rates(text) if r != fmpq(3))


def test_names_that_double_each_other_take_no_longer() -> None:
    doubled = [f"c{k} = c{k - 1} and c{k - 1}" for k in range(1, 50)]
    assert len(rates("c49", ["c0 = eta < 7", *doubled])) == len(rates("eta < 7"))


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ("eta**16 < 2*(2**60*eta - 1)**2", 4),
        ("eta**64 < 2*(2**50*eta - 1)**2", 4),
        ("eta**2 < 2*1e-50**9", 2),
        ("eta**2 < 2*1e50**9", 2),
        ("(eta - 1/5)**2 < 2*1e-50**9", 2),
    ],
)
def test_roots_that_nearly_meet_are_told_apart(text: str, count: int) -> None:
    assert sum(isinstance(rate, Root) for rate in rates(text)) == count


def test_an_irrational_rate_is_told_by_its_equation() -> None:
    points = rates("200*eta**2 - 3*eta < 1")
    told = {str(Rate(ITERATION, point).blocks["eta"]) for point in points}
    assert "the root of 200*eta**2 - 3*eta - 1 near 0.0786073" in told


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("0 < eta <= 0.19999999", "0.199999992"),
        ("0 < eta < 0.4 and eta != 0.2", "1/3"),
        ("0 < eta < 1/5 or eta > 10**12", "2000000000000"),
        ("0 < eta < 1/5 or 17/4 + 1e-16 < eta < 17/4 + 2e-16", "4.25000000000000018"),
        ("0 < eta < 1/5 or eta == 1e30", "1e+30"),
        ("0 < eta < 1/5 or eta == 1234567890123/7", "1234567890123/7"),
        ("0 < eta < 1/5 and 200*eta**2 != 1", "the root of 200*eta**2 - 1 near 0.0707107"),
    ],
)
def test_the_rate_shown_is_the_simplest_that_shows_it_and_exact(text: str, shown: str) -> None:
    line = iterations.alone(parse(text, RATE), TRUTH)
    law = iterations.law_of(line, iterations.decided(QUESTION3))
    outcome = laws.hold(law, line, deciding_rates(ITERATION, line.formula, TRUTH))
    assert outcome.at.blocks == {"eta": shown}


@pytest.mark.parametrize(
    ("function", "shown"),
    [
        (lambda eta: 0 < eta <= 0.19999999, "0.199999998"),
        (lambda eta: 0 < eta < 0.4 and eta != 0.2, "0.3"),
        (lambda eta: 0 < eta < 0.2 or eta > 100, "200"),
        (lambda eta: 0 < eta <= 0.2, "1/5"),
    ],
    ids=["a margin", "a hole at the end", "far rates", "the end"],
)
def test_the_rate_a_function_is_wrong_at_is_shown_as_a_short_decimal(
    function: Callable[[float], bool], shown: str
) -> None:
    law = iterations.laws_of(QUESTION3, ("eta",))[1]
    outcome = laws.hold(law, Function(function, 1), domains.draw_inputs(law.domain))
    assert outcome.at.blocks == {"eta": shown}


@given(RATIONALS, st.integers(0, 30), st.integers(-50, 50))
def test_a_rate_is_written_exactly(eta: fmpq, places: int, power: int) -> None:
    for exact in (eta, eta + fmpq(1, 10**places), fmpq(10) ** power, fmpq(round(eta), 10**places)):
        over, _, under = exactly(exact).partition("/")
        assert numeral(over) / numeral(under or "1") == exact


class Conditions:
    """Random conditions in which bits are numbers, numbers are bits, and much cancels."""

    def __init__(self, seed: int) -> None:
        self.choice = random.Random(seed).choice
        self.names: list[str] = []

    def number(self, depth: int) -> str:
        if depth <= 0:
            return self.choice(
                ["eta"] * 4 + ["(eta - 3)", "0", "1", "2", "1/5", "0.1"] + self.names
            )
        a, b = self.number(depth - 1), self.number(depth - 1)
        bit = self.condition(depth - 2)
        power = self.choice(["0", "1", "2", "3", "-1", "-2", bit, f"2 - ({bit})"])
        always = [f"({a} - {a})", f"({a} == {a}) * ({b})", f"({a} >= {a}) * ({b})"]
        kinds = [*always, f"({a})**({power})", f"abs({a})", f"relu({a})", f"-({a})", f"({bit})"]
        return self.choice(kinds + [f"({a} {op} {b})" for op in "+-**/"])

    def condition(self, depth: int) -> str:
        a, b, c = (self.number(depth - 1) for _ in range(3))
        one, other = (self.choice(["<", "<=", ">", ">=", "==", "!="]) for _ in range(2))
        kinds = [f"{a} {one} {b}"] * 4
        if depth > 0:
            p, q = self.condition(depth - 1), self.condition(depth - 1)
            kinds += [f"{a} {one} {b} {other} {c}", f"({p}) * ({a})", f"not ({p})"]
            kinds += [f"({p}) and ({q})", f"({p}) or ({q})"]
        return self.choice(kinds)

    def formula(self) -> Formula:
        """Return a condition with two names of its own. Raises FormulaError."""
        lines = [f"u = {self.number(2)}", f"v = {self.choice([self.number, self.condition])(2)}"]
        self.names = ["u", "v"]
        return parse(self.condition(self.choice([1, 2, 3])), parse_definitions(lines, RATE))


def truth_by_evaluation(condition: Formula, eta: fmpq) -> bool | None:
    """Return the truth at a rational, None where any part is undefined."""
    try:
        return Env({"eta": eta}, {}, condition.scope.defined).truth(condition.tree)
    except NoValue:
        return None


def changes_unseen(seed: int) -> Iterator[str]:
    """Yield where the truth of a random condition is not what it is at the rates that decide it."""
    draw = Conditions(seed)
    condition = draw.formula()
    decided = deciding_points(condition, condition, ())
    lows = [ends(decided[0])[0] - 1000, *(ends(rate)[1] for rate in decided[1::2])]
    highs = [*(ends(rate)[0] for rate in decided[1::2]), ends(decided[-1])[1] + 1000]
    for index, rate in enumerate(decided):
        tried = [] if isinstance(rate, Root) else [rate]
        if index % 2 == 0:
            low, high = lows[index // 2], highs[index // 2]
            parts = (1, draw.choice(range(1, 1000)), 999)
            tried += [low + (high - low) * fmpq(part, 1000) for part in parts]
        truths = {truth_by_evaluation(condition, eta) for eta in tried}
        if truths - {None} and truths != {holds_at(condition, rate)}:
            yield f"{condition.text} at {tried}: {truths}"


def test_no_truth_changes_between_the_rates_that_decide_it() -> None:
    assert [seen for seed in range(300) for seen in changes_unseen(seed)] == []
