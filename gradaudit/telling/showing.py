"""Laws and the width of a text, for a person."""

import shutil

from gradaudit.judging.laws import Law


def width() -> int:
    """Return how long a line may be: what COLUMNS or the terminal says, if anything does."""
    return max(shutil.get_terminal_size((96, 24)).columns, 40)


def law_name(law: Law) -> str:
    """Return the name of a law as a phrase."""
    return law.name.replace("_", " ")
