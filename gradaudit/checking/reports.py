"""What a check tried, what it could have seen, and what it could not judge."""

import json
from collections import Counter
from dataclasses import dataclass, field
from html import escape
from typing import Any

from gradaudit.checking.compared import Compared, Verdict
from gradaudit.checking.pairs import Pair
from gradaudit.checking.smaller import literals
from gradaudit.checking.trial import Trial

ENOUGH = 10  # inputs, to say what is so at most of them
FEW = 1e-9  # an error beyond it is none of float64's own, unless cancellation explains it


@dataclass
class Report:
    """What came of a check that refused nothing.

    what: the pair in words. inputs: the specification of the inputs, as text. guesses: what was
    inferred in it. tried: the number of inputs; judged: of those whose slopes were judged; kinks:
    of those at a kink, where any slope between is right; without: of those at which f has no
    value. how: by which oracle, with how many comparisons. reasons: why inputs were not judged,
    with their number, and `details` of the first. blocks: the same for single gradients. differs:
    how often the gradient is right beside an input, and another at it alone; alone: how, at the
    first. caught, planted: how many of the mistakes planted into the gradient would have been seen,
    by name. lost: the largest error where digits are lost, in units of the terms; imprecise: how
    often it is large. evaluations, calls: of the function and its derivative. worst: the largest
    difference in units of its terms, at the input `shown`.
    """

    what: str
    inputs: str
    guesses: tuple[str, ...]
    names: tuple[str, ...]
    pair: Pair = field(repr=False)
    tried: int = 0
    judged: int = 0
    kinks: int = 0
    how: Counter[str] = field(default_factory=Counter)
    reasons: Counter[str] = field(default_factory=Counter)
    blocks: Counter[tuple[str, str]] = field(default_factory=Counter)
    caught: Counter[str] = field(default_factory=Counter)
    planted: Counter[str] = field(default_factory=Counter)
    remarks: Counter[str] = field(default_factory=Counter)
    evaluations: int = 0
    calls: int = 0
    worst: float = 0.0
    lost: float | None = None
    imprecise: int = 0
    without: int = 0
    details: dict[str, str] = field(default_factory=dict)
    differs: int = 0
    alone: str = ""
    shown: tuple[Any, ...] | None = field(default=None, repr=False)

    def __bool__(self) -> bool:
        """Tell whether it holds, as for `assert check_gradient(...)`."""
        return self.status == "holds"

    @property
    def loses_digits(self) -> bool:
        """Tell whether most comparisons show errors that only too few digits explain."""
        return self.judged >= ENOUGH and 2 * self.imprecise > self.how.total()

    @property
    def unseen(self) -> list[str]:
        """Return the planted mistakes that no input would have shown."""
        return [name for name in self.planted if not self.caught[name]]

    @property
    def status(self) -> str:
        """Return "holds", or "untested" where too little was judged, or nothing could be seen."""
        blind = {"another sign", "twice"} <= set(self.unseen) or (
            self.planted.total() == 0 and self.pair.kind != "jvp"
        )
        if self.judged == 0 or 2 * self.judged < self.tried - self.without or blind:
            return "untested"
        return "holds"

    def add(self, trial: Trial, args: tuple[Any, ...]) -> None:
        """Count what came of one input."""
        self.tried += 1
        self.evaluations += trial.evaluations
        self.calls += trial.calls
        self.remarks.update(trial.remarks)
        self.without += not trial.has_value
        if trial.differs:
            self.differs += 1
            if not self.alone:
                at = ", ".join(literals(self.pair.spec.names, args))
                self.alone = f"at {at}, {trial.differs}"
        if not trial.judged:
            self.reasons[trial.why or "a kink"] += 1
            self.details.setdefault(trial.why, trial.detail)
            return
        self.judged += 1
        self.kinks += trial.kink
        self.caught += trial.caught
        self.planted += trial.planted
        for name, why in trial.blocks.items():
            self.blocks[name, why] += 1
        for one in trial.compared:
            self.how[one.how] += 1
            self._measure(one, args)

    def _measure(self, one: Compared, args: tuple[Any, ...]) -> None:
        if one.verdict is Verdict.KINK or not one.size:
            return
        off = abs(one.said - one.middle) / one.size
        if off >= self.worst or self.shown is None:
            self.worst, self.shown = max(off, self.worst), args
        if one.verdict is Verdict.DIGITS:
            self.lost = max(off, self.lost or 0.0)
            self.imprecise += off > FEW

    def _lines(self) -> list[tuple[str, str]]:
        lines = [("inputs", self.inputs)]
        lines += [("", guess) for guess in self.guesses]
        at_kinks = f", {self.kinks} of them at a kink" if self.kinks else ""
        lines.append(("judged", f"{self.judged} of {self.tried} inputs{at_kinks}"))
        if self.how:
            by = ", ".join(f"{how} ({count})" for how, count in self.how.most_common())
            lines.append(
                ("truth", f"{by}; the largest difference is {self.worst:.1g} of its terms")
            )
        if self.lost is not None:
            lines.append(("digits", f"some are lost: {self.lost:.1g} of the terms, by roundings"))
        if self.alone:
            several = f"; it is so at {self.differs} inputs" if self.differs > 1 else ""
            lines.append(("beware", self.alone + several))
        for reason, count in self.reasons.most_common():
            detail = f", such as {self.details[reason]}" if self.details.get(reason) else ""
            lines.append(("not judged", f"{count}: {reason}{detail}"))
        for (name, reason), count in self.blocks.most_common(5):
            lines.append(("not judged", f"{name} on {count}: {reason}"))
        for remark in self.remarks:
            lines.append(("remark", remark))
        seen = [name for name in self.planted if self.caught[name]]
        if seen:
            lines.append(("would see", ", ".join(_shorter(seen))))
        if self.unseen:
            lines.append(("would not", ", ".join(_shorter(self.unseen))))
        lines.append(
            ("cost", f"{self.evaluations} evaluations of f, {self.calls} of its derivative")
        )
        return lines

    def __str__(self) -> str:
        head = f"{self.what}: {self.status}"
        if self.status == "untested":
            head += f", since {self.because}"
        return "\n".join([head, *(f"  {name:<11} {text}" for name, text in self._lines())])

    @property
    def because(self) -> str:
        """Return why a check is untested, "" where it is not."""
        if self.status == "holds":
            return ""
        if self.tried == 0:
            return "there was no input"
        if self.judged == 0 or 2 * self.judged < self.tried:
            reason, _ = self.reasons.most_common(1)[0]
            return f"{self.tried - self.judged} of {self.tried} inputs were not judged ({reason})"
        return "the gradient is 0 wherever it was judged, so that no mistake could be seen"

    def to_json(self) -> str:
        """Return the report as JSON: an object with the fields of this class, and its status."""
        return json.dumps(
            {
                "status": self.status,
                "what": self.what,
                "inputs": self.inputs,
                "guesses": list(self.guesses),
                "tried": self.tried,
                "judged": self.judged,
                "kinks": self.kinks,
                "how": dict(self.how),
                "not_judged": dict(self.reasons),
                "not_judged_blocks": [
                    {"block": name, "why": why, "inputs": count}
                    for (name, why), count in self.blocks.items()
                ],
                "caught": {name: self.caught[name] for name in self.planted},
                "planted": dict(self.planted),
                "differs_alone": {"inputs": self.differs, "first": self.alone},
                "remarks": list(self.remarks),
                "largest_difference": self.worst,
                "lost": self.lost,
                "evaluations": self.evaluations,
                "calls": self.calls,
            }
        )

    def _repr_html_(self) -> str:
        rows = "".join(
            f"<tr><th style='text-align:left'>{escape(name)}</th>"
            f"<td style='text-align:left'>{escape(text)}</td></tr>"
            for name, text in self._lines()
        )
        head = escape(f"{self.what}: {self.status}")
        return f"<table><caption style='text-align:left'>{head}</caption>{rows}</table>"

    def plot(self) -> Any:
        """Return a figure: errors of differences against their step, and those of entries.

        It is one of matplotlib, the extra `plot`. Raises ValueError where no input was judged.
        """
        from gradaudit.checking.figures import figure

        if self.shown is None:
            raise ValueError("no input was judged, so that there is nothing to show")
        return figure(self.what, self.pair, self.shown)


def _shorter(names: list[str]) -> list[str]:
    """Return names, the finest of the entries' errors for all of them."""
    entries = sorted((n for n in names if n.startswith("one entry")), key=lambda n: -int(n[-1]))
    return [n for n in names if not n.startswith("one entry")] + entries[:1]
