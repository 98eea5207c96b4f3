"""Every law on every part of our own two answers, the written one and the functions."""

import pytest

from gradaudit.answers.parts import Answer, Claim, Part
from gradaudit.answers.reading import ours
from gradaudit.telling.showing import describe, law_name

OURS = ours()
CLAIMS = [
    pytest.param(claim, id=f"{answer.name}: {part}: {law_name(claim.law)}")
    for answer in OURS
    for part, owed in answer.parts.items()
    for claim in owed.claims
]


@pytest.mark.parametrize("answer", OURS, ids=lambda answer: answer.name)
def test_our_answer_is_well_formed(answer: Answer) -> None:
    assert answer.malformed == ()


@pytest.mark.parametrize(
    "part",
    [
        pytest.param(part, id=f"{answer.name}: {name}")
        for answer in OURS
        for name, part in answer.parts.items()
    ],
)
def test_no_part_of_ours_is_unjudged(part: Part) -> None:
    assert part.claims


@pytest.mark.parametrize("claim", CLAIMS)
def test_our_answer_obeys_the_law(claim: Claim) -> None:
    outcome = claim.outcome()
    assert outcome.status == "holds", describe(outcome)
