"""The laws of Question 3: for which learning rates descent on 5x² + 2 converges, and how it goes.

What they cannot see: a start at x0 = 0 never moves, so it refutes no rate; a function that says
for which rates descent converges is tried at finitely many, a formula is decided for all.
"""

import math
from collections.abc import Mapping

from flint import fmpq

from gradaudit.judging.calling import Function, Result
from gradaudit.judging.derivation import Line, lines_of
from gradaudit.judging.laws import FORMLESS, DoesNotApply, Law, Refusal
from gradaudit.judging.oracles import rounding_of
from gradaudit.judging.strategies import MARKS, RATES, STARTS, Domain
from gradaudit.language.evaluate import Env
from gradaudit.language.formula import Formula, parse
from gradaudit.language.outcomes import NoValue
from gradaudit.language.rates import Point, Root, holds_at
from gradaudit.questions.assignment import CONVERGES, DESCENT, RATE
from gradaudit.questions.inputs import Rate, Start

TRUTH = parse(CONVERGES, RATE)
MAX_STEPS = 2_000
CLOSER, FARTHER = 2.0**-30, 2.0  # parts of its distance that an orbit is to reach; any would do

SAYS = {True: "converges", False: "does not converge"}


def multiplier(eta: fmpq) -> fmpq:
    """Return what one step multiplies x by, exactly, for any x: f' is linear."""
    return 1 - SLOPE * eta


def following(x: fmpq, eta: fmpq) -> fmpq:
    """Return x - η f'(x), exactly, by differentiating the question's f."""
    result: fmpq = Env({"x": x, "eta": eta}, {}, DESCENT.defined).value_of("following")
    return result


SLOPE = 1 - following(fmpq(1), fmpq(1))  # of the question's f at 1


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
    elsewhere = Rate(fmpq(1, 10) - rate.eta)
    calls = [rate.arguments(), rate.arguments(), elsewhere.arguments(), rate.arguments()]
    said = [one[0] for one in judged.observe(calls).results]
    for one in (said[0], said[1], said[3]):
        if (broken := _broken_form(one)) is not None:
            raise broken
    if not said[0] == said[1] == said[3]:
        raise Refusal("", f"{bool(said[0])} every time", "another answer when asked again")


def converges_where_steps_contract(judged: Function, rate: Rate) -> None:
    """It says that descent converges exactly where |1 - 10η| < 1."""
    _compare(abs(multiplier(rate.eta)) < 1, ask(judged, rate), rate)


def agrees_with_the_orbit(judged: Function, start: Start) -> None:
    """What it says of a rate is what the orbit from a starting point does."""
    said = ask(judged, Rate(start.eta))
    if start.x0 == 0:
        return  # it never moves, so it can refute nothing
    if abs(multiplier(start.eta)) == 1:  # float64 drifts where |x| stays for ever
        _compare(False, said, start)
        return
    x0, eta = float(start.x0), float(start.eta)
    x, slope = x0, float(SLOPE)
    for _ in range(predicted_steps(start.eta)):
        x = x - eta * (slope * x)
    if abs(x) <= CLOSER * abs(x0):
        _compare(True, said, start)
    elif abs(x) >= FARTHER * abs(x0):
        _compare(False, said, start)


def _compare(expected: bool, found: bool, at: Rate | Start) -> None:
    if found != expected:
        raise Refusal("", SAYS[expected], SAYS[found], note=_step(at.eta))


def _step(eta: fmpq) -> str:
    return f"a step multiplies x by {multiplier(eta)}"


def predicted_steps(eta: fmpq) -> int:
    """Return how many float64 steps bring x CLOSER or FARTHER, as the contraction predicts.

    At most MAX_STEPS, and none where rounding hides which of the two it is.
    """
    least, most = float_multiplier(eta)
    if most < 1:
        return min(math.ceil(math.log(CLOSER) / math.log(most)), MAX_STEPS)
    if least > 1:
        return min(math.ceil(math.log(FARTHER) / math.log(least)), MAX_STEPS)
    return 0


def float_multiplier(eta: fmpq) -> tuple[float, float]:
    """Return bounds on what a float64 step multiplies |x| by: |1 - 10η|, and three roundings."""
    factor = abs(float(multiplier(eta)))
    slack = rounding_of(3) * (1 + abs(float(10 * eta)))
    return max(factor - slack, 0.0), factor + slack


def condition_holds_where_steps_contract(judged: Line, rate: Point) -> None:
    """The condition holds exactly where |1 - 10η| < 1, decided wherever either can change."""
    _compare_conditions(judged, rate, SAYS)


def line_holds_where_the_one_before_does(judged: Line, rate: Point) -> None:
    """The line holds for exactly the rates for which the one before it does, decided wherever either can change."""  # noqa: E501  # a statement is one sentence
    _compare_conditions(judged, rate, {True: "holds", False: "does not hold"})


def law_of(line: Line) -> Law:
    """Return the law that a line of a derivation is held to."""
    (first,) = LAWS_OF_FORMULA
    return first if line.number == 1 else LAW_OF_LINE


def _compare_conditions(line: Line, rate: Point, says: Mapping[bool, str]) -> None:
    try:
        expected = holds_at(line.before, rate)
    except NoValue:
        expected = False  # a condition that is undefined at a rate does not claim it
    try:
        found = holds_at(line.formula, rate)
    except NoValue as undefined:
        if expected:
            raise Refusal("", says[True], f"nothing: {undefined}") from None
        return
    if found != expected:
        note = "" if isinstance(rate, Root) else _step(rate.eta)
        raise Refusal("", says[expected], says[found], note=note)


def alone(condition: Formula) -> Line:
    """Return a condition that stands alone as the line that it is."""
    return lines_of([condition], TRUTH)[0]


LAWS: tuple[Law, ...] = (
    Law(keeps_the_contract, MARKS),
    Law(converges_where_steps_contract, RATES),
    Law(agrees_with_the_orbit, STARTS),
)
DECIDED = Domain("all rates", lambda rate: True)
LAWS_OF_FORMULA: tuple[Law, ...] = (Law(condition_holds_where_steps_contract, DECIDED),)
LAW_OF_LINE = Law(line_holds_where_the_one_before_does, DECIDED)
