"""What a class run writes: tables for programs, and a page of feedback for each student."""

import base64
import csv
import json
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

from gradaudit.classroom.records import Record, unread, unsaid
from gradaudit.classroom.students import Student
from gradaudit.language.hints import nearest
from gradaudit.language.showing import escaped
from gradaudit.questions.files import DecimalText, Unreadable, load_toml
from gradaudit.telling.verdicts import MARKS, in_few_words

Marked = tuple[Student, Record]
Points = Mapping[str, float]

STARTS_A_FORMULA = ("=", "+", "-", "@", "\t", "\r")
MARKDOWN = re.compile(r"([\\`*_{}\[\]<>#|~$&]|^[-+=:]|(?<=:)/|(?<=www)\.)")
PASSES = ("holds",)
OUTCOMES = {
    **{"holds": "", "fails": "failure", "conditional": "failure"},
    **{"untested": "error", "unanswered": "skipped"},
}
SENTENCES = ("mistake", "note", "law", "also")  # of what is told; all else is written as code


def read_points(path: str, parts: Iterable[str]) -> dict[str, float]:
    """Return the points of parts, from lines of TOML such as `q1.w2 = 2`. Raises Unreadable."""
    known = list(parts)
    found: dict[str, float] = {}
    for name, value in _flat(load_toml(path)):
        number = float(value) if isinstance(value, int | DecimalText) else -1.0
        if isinstance(value, bool) or not 0 <= number < float("inf"):
            raise Unreadable(f"{escaped(name)}: a number of points is wanted, such as 2 or 0.5")
        if name not in known:
            hint = nearest(name, known) or f"; they are {', '.join(known)}"
            raise Unreadable(f"{escaped(name)}: no part is called so{hint}")
        found[name] = number
    if not found:
        raise Unreadable("it is empty; a line such as `q1.w2 = 2` gives points")
    return found


def _flat(table: Mapping[str, Any], before: str = "") -> Iterator[tuple[str, Any]]:
    for key, value in table.items():
        if isinstance(value, dict):
            yield from _flat(value, f"{before}{key}.")
        else:
            yield before + key, value


def points_of(statuses: Mapping[str, str], points: Points) -> float:
    """Return how many points the parts that hold are worth."""
    return sum(points.get(part, 0) for part, status in statuses.items() if status in PASSES)


def statuses_of(record: Record) -> dict[str, str]:
    """Return the status of each part."""
    return {one["id"]: one["status"] for one in record["parts"]}


def write_all(folder: Path, marked: Iterable[Marked], parts: Sequence[str], points: Points) -> None:
    """Write all outputs of a class; marked: students and their records, each met once.

    parts: those that somebody answered.
    """
    for name in ("feedback", "gradescope"):
        _emptied(folder / name)
    with (
        open(folder / "results.csv", "w", encoding="utf-8-sig", newline="") as table,
        open(folder / "results.jsonl", "w", encoding="ascii") as lines,
        open(folder / "junit.xml", "w", encoding="utf-8") as tests,
    ):
        write = csv.writer(table).writerow
        write(_columns(parts, points))
        tests.write('<?xml version="1.0" encoding="UTF-8"?>\n<testsuites name="gradaudit">\n')
        for student, record in marked:
            pdf = record.pop("pdf", None)
            write(_cells(student, record, parts, points))
            lines.write(json.dumps({**_who(student), **record}) + "\n")
            tests.write(ElementTree.tostring(suite(student, record), encoding="unicode") + "\n")
            page = folder / "feedback" / f"{student.slug}.md"
            page.write_text(feedback(student, record, points), encoding="utf-8")
            if pdf is not None:
                page.with_suffix(".pdf").write_bytes(base64.b64decode(pdf))
            result = json.dumps(gradescope(record, points), indent=2)
            (folder / "gradescope" / f"{student.slug}.json").write_text(result, encoding="ascii")
        tests.write("</testsuites>\n")


def _emptied(folder: Path) -> None:
    """Make a folder that holds nothing of an earlier run."""
    folder.mkdir(exist_ok=True)
    for path in folder.iterdir():
        if path.suffix in (".md", ".pdf", ".json"):
            path.unlink()


def _who(student: Student) -> dict[str, Any]:
    return {
        "name": student.name,
        "id": student.id,
        "files": [escaped(str(one.path)) for one in student.files],
        "not_read": list(student.notes),
        "feedback": f"{student.slug}.md",
    }


def _columns(parts: Sequence[str], points: Points) -> list[str]:
    each = ("status", "mistake", *(["points"] if points else []))
    columns = [f"{part} {one}" for part in parts for one in each]
    return ["name", "id", "overall", "holds", *(["points"] if points else []), *columns, "notes"]


def _cells(
    student: Student, record: Record, parts: Sequence[str], points: Points
) -> Iterator[str | float]:
    said = {one["id"]: one for one in record["parts"]}
    yield from map(harmless, (student.name, student.id, record["overall"]))
    yield sum(one["status"] == "holds" for one in record["parts"])
    if points:
        yield plain(points_of(statuses_of(record), points))
    for part in parts:
        one = said.get(part, {"id": part, "status": "", "mistake": None})
        yield one["status"]
        yield one["mistake"] or ""
        if points:
            to_look_at = one["status"] == "untested"
            yield "" if to_look_at else plain(points_of({part: one["status"]}, points))
    told = [record["unreadable"], *record["malformed"], *record["notes"]]
    told += unsaid(record, student.notes)
    yield harmless("; ".join(filter(None, told)))


