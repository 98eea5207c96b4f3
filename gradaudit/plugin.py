"""`pytest --answer FILE`: the laws as ordinary tests, one for each part of FILE and law it owes.

It is a plugin, found by pytest when gradaudit is installed, since pytest must know an option that
takes a path before it looks for a conftest.py. It does nothing unless the option is given.
"""

import os
from collections.abc import Generator, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from gradaudit.answers.parts import Answer, Claim

ANSWER = pytest.StashKey[Path]()


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add --answer."""
    parser.addoption("--answer", metavar="FILE", help="run the laws on this answer, and only these")


@pytest.hookimpl(tryfirst=True)
def pytest_configure(config: pytest.Config) -> None:
    """Collect the answer and nothing else; Hypothesis' own option may change the profile after."""
    answer = config.getoption("answer")
    if answer is None:
        return
    from gradaudit.command import prepare

    prepare(profile=config.getoption("--hypothesis-profile", None))
    config.stash[ANSWER] = Path(os.path.abspath(answer))
    config.args[:] = [str(config.stash[ANSWER])]


@pytest.hookimpl(wrapper=True)
def pytest_collect_file(
    file_path: Path, parent: pytest.Collector
) -> Generator[None, list[pytest.Collector], list[pytest.Collector]]:
    """Take the answer as one, also where it is a Python file, which pytest would import."""
    collectors = yield
    if file_path == parent.config.stash.get(ANSWER, None):
        return [AnswerFile.from_parent(parent, path=file_path)]
    return collectors


class AnswerFile(pytest.File):
    """An answer, as a file of tests."""

    answer: "Answer | None" = None

    def collect(self) -> Iterator[pytest.Item]:
        """Read the answer and yield its tests."""
        from gradaudit.answers.process import Unreadable
        from gradaudit.answers.reading import read
        from gradaudit.language.showing import escaped

        try:
            self.answer = read(str(self.path))
        except Unreadable as reason:
            raise self.CollectError(escaped(f"{self.path.name}: {reason}")) from None
        return tests_of(self, self.answer)

    def teardown(self) -> None:
        """End the processes of the answer."""
        if self.answer is not None:
            self.answer.close()


def tests_of(parent: AnswerFile, answer: "Answer") -> Iterator[pytest.Item]:
    """Yield a test for each malformed part, and for each law on every other part."""
    from gradaudit.telling.showing import law_name

    of_parts = {part.untested for part in answer.parts.values()}
    for line in answer.malformed:
        if line not in of_parts:
            yield LawTest.from_parent(parent, name="malformed", said=line)
    for name, part in answer.parts.items():
        if part.untested:
            yield LawTest.from_parent(parent, name=f"{name}: can be read", said=part.untested)
        if part.wrong:
            yield LawTest.from_parent(parent, name=f"{name}: is a closed form", said=part.wrong)
        if part.in_general is not None:
            yield LawTest.from_parent(parent, name=f"{name}: is general", claim=part.in_general)
        elif part.condition:
            said = f"it says nothing beyond {part.condition}"
            yield LawTest.from_parent(parent, name=f"{name}: is general", said=said)
        for claim in part.claims:
            line = f" line {claim.judged.number}" if len(part.lines) > 1 else ""
            law = law_name(claim.law)
            yield LawTest.from_parent(parent, name=f"{name}{line}: {law}", claim=claim)


class LawTest(pytest.Item):
    """One law on one part, or something that is wrong before any law."""

    def __init__(self, *, claim: "Claim | None" = None, said: str = "", **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.claim = claim
        self.said = said

    def runtest(self) -> None:
        """Fail in the words of the law, without a traceback."""
        from gradaudit.language.showing import escaped
        from gradaudit.telling.showing import describe

        if self.claim is None:
            pytest.fail(escaped(self.said), pytrace=False)
        outcome = self.claim.outcome()
        if outcome.status != "holds":
            pytest.fail(describe(outcome), pytrace=False)

    def reportinfo(self) -> tuple[Path, int, str]:
        """Place the test at the top of the answer's file, for annotations."""
        return self.path, 0, self.name
