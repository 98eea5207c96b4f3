"""The inputs that a law speaks of: hard cases that are always tried, and others around them.

Where chance has a say it comes from `random.Random` with a fixed seed, so that the inputs are the
same everywhere, whatever the version or profile of Hypothesis.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import cache
from random import Random
from typing import Any

EXAMPLES, THOROUGH = 100, 10_000


@dataclass(frozen=True, eq=False)
class Domain:
    """Inputs that a law speaks of.

    contains: what all of them obey. listed: the hard cases. strategy: makes one more by chance,
    None where there are no more.
    """

    name: str
    contains: Callable[[Any], bool]
    listed: Callable[[], Iterable[Any]] = tuple
    strategy: Callable[[Random], Any] | None = None


@dataclass
class _Settings:
    examples: int = EXAMPLES
    random: bool = False


_settings = _Settings()


def draw_settings(examples: int | None = None, *, thorough: bool = False) -> None:
    """Say how many inputs each law is held to; thorough: many more, and other ones in every run.

    No profile of Hypothesis has a say in it.
    """
    _settings.examples = examples or (THOROUGH if thorough else EXAMPLES)
    _settings.random = thorough


def draw_inputs(domain: Domain) -> list[Any]:
    """Return inputs of a domain: all that are listed, then drawn ones up to the number wanted.

    They are made once, for every law that speaks of the domain.
    """
    return _inputs(domain, _settings.examples, _settings.random)


@cache
def listed_inputs(domain: Domain) -> Sequence[Any]:
    """Return the inputs of a domain that are listed: those that `draw_inputs` begins with."""
    return tuple(domain.listed())


@cache
def _inputs(domain: Domain, count: int, anew: bool) -> list[Any]:
    inputs = list(listed_inputs(domain))
    if domain.strategy is not None:
        random = Random() if anew else Random(domain.name)
        wanted = max(count - len(inputs), count // 10)  # some in any case
        inputs += [domain.strategy(random) for _ in range(wanted)]
    return inputs
