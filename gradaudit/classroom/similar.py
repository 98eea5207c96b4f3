"""Answers that are identical or nearly so: to be looked at, and no judgement.

Right answers that are short are bound to be alike, and all that a class was given is in each.
"""

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

TOKENS = re.compile(r"\w+|[^\w\s]")
TOGETHER = 5  # tokens in a row that are compared
FEWEST = 40  # tokens of answers that can be nearly identical
NEARLY = 0.8  # of all that two say which both say
COMMON = 0.2  # of a class that say what tells nothing of two


@dataclass(frozen=True)
class Alike:
    """Students whose answers are alike. share: how much of all that they say both say."""

    names: tuple[str, ...]
    share: float


class Similar:
    """Collects the answers of a class, of which only marks are kept."""

    def __init__(self) -> None:
        self.same: dict[tuple[str, ...], list[str]] = defaultdict(list)

    def add(self, name: str, contents: Iterable[bytes]) -> None:
        """Add the files of a student, without comments and spaces."""
        lines = (one.decode("utf-8", errors="replace").split("\n") for one in contents)
        texts = ("\n".join(map(_without_comment, one)) for one in lines)
        if tokens := tuple(token for text in texts for token in TOKENS.findall(text)):
            self.same[tokens].append(name)

    def found(self) -> list[Alike]:
        """Return who handed in the same, then who nearly did, the most alike first."""
        identical = [Alike(tuple(names), 1.0) for names in self.same.values() if len(names) > 1]
        pairs = sorted(self._nearly(), key=lambda one: (-one.share, one.names))
        return identical + pairs

    def _nearly(self) -> Iterator[Alike]:
        long = [tokens for tokens in self.same if len(tokens) >= FEWEST]
        marks = [_marks(tokens) for tokens in long]
        having: Mapping[int, list[int]] = defaultdict(list)
        for number, some in enumerate(marks):
            for one in some:
                having[one].append(number)
        often = max(2, round(COMMON * len(long)))
        rare = {mark for mark, numbers in having.items() if 1 < len(numbers) <= often}
        for number, some in enumerate(marks):
            shared = Counter(other for one in some & rare for other in having[one])
            for other in shared:
                if other > number:
                    share = len(some & marks[other]) / len(some | marks[other])
                    if share >= NEARLY:
                        names = self.same[long[number]][0], self.same[long[other]][0]
                        yield Alike(names, share)


def _marks(tokens: tuple[str, ...]) -> set[int]:
    """Return what stands for every few tokens in a row."""
    return {hash(tokens[k : k + TOGETHER]) for k in range(len(tokens) - TOGETHER + 1)}


def _without_comment(line: str) -> str:
    """Return a line without the comment behind all that may be a text."""
    begins = line.find("#", 1 + max(line.rfind("'"), line.rfind('"')))
    return line if begins < 0 else line[:begins]
