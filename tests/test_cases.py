"""The inputs of any question: they obey what it assumes, and reach what is hard."""

from collections.abc import Callable
from functools import cache, partial

import numpy as np
import pytest
from flint import fmpq

from gradaudit.judging.cases import Case, has_exact_kinks, is_smooth, kinks, obeys
from gradaudit.judging.hard import Inputs
from gradaudit.questions.question import Question
from gradaudit.questions.reading import library, read_questions

MODELS = [one for name in library() for one in read_questions(name) if not one.iteration]


by_model = pytest.mark.parametrize("model", MODELS, ids=lambda one: one.name)


@cache
def listed(model: Question) -> list[Case]:
    return list(Inputs(model).listed())


def reached(model: Question, hard: Callable[[Case], bool]) -> bool:
    return any(map(hard, listed(model)))


@by_model
def test_every_input_obeys_what_the_question_assumes(model: Question) -> None:
    assert all(map(obeys, listed(model)))


@by_model
def test_every_number_is_a_float64_exactly(model: Question) -> None:
    for case in listed(model):
        for value in case.given.values():
            numbers = np.ravel(np.array(value, dtype=object))
            assert all(fmpq(*float(one).as_integer_ratio()) == one for one in numbers)


@by_model
def test_each_size_is_one_in_turn(model: Question) -> None:
    for index_set in model.free_sets:
        sizes = {case.sizes[index_set] for case in listed(model)}
        fitting = model.sized({**dict.fromkeys(model.free_sets, 3), index_set: 1})
        assert fitting is None or 1 in sizes


@by_model
def test_sizes_go_beyond_four(model: Question) -> None:
    if any(one.definite for one in model.given.values()) or not model.free_sets:
        pytest.skip("a matrix is inverted, or no size is free")
    assert reached(model, lambda case: max(case.sizes.values()) > 4)


@by_model
def test_an_input_is_at_a_kink_exactly_where_there_are_kinks(model: Question) -> None:
    at_kinks = [case for case in listed(model) if not is_smooth(case) and has_exact_kinks(case)]
    assert bool(at_kinks) >= bool(kinks(model))


@by_model
def test_an_input_is_away_from_all_kinks(model: Question) -> None:
    assert reached(model, is_smooth)


@by_model
def test_entries_tie(model: Question) -> None:
    for name, given in model.given.items():
        if given.axes and not given.definite:

            def tied(case: Case, name: str = name) -> bool:
                numbers = list(np.ravel(case.given[name]))
                return len(numbers) > 1 and len(set(map(str, numbers))) == 1

            assert reached(model, tied)


@by_model
def test_an_array_of_which_nothing_is_assumed_is_zero(model: Question) -> None:
    assumed = {name for condition in model.assume for name in condition.names}
    for name, given in model.given.items():
        if not (given.within or given.definite or given.among or name in assumed):

            def zero(case: Case, name: str = name) -> bool:
                return not np.any(case.given[name])

            assert reached(model, zero)


@by_model
def test_an_array_of_which_nothing_is_assumed_is_of_every_size(model: Question) -> None:
    assumed = {name for condition in model.assume for name in condition.names}
    for one in Inputs(model).numbers:
        if not (one.among or one.name in assumed):

            def is_of(decade: int, case: Case, name: str = one.name) -> bool:
                size = float(max(map(abs, np.ravel(case.given[name]))))
                return 10.0**decade <= size < 10.0 ** (decade + 1)

            for decade in range(-9, 10):
                assert reached(model, partial(is_of, decade)), f"{one.name}, 10**{decade}"


@by_model
def test_the_same_inputs_are_listed_every_time(model: Question) -> None:
    again = [str(case.given) for case in Inputs(model).listed()]
    assert again == [str(case.given) for case in listed(model)]
