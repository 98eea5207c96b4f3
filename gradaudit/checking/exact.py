"""A gradient whose model a question states: held to the exact derivative of its formulas."""

import inspect
from collections.abc import Callable, Sequence
from typing import Any

from gradaudit.checking.refusals import BadCall, Fault, WrongGradient, in_full
from gradaudit.checking.smaller import literals
from gradaudit.checking.specs import Spec, read_spec
from gradaudit.judging.calling import Function
from gradaudit.judging.domains import draw_inputs
from gradaudit.judging.functions import domains, laws_of
from gradaudit.judging.laws import hold
from gradaudit.language.hints import nearest
from gradaudit.questions.files import Unreadable
from gradaudit.questions.question import Given, Question, Signature
from gradaudit.questions.reading import read_one


class Exact:
    """A gradient as an answer to a question.

    name: of a question of the library, or its file. wrt: the names that the gradient is by, parts
    of the question. Raises BadCall.
    """

    def __init__(self, gradient: Callable[..., Any], name: str, wrt: Sequence[str]) -> None:
        try:
            self.question: Question = read_one(name)
        except Unreadable as reason:
            raise BadCall(f"question: {reason}") from None
        self.gradient, self.wrt = gradient, wrt
        arguments = tuple(inspect.signature(gradient).parameters)
        for words, known, what in (
            (arguments, self.question.given, "is not given"),
            (wrt, self.question.parts, "is no part"),
        ):
            for word in words:
                if word not in known:
                    hint = nearest(word, known) or f"; known are {', '.join(known)}"
                    raise BadCall(f"question {self.question.name}: {word} {what}{hint}")
        self.signature = Signature(self.question.name, arguments, tuple(wrt), self.question.name)

    def spec(self) -> Spec:
        """Return what the arguments are, as a spec."""
        known = self.question.given
        given = [known[name] for name in self.signature.arguments]
        sets = {axis for one in given for axis in (*one.axes, *filter(None, [one.within]))}
        names = {a: a.lower() if a.lower() not in known else f"{a}_" for a in sets}
        return read_spec(", ".join(_said(one, names) for one in given))

    def inputs(self, count: int) -> list[tuple[Any, ...]]:
        """Return inputs of the question, hard ones first."""
        cases = draw_inputs(domains(self.question, self.signature).everywhere)
        return [case.arguments() for case in cases[:count]]

    def hold(self, what: str) -> None:
        """Hold the gradient to all that the question says it owes. Raises WrongGradient."""
        judged = Function(self.gradient, len(self.wrt))
        for law in laws_of(self.question, self.signature):
            outcome = hold(law, judged, draw_inputs(law.domain))
            if outcome.status == "fails":
                args = outcome.at.arguments()
                shown = "\n".join(literals(self.signature.arguments, args))
                told = {"law": law.statement, "input": shown}
                text = in_full(f"{what} is wrong: {outcome.refusal}", told)
                raise WrongGradient(text, Fault(law.name, text), args)


def _said(given: Given, names: dict[str, str]) -> str:
    shape = ",".join(names[axis] for axis in given.axes)
    if given.within:
        places = f"int[{shape}]" if given.axes else "int"
        return f"{given.name}: {places} < {names[given.within]}"
    return f"{given.name}: {'spd' if given.definite else ''}[{shape}]"
