"""The law of written numbers: each is, to its digits, the value on the assignment's data."""

from dataclasses import dataclass
from functools import cache, lru_cache
from typing import Any

import numpy as np

from gradaudit.judging.form import Form
from gradaudit.judging.laws import Law, Refusal, WrongForm
from gradaudit.judging.oracles import rounding_of, roundings
from gradaudit.judging.strategies import Domain
from gradaudit.language.evaluate import Env
from gradaudit.language.formula import parse
from gradaudit.language.numbers import each
from gradaudit.questions.assignment import DATA, NETWORK
from gradaudit.questions.inputs import KEPT, Array, Network, exact_float


@dataclass(frozen=True, eq=False)
class Block:
    """Written numbers: of the gradient of the parameter `name`, or of the forward pass.

    numbers has the shape of the parameter, or of what `name` stands for in the question. form: how
    they are written in another.
    """

    name: str
    numbers: Array
    form: Form | None = None

    @property
    def is_gradient(self) -> bool:
        """Whether these are of a gradient, not of the forward pass."""
        return self.name in Network.PARAMETERS


def digits_are_right(judged: Block, network: Network) -> None:
    """Each number is the exact value on the assignment's data, to its last digit or to float64."""
    for place, exact in np.ndenumerate(np.array(exact_value(judged.name, network))):
        number: Any = judged.numbers[place]
        if not number.claims(exact):
            index = f"[{','.join(map(str, place))}]" if place else ""
            of = "dL/d" if judged.is_gradient else ""
            raise Refusal(f"{of}{judged.name}{index}", exact, number)
    if judged.form is not None:
        raise WrongForm(f"shape {judged.numbers.shape}", judged.form.told, network)


@lru_cache(maxsize=KEPT)
def exact_value(name: str, network: Network) -> Any:
    """Return dL/d(name) for a parameter, or the value of a name of the forward pass, exactly."""
    env = Env(network.values, network.sizes, NETWORK.defined)
    if name not in Network.PARAMETERS:
        return env.value_of(name)
    return env.evaluate(parse(f"d(L, {name})", NETWORK).tree)


@cache
def rounding(name: str) -> Any:
    """Return how far float64 may be from `exact_value` on the assignment's data, entry by entry."""
    relative = exact_float(rounding_of(roundings(DATA)))
    return each(lambda magnitude: relative * abs(magnitude), exact_value(name, DATA.twin()))


ASSIGNMENT = Domain("the assignment's data", lambda network: network is DATA, lambda: (DATA,))
LAW = Law(digits_are_right, ASSIGNMENT)
