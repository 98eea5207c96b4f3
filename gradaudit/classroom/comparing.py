"""A class beside something else: how it was judged before, or how people marked it."""

import itertools
import json
import statistics
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from gradaudit.classroom.picture import Row, correlation
from gradaudit.classroom.students import read_csv
from gradaudit.language.hints import nearest
from gradaudit.language.showing import escaped
from gradaudit.questions.files import Unreadable

RIGHT = {"1", "1.0", "yes", "true", "right", "holds", "pass", "passed", "correct", "y"}
WRONG = {"0", "0.0", "no", "false", "wrong", "fails", "fail", "failed", "incorrect", "n"}
TOTAL = "total"  # the column of marks that are numbers, for an answer as a whole
WHO = ("id", "name")
NEW, GONE = ("not there", "there"), ("there", "not there")


@dataclass(frozen=True)
class Earlier:
    """What an earlier run said of a student, part by part."""

    name: str
    id: str
    parts: Mapping[str, str]


@dataclass(frozen=True)
class Marks:
    """What people think.

    who: whether rows are of an `id` or a `name`. parts: those that are marked, each with its
    column. rows: of the file, by column.
    """

    who: str
    parts: Mapping[str, str]
    rows: Sequence[Mapping[str, str]]


@dataclass(frozen=True)
class Change:
    """What changed of an answer: for each part what was said of it before, and now."""

    name: str
    parts: Mapping[str, tuple[str, str]]


@dataclass(frozen=True)
class Agreement:
    """How far people and we agree on a part.

    marked: how many they marked. agreed: of these. kappa: Cohen's, None where all are alike. ours,
    theirs: who holds to us alone, and is right to them alone.
    """

    part: str
    marked: int
    agreed: int
    kappa: float | None
    ours: tuple[str, ...]
    theirs: tuple[str, ...]


@dataclass(frozen=True)
class Agreements:
    """How far people and we agree: part by part, and in all.

    total: the correlation of their marks of whole answers with our points. unknown: who is marked
    and not among the answers.
    """

    parts: Sequence[Agreement] = ()
    total: float | None = None
    unknown: Sequence[str] = ()


def read_before(folder: str) -> list[Earlier]:
    """Return what an earlier run said. Raises Unreadable."""
    try:
        text = Path(folder, "results.jsonl").read_text(encoding="ascii")
        records = list(map(json.loads, text.splitlines()))
        return [Earlier(one["name"], one.get("id", ""), _said_before(one)) for one in records]
    except OSError as error:
        raise Unreadable(f"results.jsonl cannot be read: {error.strerror}") from None
    except (ValueError, KeyError, TypeError, AttributeError):
        raise Unreadable("results.jsonl is not what `gradaudit class --out` writes") from None


def _said_before(record: Mapping[str, object]) -> dict[str, str]:
    parts = record["parts"]
    if not isinstance(parts, list):
        raise TypeError
    if record["unreadable"]:
        return {"": "unreadable"}
    return {one["id"]: _in_words(one["status"], one["mistake"] or "") for one in parts}


def _in_words(status: str, mistake: str) -> str:
    return f"{status} ({mistake})" if mistake else status


def _said_now(row: Row) -> dict[str, str]:
    if row.overall == "unreadable":
        return {"": "unreadable"}
    said = row.statuses.items()
    return {part: _in_words(status, row.mistakes.get(part, "")) for part, status in said}


def changes(rows: Sequence[Row], before: Sequence[Earlier]) -> list[Change]:
    """Return what is said otherwise than before, and of whom something or nothing is said now.

    A student is who has the same id, or the same name where one of the runs knows no id.
    """
    found = []
    by_id = {one.id: one for one in before if one.id}
    by_name = {one.name: one for one in before}
    gone = dict.fromkeys(one.name for one in before)
    for row in rows:
        student, new = row.student, _said_now(row)
        earlier = by_id.get(student.id) or by_name.get(student.name)
        if earlier is None or (earlier.id != student.id and earlier.id and student.id):
            found.append(Change(student.name, {"": NEW}))
            continue
        gone.pop(earlier.name, None)
        name, old = student.name, earlier.parts
        nothing = "unanswered" if "" not in old and "" not in new else "–"
        parts = dict.fromkeys((*new, *old))
        both = {part: (old.get(part, nothing), new.get(part, nothing)) for part in parts}
        if changed := {part: pair for part, pair in both.items() if pair[0] != pair[1]}:
            found.append(Change(name, changed))
    return found + [Change(name, {"": GONE}) for name in gone]


