"""The exam: no law loses sight of a mistake that it saw before, and no mistake goes unseen.

`exam.txt` is what `gradaudit exam` printed. Where a law sees more than it says, print it anew.
"""

import re
from pathlib import Path

import pytest

from gradaudit.mistakes.exam import FINEST, Result, papers, sit, smallest_errors
from gradaudit.telling.mistakes import exam_text

BEFORE = Path(__file__).with_name("exam.txt").read_text(encoding="utf-8")
TITLES = [paper.title for paper in papers()]
ERRORS = dict(re.findall(r"^  (d\S+.*): 1e-(\d+)$", BEFORE, re.MULTILINE))


@pytest.fixture(scope="module")
def results() -> dict[str, Result]:
    return {paper.title: sit(paper) for paper in papers()}


@pytest.fixture(scope="module")
def errors() -> dict[str, int]:
    return dict(smallest_errors())


@pytest.mark.parametrize("title", TITLES)
def test_every_mistake_is_caught(results: dict[str, Result], title: str) -> None:
    result = results[title]
    assert result.caught == len(result.sight) > 0


@pytest.mark.parametrize("title", TITLES)
def test_no_law_loses_sight_of_a_mistake(results: dict[str, Result], title: str) -> None:
    before = BEFORE.split(f"\n{title}: ")[1].split("\n\n")[0]
    now = exam_text([results[title]], [])
    rows = re.compile(r"^    ([a-z.]+)  (\S+: .*|sample-skipped.*)$", re.MULTILINE)
    seen_before, seen_now = rows.findall(before), rows.findall(now)
    assert [name for _, name in seen_before] == [name for _, name in seen_now]
    lost = [
        name
        for (old, name), (new, _) in zip(seen_before, seen_now, strict=True)
        if any(was != "." and still == "." for was, still in zip(old, new, strict=True))
    ]
    assert lost == []


def test_the_table_has_every_law(results: dict[str, Result]) -> None:
    laws = re.compile(r"^  [a-z]  (.*): \d+$", re.MULTILINE)
    now = exam_text([results[title] for title in TITLES], [])
    assert laws.findall(BEFORE) == laws.findall(now)


@pytest.mark.parametrize("name", ERRORS)
def test_no_smaller_error_goes_unnoticed_than_before(errors: dict[str, int], name: str) -> None:
    assert errors[name] >= int(ERRORS[name])


@pytest.mark.parametrize("name", ERRORS)
def test_the_smallest_error_that_is_noticed_is_small(errors: dict[str, int], name: str) -> None:
    wanted = 30 if name.endswith("formulas") else 12
    assert wanted <= errors[name] <= FINEST
