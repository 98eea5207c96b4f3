"""gradaudit: a property-based verification suite for hand-derived gradients.

Nothing of it is imported before it is used.
"""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import os

    from gradaudit.answers.verdicts import Audit

__version__ = "0.2.0"
__all__ = ["__version__", "audit"]


def audit(path: "str | os.PathLike[str]") -> "Audit":
    """Read an answer and judge it, as the command does. Raises `Unreadable`."""
    from gradaudit.answers.reading import read
    from gradaudit.answers.verdicts import audit as judge

    return judge(read(str(path)))
