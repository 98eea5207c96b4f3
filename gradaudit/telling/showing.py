"""Laws and the width of a text, for a person, and that something cannot be shown in print."""

import shutil

from gradaudit.judging.laws import Law


class NotSet(Exception):
    """Something cannot be set as a document, or as mathematics; the message says why."""


def width() -> int:
    """Return how long a line may be: what COLUMNS or the terminal says, if anything does."""
    return max(shutil.get_terminal_size((96, 24)).columns, 40)


def law_name(law: Law) -> str:
    """Return the name of a law as a phrase."""
    return law.name.replace("_", " ")
