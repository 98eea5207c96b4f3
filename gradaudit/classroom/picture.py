"""What a class got wrong: counted from the records, of which nothing else is kept."""

import re
import statistics
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from gradaudit.classroom.records import Record, unread
from gradaudit.classroom.students import Student

FEWEST = 3  # students of whom a correlation is told


@dataclass(frozen=True)
class Row:
    """What is kept of a student: what came of each part, in few words.

    unread: whether some of the answer could not be read.
    """

    student: Student
    key: str
    overall: str
    code: int
    statuses: dict[str, str]
    mistakes: dict[str, str]
    unread: bool = False


@dataclass(frozen=True)
class PartPicture:
    """How a class did on a part.

    counts: how many have each status. tells: the correlation of holding it with how many other
    parts hold, None where there are too few, or all are alike.
    """

    part: str
    counts: Mapping[str, int]
    tells: float | None

    @property
    def answered(self) -> int:
        """How many answered it."""
        return sum(n for status, n in self.counts.items() if status != "unanswered")

    @property
    def share(self) -> float:
        """Which share of those who answered it holds."""
        return self.counts.get("holds", 0) / self.answered if self.answered else 0.0


@dataclass
class Shared:
    """Something that several may have in common.

    what: it, in words. parts: where. students: whose, in order. details: what one of them is told.
    """

    what: str
    parts: dict[str, None] = field(default_factory=dict)
    students: dict[str, None] = field(default_factory=dict)
    details: Sequence[Sequence[str]] = ()


@dataclass
class Picture:
    """All that is said of a class.

    mistakes: by id, the known ones. alike: wrong in the same way, which has no name. alone: in a
    way of their own. unjudged: parts, files and whole answers, with the reason. absent: who handed
    in nothing. points: of each row, as they are shown. changes, agreements, similar: in lines; None
    where they are not asked for.
    """

    rows: list[Row] = field(default_factory=list)
    parts: list[PartPicture] = field(default_factory=list)
    mistakes: list[tuple[str, Shared]] = field(default_factory=list)
    alike: list[Shared] = field(default_factory=list)
    alone: list[Shared] = field(default_factory=list)
    unjudged: list[Shared] = field(default_factory=list)
    absent: list[str] = field(default_factory=list)
    points: list[str] | None = None
    changes: list[str] | None = None
    agreements: list[str] | None = None
    similar: list[str] | None = None

    @property
    def unlisted(self) -> list[str]:
        """Who is not in the roster, or fits more than one row of it."""
        return [row.student.name for row in self.rows if row.student.unlisted]

    @property
    def overall(self) -> Counter[str]:
        """How many answers have each status in all."""
        return Counter(row.overall for row in self.rows)


class Counting:
    """Counts what the records of a class say, one after another."""

    def __init__(self) -> None:
        self.rows: list[Row] = []
        self.parts: dict[str, None] = {}  # in the order of the question
        self._mistakes: dict[str, Shared] = {}
        self._alike: dict[tuple[str, str], Shared] = {}
        self._unjudged: dict[tuple[str, str], Shared] = {}

    def add(self, student: Student, key: str, record: Record) -> None:
        """Count a record."""
        name = student.name
        lacks = bool(unread(record))
        row = Row(student, key, record["overall"], record["code"], {}, {}, lacks)
        self.rows.append(row)
        for line in unread(record, student.notes):
            self._unjudged_at("", line, name)
        for one in record["parts"]:
            part, status = one["id"], one["status"]
            row.statuses[part] = status
            self.parts.setdefault(part)
            if status == "untested":
                self._unjudged_at(part, one["explanation"] or "", name)
            if mistake := one["mistake"]:
                row.mistakes[part] = mistake
                told = dict(reversed(one["told"]["details"])).get("mistake", "")
                what = told.removesuffix(f" ({mistake})")
                shared = self._mistakes.setdefault(mistake, Shared(what))
                shared.parts[part] = shared.students[name] = None
            elif one["alike"]:
                what = one["told"]["head"]
                details = one["told"]["details"]
                shared = self._alike.setdefault((part, one["alike"]), Shared(what, details=details))
                shared.parts[part] = shared.students[name] = None

    def _unjudged_at(self, part: str, reason: str, name: str) -> None:
        alike = re.sub(r"\d+", "#", reason)  # whatever the line and column
        shared = self._unjudged.setdefault((part, alike), Shared(reason))
        shared.students[name] = None
        if part:
            shared.parts[part] = None

    def picture(self, absent: Iterable[str] = ()) -> Picture:
        """Return what was counted. absent: who handed in nothing."""
        groups = _often_first(self._alike.values())
        mistakes = sorted(self._mistakes.items(), key=lambda one: -len(one[1].students))
        return Picture(
            self.rows,
            [one for one in map(self._part, self.parts) if one.answered],
            mistakes,
            [one for one in groups if len(one.students) > 1],
            [one for one in groups if len(one.students) == 1],
            _often_first(self._unjudged.values()),
            list(absent),
        )

    def _part(self, part: str) -> PartPicture:
        readable = [row for row in self.rows if row.statuses]
        counts = Counter(row.statuses.get(part, "unanswered") for row in readable)
        here = [float(row.statuses.get(part) == "holds") for row in readable]
        holding = [sum(one == "holds" for one in row.statuses.values()) for row in readable]
        rest = [all_ - one for all_, one in zip(holding, here, strict=True)]
        return PartPicture(part, counts, correlation(here, rest))


def correlation(one: Sequence[float], other: Sequence[float]) -> float | None:
    """Return Pearson's correlation; None where there are too few, or all are alike."""
    if len(one) < FEWEST or len(set(one)) == 1 or len(set(other)) == 1:
        return None
    return statistics.correlation(one, other)


def _often_first(shared: Iterable[Shared]) -> list[Shared]:
    return sorted(shared, key=lambda one: -len(one.students))
