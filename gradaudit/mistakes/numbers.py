"""Which known mistake written numbers show, all of them together."""

import contextlib
import itertools
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from functools import cache
from typing import Any

import numpy as np
import numpy.typing as npt
from flint import fmpq

from gradaudit.judging.cases import data_of
from gradaudit.judging.laws import Refusal
from gradaudit.judging.written import Block, exact_value, value_of
from gradaudit.language.evaluate import Env
from gradaudit.language.formula import FormulaError, parse
from gradaudit.language.numbers import each
from gradaudit.language.outcomes import Missing
from gradaudit.language.written import Written
from gradaudit.mistakes.diagnosis import Diagnosis, ids_of, told
from gradaudit.mistakes.facts import SIMPLE_FACTORS
from gradaudit.mistakes.slips import Wrong, edited_answers, wrong_answers, wrong_twice
from gradaudit.questions.question import Question, Slip

TELLING = 2  # wrong numbers, of as many significant digits, below which no mistake is named
A_FEW = 5  # units of the last digit that rounding midway can make

ROUNDED = Slip(
    "rounded-midway",
    "Intermediate values were rounded to the digits of the answer before going on.",
)


def of_numbers(blocks: Sequence[Block]) -> Diagnosis:
    """Compare all numbers that are written with what the mistakes give on the data of a question.

    A mistake fits if every number that is given is, to its digits, what the mistake gives; the
    forward pass may be right all the same, as when a mistake is made on the way back. It is named
    if nothing else fits, two mistakes at once included, and enough numbers are wrong.
    """
    if not any(number.value for block in blocks for number in block.numbers.flat):
        return Diagnosis()  # nothing but zeros is no mistake yet
    question = blocks[0].question
    known = wrong_answers(question)
    gradients = [block for block in blocks if block.is_part]
    only = gradients[0].name if len(blocks) == len(gradients) == 1 else ""
    single = ids_of([one for one in known if _gives(one, blocks)])
    at_once = [one for one in _pairs_giving_the_first_number(blocks) if _gives(one, blocks)]
    double = ids_of([one for one in at_once if not set(one.ids) & set(single)])
    rounded = (ROUNDED.id,) if _is_rounded_midway(gradients) else ()
    if single or rounded:
        each_once = tuple(dict.fromkeys((*single, *rounded, *double)))
        found = Diagnosis(each_once, doubtful=not _tells_enough(blocks))
    elif double:
        found = Diagnosis(double, together=True)
    elif edit := _edit(blocks):
        found = Diagnosis(edit=edit)
    else:
        found = Diagnosis(facts=tuple(_number_facts(gradients)))
    hidden = _hidden(question, only, found.candidates)
    return told(question, replace(found, hidden=hidden, sentences={ROUNDED.id: ROUNDED.sentence}))


def _edit(blocks: Sequence[Block]) -> str:
    """Return the one edit of the right formulas that gives all that is written, if enough is."""
    edits = edited_answers(blocks[0].question) if _tells_enough(blocks) else ()
    fitting = ids_of([one for one in edits if _gives(one, blocks)])
    return fitting[0] if len(fitting) == 1 else ""


def _tells_enough(blocks: Sequence[Block]) -> bool:
    """Return whether so much is wrong that it is no coincidence that a mistake fits.

    Where all parts are given, a mistake has to leave right what is right; where some are not, the
    wrong numbers alone have to tell.
    """
    wrong = _wrong(blocks)
    if sum(block.is_part for block in blocks) == len(blocks[0].question.parts):
        return len(wrong) >= TELLING or sum(number.significant for number in wrong) > TELLING
    return sum(number.significant >= TELLING for number in wrong) >= TELLING


def _wrong(blocks: Sequence[Block]) -> list[Written]:
    return [number for number, exact in _with_exact(blocks) if not number.claims(exact)]


def _entries(block: Block, values: Any) -> Iterator[tuple[Written, fmpq]]:
    return zip(block.numbers.flat, values.flat, strict=True)


def _with_exact(blocks: Sequence[Block]) -> list[tuple[Written, fmpq]]:
    return [
        one for block in blocks for one in _entries(block, exact_value(block.question, block.name))
    ]


def _number_facts(blocks: Sequence[Block]) -> Iterator[str]:
    """Yield the one simple factor between all numbers and the right ones, if there is one."""
    entries = _with_exact(blocks)
    for factor in SIMPLE_FACTORS:
        telling = sum(exact != 0 and number.significant >= TELLING for number, exact in entries)
        if telling >= TELLING and all(number.claims(factor * exact) for number, exact in entries):
            yield f"{factor} times the right value, to the digits given"
            return


