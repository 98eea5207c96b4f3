"""The exam of the suite itself: which law sees which known mistake, and how small an error."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np

from gradaudit.judging import iterations, network, softmax
from gradaudit.judging.calling import Function
from gradaudit.judging.derivation import GRADIENT, GRADIENT_ONE_HOT, Line, Wanted, alone
from gradaudit.judging.laws import Law, sees
from gradaudit.judging.strategies import draw_inputs
from gradaudit.language.evaluate import Env
from gradaudit.language.formula import Formula, parse
from gradaudit.mistakes.catalogue import (
    CATALOGUES,
    GRADIENT_MISTAKES,
    NETWORK_LINES,
    NETWORK_MISTAKES,
    SOFTMAX_LINES,
    Lines,
    Variant,
    variants,
)
from gradaudit.mistakes.slips import Wrong, wrong_answers
from gradaudit.questions.assignment import DATA, QUESTION3
from gradaudit.questions.question import Question, Signature

FINEST = 50  # decimal places of a numeral of the language


@dataclass(frozen=True)
class Paper:
    """One part of the exam: a kind of answer, its laws, and the mistakes to be seen, by name."""

    title: str
    laws: tuple[Law, ...]
    mistakes: tuple[tuple[str, Any], ...]
    of_rates: Question | None = None  # whose conditions they are


@dataclass(frozen=True)
class Result:
    """What came of a paper: for each of its mistakes, which of its laws saw it."""

    paper: Paper
    sight: tuple[tuple[bool, ...], ...]

    @property
    def caught(self) -> int:
        """How many mistakes some law saw."""
        return sum(map(any, self.sight))


def papers() -> list[Paper]:
    """Return all papers. What is right under one-hot targets is no mistake there."""
    on_network = variants(NETWORK_MISTAKES, NETWORK_LINES)
    on_softmax = variants(GRADIENT_MISTAKES, SOFTMAX_LINES)
    on_one_hot = [one for one in on_softmax if one.ids != ("sum-t-assumed",)]

    def paper(
        title: str, laws: tuple[Law, ...], made: Sequence[Variant], judged: Callable[[Variant], Any]
    ) -> Paper:
        return Paper(title, laws, tuple((_named(one), judged(one)) for one in made))

    def functions(count: int) -> Callable[[Variant], Any]:
        return lambda one: Function(one.function(), count)

    def formulas(
        title: str, laws: tuple[Law, ...], made: Sequence[Variant], wanted: Wanted
    ) -> Paper:
        said = [one for one in made if not one.mistakes[0].data]  # which no line can say
        return paper(title, laws, said, lambda one: alone(one.softmax_formula(), wanted))

    def one_hot(one: Variant) -> Function:
        return Function(one.one_hot_function(), 1)

    one_hot_lines = softmax.LAWS_OF_ONE_HOT_FORMULA
    return [
        paper("q1.gradients, functions", network.LAWS, on_network, functions(4)),
        paper("q2.gradient, functions", softmax.LAWS, on_softmax, functions(1)),
        formulas("q2.gradient, formulas", softmax.LAWS_OF_FORMULA, on_softmax, GRADIENT),
        paper("q2.one_hot, functions", softmax.LAWS_ONE_HOT, on_one_hot, one_hot),
        formulas("q2.one_hot, formulas", one_hot_lines, on_one_hot, GRADIENT_ONE_HOT),
        *papers_of_rates(QUESTION3, "q3"),
    ]


def papers_of_rates(question: Question, name: str) -> Iterator[Paper]:
    """Yield the papers of an iteration: each function, then conditions."""
    wrong, iteration = wrong_answers(question), iterations.iteration_of(question)
    for part in question.parts:
        said = [(named(question, one), one.formulas[part]) for one in wrong]
        for signature in question.functions:
            laws = iterations.laws_of(question, signature.arguments)
            made = [(told, as_function(signature, one)) for told, one in said]
            yield Paper(f"{name}.{part}, functions", laws, tuple(made))
        lines = [(told, iterations.alone(one, iteration.truth)) for told, one in said]
        law = iterations.law_of(lines[0][1], iterations.decided(question))
        yield Paper(f"{name}.{part}, formulas", (law,), tuple(lines), question)


def as_function(signature: Signature, condition: Formula) -> Function:
    """Return a condition on a rate as a function in float64."""

    def function(*arguments: float) -> bool:
        values = dict(zip(signature.arguments, arguments, strict=True))
        env = Env(values, {}, condition.scope.defined, floats=True)
        return bool(env.evaluate(condition.tree))

    return Function(function, 1)


def named(question: Question, wrong: Wrong) -> str:
    """Return what a mistake is called, with the lines that differ from the right computation."""
    several = len(question.lines) > 1
    said = ", ".join(f"{name} = {text}" if several else text for name, text in wrong.lines.items())
    return f"{' and '.join(wrong.ids)}: {said}"


def _named(variant: Variant) -> str:
    """Return what a mistake is called, with the lines that differ from the right computation."""
    right = next(right for _, right in CATALOGUES if right.keys() == variant.lines.keys())
    told = [f"{name} = {text}" for name, text in variant.lines.items() if right[name] != text]
    said = ", ".join([*told, *(one.data_text for one in variant.mistakes if one.data)])
    return f"{' and '.join(variant.ids)}: {said}"


def sit(paper: Paper) -> Result:
    """Hold every mistake of a paper to every law."""
    return Result(
        paper,
        tuple(
            tuple(sees(law, judged, _inputs(paper, law, judged)) for law in paper.laws)
            for _, judged in paper.mistakes
        ),
    )


def _inputs(paper: Paper, law: Law, judged: Any) -> Sequence[Any]:
    if paper.of_rates is not None:
        return iterations.rates_for(paper.of_rates, judged)
    return draw_inputs(law.domain)


def smallest_errors() -> Iterator[tuple[str, int]]:
    """Yield for each gradient the largest k such that an error of 10^-k in an entry is noticed."""

    def network_off(index: int, k: int) -> Function:
        return Function(off(_right(NETWORK_LINES), 1 + 10.0**-k, index), 4)

    def softmax_off(k: int) -> Function:
        return Function(off(_right(SOFTMAX_LINES), 1 + 10.0**-k), 1)

    def formula_off(wanted: Wanted, k: int) -> Line:
        text = f"(softmax(y)[i] * sum(t) - t[i]) * (1 + 1e-{k} * (i == 0))"
        return alone(parse(text, wanted.scope), wanted)

    for index, name in enumerate(DATA.results()):
        yield f"{name}, functions", finest(partial(network_off, index), network.LAWS)
    yield "dE/dy, functions", finest(softmax_off, softmax.LAWS)
    for title, wanted, laws in (
        ("dE/dy, formulas", GRADIENT, softmax.LAWS_OF_FORMULA),
        ("dE/dy one-hot, formulas", GRADIENT_ONE_HOT, softmax.LAWS_OF_ONE_HOT_FORMULA),
    ):
        yield title, finest(partial(formula_off, wanted), laws, FINEST)


def finest(made: Callable[[int], Any], laws: Sequence[Law], most: int = 16) -> int:
    """Return the largest k such that a law sees what is off by 10^-k."""

    def noticed(k: int) -> bool:
        judged = made(k)
        return any(sees(law, judged, draw_inputs(law.domain)) for law in laws)

    return _largest(noticed, most)


def _right(lines: Lines) -> Callable[..., Any]:
    return Variant((), lines, lambda case: case).function()


def off(right: Callable[..., Any], factor: float, index: int | None = None) -> Callable[..., Any]:
    """Return a function with one entry multiplied by a factor, of one result if it has several."""

    def function(*arguments: Any) -> Any:
        results = right(*arguments)
        chosen = np.array(results if index is None else results[index])
        chosen.flat[0] *= factor
        return chosen if index is None else (*results[:index], chosen, *results[index + 1 :])

    return function


def _largest(noticed: Callable[[int], bool], most: int) -> int:
    """Return the largest k up to `most` that is noticed, as all smaller ones are; 0 if none is."""
    low, high = 0, most + 1
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if noticed(middle) else (low, middle)
    return low
