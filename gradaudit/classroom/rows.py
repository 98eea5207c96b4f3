"""What is kept of each answer while a class is counted, and the correlation of two such columns."""

import statistics
from collections.abc import Sequence
from dataclasses import dataclass

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


def correlation(one: Sequence[float], other: Sequence[float]) -> float | None:
    """Return Pearson's correlation; None where there are too few, or all are alike."""
    if len(one) < FEWEST or len(set(one)) == 1 or len(set(other)) == 1:
        return None
    return statistics.correlation(one, other)