def _pairs_giving_the_first_number(blocks: Sequence[Block]) -> list[Wrong]:
    """Return the pairs of mistakes that can give what is written, by one number of a part."""
    question = blocks[0].question
    known = wrong_twice(question)
    for block in blocks:
        if block.is_part:
            number = next(block.numbers.flat)
            by_value = _by_first_number(question, block.name).items()
            fitting = (places for value, places in by_value if number.claims(value))
            return [known[place] for place in sorted(itertools.chain(*fitting))]
    return known


@cache
def _by_first_number(question: Question, name: str) -> Mapping[fmpq, Sequence[int]]:
    """Return where those pairs are among all that give the same first number of a part."""
    places: dict[fmpq, list[int]] = {}
    for place, both in enumerate(wrong_twice(question)):
        with contextlib.suppress(Missing, Refusal):
            first = next(_given_by(question, both, name).flat)
            places.setdefault(first, []).append(place)
    return places


@cache
def _given_by(question: Question, variant: Wrong, name: str) -> npt.NDArray[Any]:
    """Return what a mistake gives for a part, or for a step, on the data of its question."""
    formula = variant.formulas.get(name)
    if formula is None:
        formula = parse(name, question.changed_scope(variant.lines))
    return value_of(formula, question)


def _gives(variant: Wrong, blocks: Sequence[Block]) -> bool:
    try:
        given = [_given_by(block.question, variant, block.name) for block in blocks]
    except (Missing, Refusal, FormulaError):
        return False
    return all(
        _claims(block, values) or (not block.is_part and is_right(block))
        for block, values in zip(blocks, given, strict=True)
    )


def _claims(block: Block, values: Any) -> bool:
    return np.shape(values) == np.shape(block.numbers) and all(
        number.claims(exact) for number, exact in _entries(block, values)
    )


def is_right(block: Block) -> bool:
    """Return whether numbers are right, to the digits that are written."""
    return _claims(block, exact_value(block.question, block.name))


def _hidden(question: Question, name: str, candidates: Sequence[str]) -> tuple[str, ...]:
    """Return the mistakes that leave a part right on the data, however made."""
    if not name:
        return ()
    known, right = wrong_answers(question), exact_value(question, name)
    shown = [one for one in known if not np.array_equal(_given_by(question, one, name), right)]
    return tuple(one for one in ids_of(known) if one not in (*ids_of(shown), *candidates))


def _is_rounded_midway(blocks: Sequence[Block]) -> bool:
    """Return whether rounding of intermediate values gives exactly the digits that are written.

    Every number is then off by a few units of its last digit, and several are.
    """
    entries = _with_exact(blocks)
    places = max((number.places for number, _ in entries), default=0)
    near = all(
        abs(number.value - exact) <= 2 * A_FEW * number.half_unit for number, exact in entries
    )
    if not near or not places or len(_wrong(blocks)) < TELLING:
        return False
    question = blocks[0].question
    lines = question.rounded
    some = [one for k in range(len(lines)) for one in itertools.combinations(lines, k + 1)]
    return any(
        _is_rounding(blocks, _rounded_parts(question, set(chosen), kept, up=up))
        for chosen in some
        for kept in (places, places - 1)
        for up in (True, False)
    )


def _is_rounding(blocks: Sequence[Block], parts: Mapping[str, Any]) -> bool:
    return all(
        number.is_rounding_of(value)
        for block in blocks
        for number, value in _entries(block, parts[block.name])
    )


def _rounded_parts(
    question: Question, lines: set[str], places: int, *, up: bool = True
) -> dict[str, Any]:
    """Compute the parts on the data of a question, rounding the values of some lines.

    up: a tie is rounded away from zero, else to the even digit, as NumPy does.
    """
    scale = fmpq(10) ** places

    def to_places(x: fmpq) -> fmpq:
        whole = (abs(x) * scale + fmpq(1, 2)).floor()
        if not up and abs(x) * scale + fmpq(1, 2) == whole and whole % 2:
            whole -= 1
        return fmpq(whole) / scale * (-1 if x < 0 else 1)

    case, defined = data_of(question), question.changed_scope({}).defined
    values = case.values
    for line in defined:
        found = Env(values, case.sizes, defined).value_of(line)
        values[line] = each(to_places, found) if line in lines else found
    return {name: np.array(computed(question, name, values)) for name in question.parts}


def computed(question: Question, name: str, values: Mapping[str, Any]) -> Any:
    """Return a part, or a step, from other values."""
    sizes, defined = data_of(question).sizes, question.changed_scope({}).defined
    if name not in question.parts:
        return Env(values, sizes, defined).value_of(name)
    closed = question.parts[name].closed
    return Env(values, sizes, defined, closed.scope.free).entries(closed.tree)
