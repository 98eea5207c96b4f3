"""gradaudit: a property-based verification suite for hand-derived gradients.

Nothing of it is imported before it is used.
"""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import os

    from gradaudit.answers.verdicts import Audit
    from gradaudit.checking.checks import check_chain as check_chain
    from gradaudit.checking.checks import check_gradient as check_gradient
    from gradaudit.checking.checks import check_jacobian as check_jacobian
    from gradaudit.checking.checks import check_jvp as check_jvp
    from gradaudit.checking.checks import check_vjp as check_vjp
    from gradaudit.checking.collected import gradient_test as gradient_test
    from gradaudit.checking.refusals import BadCall as BadCall
    from gradaudit.checking.refusals import WrongGradient as WrongGradient
    from gradaudit.checking.reports import Report as Report
    from gradaudit.checking.specs import BadSpec as BadSpec
    from gradaudit.judging.drawn import Question

__version__ = "0.2.0"
_WHERE = {
    "BadCall": "refusals",
    "BadSpec": "specs",
    "Report": "reports",
    "WrongGradient": "refusals",
    "check_chain": "checks",
    "check_gradient": "checks",
    "check_jacobian": "checks",
    "check_jvp": "checks",
    "check_vjp": "checks",
    "gradient_test": "collected",
}
__all__ = ["__version__", "audit", "read_question", *_WHERE]  # noqa: PLE0604 - names, in a dict


def __getattr__(name: str) -> object:
    """Import what is asked for, and the packages that it needs, at its first use."""
    from importlib import import_module

    if name in {"torch", "jax"}:  # `gradaudit.torch.check`
        return import_module(f"gradaudit.{name}")
    if name not in _WHERE:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"gradaudit.checking.{_WHERE[name]}"), name)


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
    from gradaudit.questions.reading import read_one

    return Question.of(read_one(str(path), name))
