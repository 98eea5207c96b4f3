"""What is measured: a function of an installed library and its derivative, and what came of it."""

import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from gradaudit.checking.checks import check_gradient, check_jacobian, check_jvp, check_vjp
from gradaudit.checking.refusals import WrongGradient

EXAMPLES = 40
SECONDS = 5.0  # for one input


@dataclass(frozen=True)
class Entry:
    """A function and its derivative.

    inputs: their spec. kind: "gradient", "vjp", "jvp", "jacobian", "hessian" or "elementwise".
    options: those of the check. settled: where it is refused, the verdict, and by what other means
    it was settled: "defect", "lost digits", "convention" or "ours", a colon, and a sentence.
    """

    name: str
    f: Callable[..., Any]
    derivative: Callable[..., Any]
    inputs: str
    kind: str = "gradient"
    options: Mapping[str, Any] = field(default_factory=dict)
    settled: str = ""


@dataclass(frozen=True)
class Outcome:
    """What came of an entry: "held", "refused", "not judged" or "broken", and why."""

    entry: Entry
    status: str
    text: str
    seconds: float
    whole: str = ""


def chain(
    name: str,
    loglike: Callable[..., Any],
    score: Callable[..., Any],
    hessian: Callable[..., Any],
    inputs: str,
    settled: tuple[str, str] = ("", ""),
    **options: Any,
) -> Iterator[Entry]:
    """Yield a score against its function, and a Hessian against the score."""
    yield Entry(f"{name}: score", loglike, score, inputs, "gradient", options, settled[0])
    yield Entry(f"{name}: Hessian", score, hessian, inputs, "hessian", options, settled[1])


def outcome(entry: Entry) -> Outcome:
    """Return what comes of an entry."""
    options: dict[str, Any] = {"examples": EXAMPLES, "seconds": SECONDS, **entry.options}
    start = time.perf_counter()
    try:
        if entry.kind == "gradient":
            report = check_gradient(entry.f, entry.derivative, inputs=entry.inputs, **options)
        elif entry.kind == "vjp":
            report = check_vjp(entry.f, entry.derivative, inputs=entry.inputs, **options)
        elif entry.kind == "jvp":
            report = check_jvp(entry.f, entry.derivative, inputs=entry.inputs, **options)
        else:
            report = check_jacobian(
                entry.f,
                entry.derivative,
                inputs=entry.inputs,
                elementwise=entry.kind == "elementwise",
                **options,
            )
    except WrongGradient as wrong:
        status, text, whole = "refused", str(wrong).splitlines()[0], str(wrong)
    except Exception as error:
        status, text = "broken", f"{type(error).__name__}: {error}"
        whole = text
    else:
        status = "held" if report.status == "holds" else "not judged"
        text = "" if status == "held" else report.because
        whole = str(report)
    return Outcome(entry, status, text, time.perf_counter() - start, whole)
