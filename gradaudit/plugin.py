"""`pytest --answer FILE`: the laws as ordinary tests, one for each part of FILE and law it owes.

It is a plugin, found by pytest when gradaudit is installed, since pytest must know an option that
takes a path before it looks for a conftest.py. It does nothing unless the option is given.
"""

import argparse
import os
from collections.abc import Callable, Generator, Iterator
from functools import cache, partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from gradaudit.answers.parts import Answer, Sheet
    from gradaudit.answers.verdicts import Verdict

ANSWERS = pytest.StashKey[frozenset[Path]]()
ASKED: "pytest.StashKey[Sheet | None]" = pytest.StashKey()
NAME, SHORT_NAME = "--gradaudit", "--answer"


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add our options, under a name that nobody else has."""
    group = parser.getgroup("gradaudit", "hand-derived gradients")
    group.addoption(
        NAME,
        action="append",
        metavar="ANSWER",
        help="run the laws on this answer, or those in this folder, and nothing else; it can be "
        f"given several times, and as {SHORT_NAME} where no other option is called so",
    )
    group.addoption(
        "--gradaudit-question", metavar="NAME", help="what it answers, as `gradaudit --question`"
    )
    group.addoption(
        "--gradaudit-examples", type=_count, metavar="N", help="inputs to draw for each law"
    )


def _count(text: str) -> int:
    from gradaudit.command import count

    return count(text)


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_load_initial_conftests(
    early_config: pytest.Config, parser: pytest.Parser, args: list[str]
) -> Generator[None]:
    """Let the short name stand for ours, unless a conftest.py turns out to define it."""
    ours = [NAME + word.removeprefix(SHORT_NAME) if _is_short(word) else word for word in args]
    if ours != args:  # what follows is no folder in which to look for a conftest.py
        known: argparse.Namespace = early_config.known_args_namespace
        known.file_or_dir = parser.parse_known_args(ours).file_or_dir
    yield
    if any(map(_is_short, parser.parse_known_and_unknown_args(args)[1])):
        args[:] = ours


def _is_short(word: str) -> bool:
    return word.partition("=")[0] == SHORT_NAME


@pytest.hookimpl(tryfirst=True)
def pytest_configure(config: pytest.Config) -> None:
    """Collect the answers and nothing else."""
    named = config.getoption("gradaudit")
    if not named:
        return
    from gradaudit.answers.asked import sheet_called
    from gradaudit.answers.reading import answers_in
    from gradaudit.judging.domains import draw_settings
    from gradaudit.language.showing import escaped
    from gradaudit.questions.files import Unreadable

    if examples := config.getoption("gradaudit_examples"):
        draw_settings(examples)
    paths: list[str] = []
    name = question = config.getoption("gradaudit_question")
    try:
        config.stash[ASKED] = question and sheet_called(question)
        for name in named:
            paths += map(os.path.abspath, answers_in(name))
    except Unreadable as reason:
        raise pytest.UsageError(escaped(f"{name}: {reason}")) from None
    config.stash[ANSWERS] = frozenset(map(Path, paths))
    config.args[:] = paths


@pytest.hookimpl(wrapper=True)
def pytest_collect_file(
    file_path: Path, parent: pytest.Collector
) -> Generator[None, list[pytest.Collector], list[pytest.Collector]]:
    """Take the answer as one, also where it is a Python file, which pytest would import."""
    collectors = yield
    if file_path in parent.config.stash.get(ANSWERS, ()):
        return [AnswerFile.from_parent(parent, path=file_path)]
    return collectors


class AnswerFile(pytest.File):
    """An answer, as a file of tests."""

    answer: "Answer | None" = None

    def collect(self) -> Iterator[pytest.Item]:
        """Read the answer and yield its tests."""
        from gradaudit.answers.reading import read
        from gradaudit.language.showing import escaped
        from gradaudit.questions.files import Unreadable

        try:
            self.answer = read(str(self.path), self.config.stash[ASKED])
        except Unreadable as reason:
            said = escaped(f"{self.path.name}: {reason}")
            return iter([Fault.from_parent(self, name="can be read", said=said)])
        self.answer.close()  # it starts again when its turn comes, if it is not deselected
        return tests_of(self, self.answer)

    def teardown(self) -> None:
        """End the process of the answer."""
        if self.answer is not None:
            self.answer.close()


def tests_of(parent: AnswerFile, answer: "Answer") -> Iterator[pytest.Item]:
    """Yield a test for each malformed part, and for each law on every other part."""
    from gradaudit.answers.verdicts import judge
    from gradaudit.telling.showing import law_name

    of_parts = {part.untested for part in answer.parts.values()}
    for line in answer.malformed:
        if line not in of_parts:
            yield Fault.from_parent(parent, name="malformed", said=line)
    for name, part in answer.parts.items():
        if part.untested:
            yield Fault.from_parent(parent, name=f"{name}: can be read", said=part.untested)
        if part.wrong:
            yield Fault.from_parent(parent, name=f"{name}: is a closed form", said=part.wrong)
        verdict = cache(partial(judge, name, part, answer.parts))  # once for all laws of the part
        for number, claim in enumerate(part.claims):
            line = f" line {claim.judged.number}" if len(part.lines) > 1 else ""
            law = f"{name}{line}: {law_name(claim.law)}"
            yield LawTest.from_parent(parent, name=law, verdict=verdict, number=number)
        if part.unfinished:
            yield LawTest.from_parent(parent, name=f"{name}: is finished", verdict=verdict)
        if part.condition:
            yield LawTest.from_parent(parent, name=f"{name}: is general", verdict=verdict)


class Fault(pytest.Item):
    """Something that is wrong before any law."""

    def __init__(self, *, said: str, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.said = said

    def runtest(self) -> None:
        """Fail in a line, without a traceback."""
        from gradaudit.language.showing import escaped

        pytest.fail(escaped(self.said), pytrace=False)

    def reportinfo(self) -> tuple[Path, int, str]:
        """Place the test at the top of the answer's file, for annotations."""
        return self.path, 0, self.name


class LawTest(pytest.Item):
    """The law of that number on a part; without one, whether all is well beyond its laws."""

    def __init__(
        self, *, verdict: "Callable[[], Verdict]", number: int | None = None, **kwargs: Any
    ) -> None:
        super().__init__(**kwargs)
        self.verdict = verdict
        self.number = number

    def runtest(self) -> None:
        """Fail in the words of the command; but one cause is one failure, that of its first law."""
        from gradaudit.telling.verdicts import in_full, of_line

        if self.holds:
            return
        verdict = self.verdict()
        tests = [one for one in self.session.items if isinstance(one, LawTest)]
        first = next(one for one in tests if one.verdict is self.verdict and not one.holds)
        if first is self:
            pytest.fail(in_full(verdict), pytrace=False)
        if self.number is not None and verdict.is_derivation:
            pytest.fail(of_line(verdict.outcomes[self.number]), pytrace=False)
        pytest.skip(f"it does not hold either, for the same reason as: {first.name}")

    @property
    def holds(self) -> bool:
        """Whether the law holds; without one, whether the part does."""
        verdict = self.verdict()
        return (verdict if self.number is None else verdict.outcomes[self.number]).status == "holds"

    reportinfo = Fault.reportinfo