def harmless(text: str) -> str:
    """Return text that no spreadsheet takes for a formula."""
    return f"'{text}" if text.lstrip(" '").startswith(STARTS_A_FORMULA) else text


def plain(number: float) -> str:
    """Return a number of points as a person writes it."""
    return f"{number:.10g}"


def suite(student: Student, record: Record) -> ElementTree.Element:
    """Return what programs for continuous integration read of a student: a test for each part."""
    made = ElementTree.Element("testsuite", name=student.name)
    counted: Counter[str] = Counter()

    def add(name: str, outcome: str, message: str, text: str = "") -> None:
        case = ElementTree.SubElement(made, "testcase", classname=student.name, name=name)
        counted[outcome] += 1
        if outcome:
            ElementTree.SubElement(case, outcome, message=escaped(message)).text = text

    if record["unreadable"]:
        add("the answer", "error", record["unreadable"])
    for one in record["parts"]:
        told = [one["told"]["head"], *map(": ".join, one["told"]["details"])]
        message = one["explanation"] or one["status"]
        add(one["id"], OUTCOMES[one["status"]], message, "\n".join(filter(None, told)))
    made.set("tests", str(counted.total()))
    for name, outcome in (("failures", "failure"), ("errors", "error"), ("skipped", "skipped")):
        made.set(name, str(counted[outcome]))
    return made


def gradescope(record: Record, points: Points) -> dict[str, Any]:
    """Return the result of one answer in the format of Gradescope's `results.json`."""
    tests = []
    for one in record["parts"]:
        if one["status"] == "unanswered" and one["id"] not in points:
            continue
        worth = points.get(one["id"], 0) if points else 1
        passes = one["status"] in PASSES
        lines = [one["told"]["head"] or one["explanation"] or one["told"]["tried"] or one["status"]]
        lines += (f"  {label}: {text}" for label, text in one["told"]["details"])
        tests.append(
            {
                "name": one["id"],
                "status": "passed" if passes else "failed",
                "score": worth if passes else 0,
                "max_score": worth,
                "output": "\n".join(lines),
                "output_format": "text",
                "visibility": "visible",
            }
        )
    told = [*unread(record), *record["notes"]]
    said = {"output": "\n".join(told), "output_format": "text"}
    return {"score": sum(one["score"] for one in tests), **said, "tests": tests}


def feedback(student: Student, record: Record, points: Points) -> str:
    """Return what one student is told, in Markdown; nothing that it says is taken for Markdown."""
    parts = [one for one in record["parts"] if one["status"] != "unanswered"]
    holding = [one for one in parts if one["status"] == "holds"]
    lines = [f"# {literal(student.name)}", ""]
    if record["unreadable"]:
        lines += [f"Your answer could not be judged: {literal(record['unreadable'])}.", ""]
    else:
        lines += [f"{len(holding)} of the {len(parts)} parts that you answered hold.", ""]
    if points:
        most = plain(sum(points.values()))
        lines += [f"Points: {plain(points_of(statuses_of(record), points))} of {most}.", ""]
    not_read = [one for one in unread(record, student.notes) if one != record["unreadable"]]
    for title, said in (("Not read", not_read), ("Notes", record["notes"])):
        lines += [f"{title}:", "", *(f"- {literal(one)}" for one in said), ""] if said else []
    for one in parts:
        if one["status"] in ("fails", "conditional"):
            lines += [f"## {literal(one['told']['head'])}", ""]
            lines += _table(one["told"]["details"])
    untested = [one for one in parts if one["status"] == "untested"]
    for title, some in (("Could not be judged", untested), ("Holds", holding)):
        if some:
            lines += [f"## {MARKS[some[0]['status']]} {title}", ""]
            lines += (f"- {code(one['id'])}: {literal(one['told']['tried'])}" for one in some)
            lines += [""]
    missing = [one["id"] for one in record["parts"] if one["status"] == "unanswered"]
    if missing and parts:
        lines += [f"Not answered: {literal(', '.join(in_few_words(missing)))}.", ""]
    return "\n".join(lines)


def _table(details: Iterable[Sequence[str]]) -> Iterator[str]:
    """Yield what is told of a part, as a list."""
    for label, text in details:
        said = literal(text) if label in SENTENCES else code(text)
        yield f"- {literal(label)}: {said}"
    yield ""


def literal(text: str) -> str:
    """Return text in Markdown that is shown as it is."""
    return MARKDOWN.sub(r"\\\1", escaped(text))


def code(text: str) -> str:
    """Return text in Markdown that is shown as code, with as many marks around it as it takes."""
    shown = escaped(text)
    longest = max(map(len, re.findall("`+", shown)), default=0)
    fence = "`" * (longest + 1)
    space = " " if shown[:1] in "` " or shown[-1:] in "` " else ""
    return f"{fence}{space}{shown}{space}{fence}"
