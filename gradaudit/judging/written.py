"""The law of written numbers: each is, to its digits, the value on the data of its question."""

from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
import numpy.typing as npt
from flint import arb, fmpq

from gradaudit.judging.cases import data_of
from gradaudit.judging.domains import Domain
from gradaudit.judging.form import Form
from gradaudit.judging.laws import Law, Refusal, WrongForm
from gradaudit.judging.oracles import partial_entries
from gradaudit.language.balls import settle
from gradaudit.language.formula import Formula, parse
from gradaudit.language.numbers import each
from gradaudit.language.outcomes import present
from gradaudit.language.roundings import ALLOWED, UNIT, roundings_of
from gradaudit.questions.question import Question
from gradaudit.questions.simple import exact_float

Array = npt.NDArray[Any]

MOST_TOLD = 5  # wrong entries beside the first


@dataclass(frozen=True, eq=False)
class Block:
    """Written numbers: of the derivative that a part asks for, or of a step that leads to it.

    numbers has the shape of what `name` stands for in the question. form: how they are written in
    another; as_written: they in that.
    """

    question: Question
    name: str
    numbers: Array
    form: Form | None = None
    as_written: Array | None = None

    @property
    def is_part(self) -> bool:
        """Whether these are of what is asked for, not of a step."""
        return self.name in self.question.parts

    @property
    def label(self) -> str:
        """How what the numbers are of is called."""
        return self.question.parts[self.name].label if self.is_part else self.name


def digits_are_right(judged: Block, case: Any) -> None:
    """Each number is the exact value on the data of the question, to its last digit or to float64."""  # noqa: E501  # a statement is one sentence
    wanted = exact_value(judged.question, judged.name)
    numbers: Any = judged.numbers
    wrong = [place for place, exact in np.ndenumerate(wanted) if not numbers[place].claims(exact)]
    if wrong:
        first, *others = (f"[{','.join(map(str, one))}]" if one else "" for one in wrong)
        also = ", ".join(others[:MOST_TOLD]) + ", and more" * (len(others) > MOST_TOLD)
        note = also and f"wrong as well: {also}"
        raise Refusal(f"{judged.label}{first}", wanted[wrong[0]], numbers[wrong[0]], note=note)
    if judged.form is not None:
        raise WrongForm(f"shape {judged.numbers.shape}", judged.form.told, case)


def _formula(question: Question, name: str, *, closed: bool = False) -> Formula:
    if name not in question.parts:
        return parse(name, question.scope)
    asked = question.parts[name]
    return asked.closed if closed else asked.truth


@cache
def exact_value(question: Question, name: str) -> Array:
    """Return a derivative that is asked for, or a step, on the data: exactly, or to many digits."""
    return value_of(_formula(question, name), question)


def value_of(formula: Formula, question: Question) -> Array:
    """Return the value of a formula on the data of a question. Raises NoValue or CannotTell."""
    case = data_of(question)
    shape = tuple(case.sizes[axis] for axis in formula.scope.free.values())
    found = present(settle(partial_entries(formula, case)))
    array: Array = np.array(each(_rational, found), dtype=object)
    return np.broadcast_to(array, shape) if array.ndim < len(shape) else array


def _rational(number: Any) -> fmpq:
    """Return a rational number: of a ball, its middle."""
    if not isinstance(number, arb):
        return fmpq(number)
    mantissa, exponent = number.mid().man_exp()
    return fmpq(mantissa) * fmpq(2) ** exponent


@cache
def rounding(question: Question, name: str) -> Any:
    """Return how far float64 may be from `exact_value`, entry by entry."""
    formula = _formula(question, name, closed=True)
    roundings = data_of(question).in_floats(roundings_of(formula))
    bound = ALLOWED * UNIT * np.asarray(roundings, dtype=float)
    wanted = np.shape(exact_value(question, name))
    return each(exact_float, np.broadcast_to(bound, wanted).astype(object))


@cache
def law_of(question: Question) -> Law:
    """Return the law of numbers that are written for a question."""
    data = data_of(question)
    domain = Domain("the data of the question", lambda case: case is data, lambda: (data,))
    return Law(digits_are_right, domain)
