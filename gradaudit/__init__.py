"""gradaudit: a property-based verification suite for hand-derived gradients.

Nothing of it is imported before it is used.
"""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import os

    from gradaudit.answers.verdicts import Audit
    from gradaudit.judging.drawn import Question

__version__ = "0.2.0"
__all__ = ["__version__", "audit", "read_question"]


def audit(
    path: "str | os.PathLike[str]", question: "str | os.PathLike[str] | None" = None
) -> "Audit":
    """Read an answer and judge it, as the command does. Raises `Unreadable`.

    question: of the library, or a file; else what the answer says itself, or the assignment.
    """
    from gradaudit.answers.asked import sheet_called
    from gradaudit.answers.reading import read
    from gradaudit.answers.verdicts import audit as judge

    return judge(read(str(path), None if question is None else sheet_called(str(question))))


def read_question(path: "str | os.PathLike[str]", name: str | None = None) -> "Question":
    """Read a question of the library or a file; name: which of several. Raises `Unreadable`."""
    from gradaudit.judging.drawn import Question
    from gradaudit.questions.question import read_one

    return Question.of(read_one(str(path), name))