def read_marks(path: str, parts: Iterable[str], *, with_ids: bool) -> Marks:
    """Return the marks in a CSV file. Raises Unreadable.

    It has a column `id` or `name`, a column for each part that was marked, named as it, with 1 for
    right and 0 for wrong, and maybe one that is called `total`. with_ids: whether ids are known.
    """
    rows = read_csv(path)
    columns = list(filter(None, rows[0])) if rows else []
    known = {part.lower(): part for part in parts}
    who = next((one for one in WHO if one in columns and (one != "id" or with_ids)), None)
    if who is None and "id" in columns:
        raise Unreadable("id: ids need --roster, which says whose they are")
    others = [one for one in columns if one not in WHO]
    if who is None or not others:
        has = ", ".join(map(escaped, columns)) or "none"
        raise Unreadable(
            f"a column id or name is wanted, and one named as a part, or {TOTAL}; it has {has}"
        )
    for one in others:
        if one != TOTAL and one not in known:
            hint = nearest(one, known) or f"; they are {', '.join((*WHO, TOTAL, *known.values()))}"
            raise Unreadable(f"{escaped(one)}: no column is called so{hint}")
    for one, row in itertools.product(others, rows):
        if one == TOTAL:
            _number(row[one])
        elif row[one].lower() not in {*RIGHT, *WRONG, ""}:
            mark = escaped(row[one])
            raise Unreadable(f"{known[one]}: {mark} is no mark; 1 is right, and 0 is wrong")
    return Marks(who, {known[one]: one for one in others if one != TOTAL}, rows)


def agreements(rows: Sequence[Row], points: Sequence[float | None], marks: Marks) -> Agreements:
    """Return how far we agree with marks. points: ours, for each answer that has them."""
    names = [row.student.id if marks.who == "id" else row.student.name for row in rows]
    ours = {name: number for number, name in enumerate(names) if name}
    marked = [(ours[one[marks.who]], one) for one in marks.rows if one[marks.who] in ours]
    parts = [
        _agreement(part, [(rows[number], one[column]) for number, one in marked])
        for part, column in marks.parts.items()
    ]
    pairs = [(points[number], _number(one.get(TOTAL, ""))) for number, one in marked]
    totals = [(mine, theirs) for mine, theirs in pairs if mine is not None and theirs is not None]
    total = correlation(*zip(*totals, strict=True)) if totals else None
    unknown = [escaped(one[marks.who]) for one in marks.rows if one[marks.who] not in ours]
    return Agreements(parts, total, unknown)


def _number(text: str) -> float | None:
    """Return a mark of an answer as a whole, if there is one. Raises Unreadable."""
    try:
        return float(text.replace(",", ".")) if text else None
    except ValueError:
        raise Unreadable(f"{TOTAL}: {escaped(text)} is no number") from None


def _agreement(part: str, marked: Sequence[tuple[Row, str]]) -> Agreement:
    pairs: list[tuple[bool, bool, str]] = []
    for row, mark in marked:
        status = row.statuses.get(part, "unanswered")
        if mark and status != "untested":
            pairs.append((status == "holds", mark.lower() in RIGHT, row.student.name))
    return Agreement(
        part,
        len(pairs),
        sum(ours == theirs for ours, theirs, _ in pairs),
        kappa([(ours, theirs) for ours, theirs, _ in pairs]),
        tuple(name for ours, theirs, name in pairs if ours and not theirs),
        tuple(name for ours, theirs, name in pairs if theirs and not ours),
    )


def kappa(pairs: Sequence[tuple[bool, bool]]) -> float | None:
    """Return Cohen's kappa: agreement beyond that of chance; None where chance alone agrees."""
    if not pairs:
        return None
    agreed = statistics.fmean(one == other for one, other in pairs)
    ones, others = (Counter(side) for side in zip(*pairs, strict=True))
    by_chance = sum(ones[said] * others[said] for said in (True, False)) / len(pairs) ** 2
    return (agreed - by_chance) / (1 - by_chance) if by_chance < 1 else None
