"""The inputs of a question as a strategy of Hypothesis, for a test of one's own."""

from dataclasses import fields
from random import Random
from typing import Any

from hypothesis import reject
from hypothesis import strategies as st

from gradaudit.judging import iterations
from gradaudit.judging.functions import domains
from gradaudit.judging.hard import NoInput, domain
from gradaudit.language.hints import nearest
from gradaudit.questions import question


class Question(question.Question):
    """A question that inputs can be drawn for."""

    @classmethod
    def of(cls, read: question.Question) -> "Question":
        """Return a question that was read as one that inputs can be drawn for."""
        return cls(**{one.name: getattr(read, one.name) for one in fields(read)})

    def inputs(self, function: str | None = None) -> st.SearchStrategy[dict[str, Any]]:
        """Return a strategy of what is given, by name: fresh arrays of float64.

        All meet what is assumed, and lie away from kinks: hard cases, and others around them.
        function: the name of one whose arguments they are, in its order. Raises ValueError.
        """
        call: tuple[str, ...] = () if self.iteration is None else self.iteration.names
        if function is None:
            chosen = iterations.domains(self, call)[1] if call else domain(self)
        else:
            signatures = {one.name: one for one in self.functions}
            if function not in signatures:
                hint = nearest(function, signatures) or f"; known are {', '.join(signatures)}"
                raise ValueError(f"no function {function} in {self.name}{hint}")
            signature = signatures[function]
            of_rates = call and iterations.domains(self, signature.arguments)
            chosen = (of_rates or domains(self, signature))[1]
        hard = sorted(chosen.listed(), key=lambda case: case.effort())

        def drawn(random: Random) -> Any:
            assert chosen.strategy is not None
            try:
                case = chosen.strategy(random)
            except NoInput:  # by this choice of numbers; others may do
                reject()
            return case

        any_of = st.randoms(use_true_random=False).map(drawn)
        return st.one_of(st.sampled_from(hard), any_of).map(_named)


def _named(case: Any) -> dict[str, Any]:
    return dict(zip(case.blocks, case.arguments(), strict=True))
