"""What parts are worth, and how many points an answer has."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from gradaudit.language.hints import nearest
from gradaudit.language.showing import escaped
from gradaudit.questions.files import Unreadable, is_number, is_text, load_toml

ALTERNATIVES = "alternatives"
NOT_YET = "not marked yet: a person looks at it"


@dataclass(frozen=True)
class Item:
    """What is worth points: a part, or several, one of which is enough."""

    parts: tuple[str, ...]
    points: float

    @property
    def name(self) -> str:
        """That of its first part."""
        return self.parts[0]

    def earned(self, statuses: Mapping[str, str], *, unread: bool) -> float | None:
        """Return the points of an answer, None where a person has to look.

        unread: whether some of it could not be read, in which a part may stand that it seems to
        lack.
        """
        found = {statuses.get(part, "unanswered") for part in self.parts}
        if "holds" in found:
            return self.points
        open_ = {"untested", "unanswered"} if unread else {"untested"}
        return None if found & open_ else 0.0


def total(items: Iterable[Item], statuses: Mapping[str, str], *, unread: bool) -> float | None:
    """Return the points of an answer in all, None while some are open."""
    each = [one.earned(statuses, unread=unread) for one in items]
    known = [one for one in each if one is not None]
    return sum(known) if len(known) == len(each) else None


def plain(number: float | None) -> str:
    """Return a number of points as a person writes it, nothing where it is open."""
    return "" if number is None else f"{number:.10g}"


def read_points(path: str, parts: Iterable[str]) -> list[Item]:
    """Return what is worth points, from a TOML file. Raises Unreadable.

    It has lines such as `PART = 2`, and maybe tables `[[alternatives]]` with `parts` and `points`.
    """
    tables = load_toml(path)
    several = tables.pop(ALTERNATIVES) if isinstance(tables.get(ALTERNATIVES), list) else []
    items = [Item((name,), _number(name, value)) for name, value in _flat(tables)]
    items += map(_alternatives, several)
    if not items:
        raise Unreadable("it is empty; a line such as `PART = 2` gives points")
    known, seen = list(parts), set[str]()
    for name in (name for one in items for name in one.parts):
        if name not in known:
            hint = nearest(name, known) or f"; they are {', '.join(known)}"
            raise Unreadable(f"{escaped(name)}: no part is called so{hint}")
        if name in seen:
            raise Unreadable(f"{name}: it has points twice; leave one of them")
        seen.add(name)
    return items


def _alternatives(table: Any) -> Item:
    """Return what a table says of parts of which one is enough. Raises Unreadable."""
    if not isinstance(table, dict) or set(table) != {"parts", "points"}:
        raise Unreadable(f"{ALTERNATIVES}: a table with `parts` and `points` is wanted")
    names = table["parts"]
    if not isinstance(names, list) or not names or not all(map(is_text, names)):
        raise Unreadable(f'{ALTERNATIVES}: `parts` is a list of names, such as ["PART", "OTHER"]')
    return Item(tuple(names), _number(f"{ALTERNATIVES}: points", table["points"]))


def _number(name: str, value: Any) -> float:
    number = float(str(value)) if is_number(value) else -1.0
    if not 0 <= number < float("inf"):
        raise Unreadable(f"{escaped(name)}: a number of points is wanted, such as 2 or 0.5")
    return number


def _flat(table: Mapping[str, Any], before: str = "") -> Iterator[tuple[str, Any]]:
    for key, value in table.items():
        if isinstance(value, dict):
            yield from _flat(value, f"{before}{key}.")
        else:
            yield before + key, value


def unpaid(answered: Mapping[str, int], items: Sequence[Item]) -> list[str]:
    """Return a line for each part that has no points, where others have some.

    answered: by how many each is.
    """
    paid = {part for one in items for part in one.parts}
    return [
        f"{part} was answered by {many} and has no points"
        for part, many in answered.items()
        if items and part not in paid
    ]
