"""The exam: no law loses sight of a mistake that it saw before, and no mistake goes unseen.

`exam.txt` is what `gradaudit exam` printed. Where a law sees more than it says, print it anew.
"""

import re
from dataclasses import replace
from functools import cache
from pathlib import Path

import pytest

from gradaudit.mistakes.exam import FINEST, Paper, Result, papers_of, sit, smallest_errors_of
from gradaudit.questions.reading import read_questions
from gradaudit.telling.mistakes import exam_text

BEFORE = Path(__file__).with_name("exam.txt").read_text(encoding="utf-8")
QUESTIONS = read_questions()
TITLES = re.findall(r"^(\S.*): \d+ of \d+$", BEFORE, re.MULTILINE)
ERRORS = dict(re.findall(r"^  (q\S+.*): 1e-(\d+)$", BEFORE, re.MULTILINE))
LAWS = re.compile(r"^  [a-z]  (.*): \d+$", re.MULTILINE)
ROWS = re.compile(r"^    ([a-z.]+)  (\S+: .*)$", re.MULTILINE)


@cache  # when they are first asked for, and not by whoever only collects tests
def papers() -> dict[str, Paper]:
    """Return all papers by their titles."""
    return {paper.title: paper for paper in papers_of(QUESTIONS)}


def before(title: str) -> str:
    """Return the part of exam.txt about a paper."""
    return BEFORE.split(f"\n{title}: ")[1].split("\n\n")[0]


def seen_by_all(paper: Paper) -> str:
    """Return what would be printed if every law saw every mistake."""
    everything = tuple((True,) * len(paper.laws) for _ in paper.mistakes)
    return exam_text([Result(paper, everything)], [])


MISTAKES = [
    pytest.param(title, row, number, id=f"{title}: {name}, row {number}")
    for title in TITLES
    for number, (row, name) in enumerate(ROWS.findall(before(title)))
]


@pytest.fixture(scope="module")
def errors() -> dict[str, int]:
    return dict(smallest_errors_of(QUESTIONS))


def test_every_paper_has_a_table() -> None:
    assert [*papers()] == TITLES


@pytest.mark.parametrize("title", TITLES)
class TestTable:
    def test_it_has_every_law(self, title: str) -> None:
        assert LAWS.findall(before(title)) == LAWS.findall(seen_by_all(papers()[title])) != []

    def test_it_has_every_mistake(self, title: str) -> None:
        paper = papers()[title]
        names = [name for _, name in ROWS.findall(seen_by_all(paper))]
        assert [name for _, name in ROWS.findall(before(title))] == names
        assert len(names) == len(paper.mistakes)


@pytest.mark.parametrize(("title", "row", "number"), MISTAKES)
def test_every_law_that_saw_a_mistake_still_does_and_there_is_one(
    title: str, row: str, number: int
) -> None:
    paper = papers()[title]
    saw = tuple(law for law, letter in zip(paper.laws, row, strict=True) if letter != ".")
    alone = replace(paper, laws=saw, mistakes=paper.mistakes[number : number + 1])
    (sight,) = sit(alone).sight
    assert sight == (True,) * len(saw) != ()


@pytest.mark.parametrize("name", ERRORS)
def test_no_smaller_error_goes_unnoticed_than_before(errors: dict[str, int], name: str) -> None:
    assert errors[name] >= int(ERRORS[name])


@pytest.mark.parametrize("name", ERRORS)
def test_the_smallest_error_that_is_noticed_is_small(errors: dict[str, int], name: str) -> None:
    wanted = 30 if name.endswith("formulas") else 12
    assert wanted <= errors[name] <= FINEST
