"""Conditions on the learning rate are decided at every rate where their truth can change."""

import itertools

import pytest
from flint import fmpq
from hypothesis import assume, given
from hypothesis import strategies as st

from gradaudit.judging.descent import TRUTH, multiplier
from gradaudit.judging.rates import Root, deciding_rates, holds_at, simplest_between
from gradaudit.language.formula import FormulaError, parse
from gradaudit.language.outcomes import NoValue
from gradaudit.questions.assignment import RATE
from gradaudit.questions.inputs import Rate


def rates(text: str) -> list[Rate | Root]:
    return deciding_rates(parse(text, RATE), TRUTH)


def test_the_truth_is_the_contraction_of_the_questions_own_step() -> None:
    for rate in rates("eta == 1/7"):
        assert isinstance(rate, Rate)
        assert holds_at(TRUTH, rate) == (abs(multiplier(rate.eta)) < 1)


@pytest.mark.parametrize("eta", ["1/7", "1/100", "-3", "1/5"])
def test_every_root_is_among_the_deciding_rates(eta: str) -> None:
    assert eta in {str(rate.eta) for rate in rates(f"eta != {eta}") if isinstance(rate, Rate)}


def test_a_rate_is_tried_between_any_two_roots_and_beyond_the_ends() -> None:
    tried = [rate.eta for rate in rates("eta < 1/7") if isinstance(rate, Rate)]
    roots = [fmpq(0), fmpq(1, 10), fmpq(1, 7), fmpq(1, 5)]
    assert tried[1::2] == roots
    assert all(a < b for a, b in itertools.pairwise(tried))


def test_an_irrational_root_is_decided_exactly() -> None:
    condition = parse("eta**2 == 2 or (eta**2 - 2) * (eta - 3) < 0", RATE)
    held = [holds_at(condition, rate) for rate in rates(condition.text) if isinstance(rate, Root)]
    assert held == [True, True]


def test_a_pole_is_undefined_and_not_false() -> None:
    with pytest.raises(NoValue, match="division by zero"):
        holds_at(parse("1/eta > 5", RATE), Rate(fmpq(0)))


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
    assert holds_at(parse(text, RATE), Rate(fmpq(0))) == held


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
        ("+".join(f"abs(eta - {k})" for k in range(8)) + " < 1", 79, "signs to tell"),
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


SIDES = ("eta", "2*eta - 1/3", "eta**2", "1/eta", "abs(eta - 1/10)", "1/50", "0", "1", "-eta**3")
COMPARISONS = st.builds(
    "{} {} {}".format,
    st.sampled_from(SIDES),
    st.sampled_from(("<", "<=", ">", ">=", "==", "!=")),
    st.sampled_from(SIDES),
)
TEXTS = st.recursive(
    COMPARISONS,
    lambda inner: st.one_of(
        st.builds("({}) and ({})".format, inner, inner),
        st.builds("({}) or ({})".format, inner, inner),
        st.builds("not ({})".format, inner),
    ),
    max_leaves=4,
)


@given(TEXTS, RATIONALS)
def test_between_two_deciding_rates_the_truth_never_changes(text: str, eta: fmpq) -> None:
    condition = parse(text, RATE)
    decided = deciding_rates(condition, TRUTH)
    plain = [rate for rate in decided if isinstance(rate, Rate)]
    assume(len(plain) == len(decided))
    assume(eta not in {rate.eta for rate in plain[1::2]})
    nearest = plain[0]
    for root, between in zip(plain[1::2], plain[2::2], strict=True):
        if root.eta < eta:
            nearest = between
    assert holds_at(condition, Rate(eta)) == holds_at(condition, nearest)
