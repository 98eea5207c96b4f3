"""The picture of a class as one page of HTML, which needs nothing else and runs nothing.

It is built as a tree, so that whatever an answer says can be nothing but text in it.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from importlib.resources import files
from xml.etree.ElementTree import Element, tostring

from gradaudit.classroom.outputs import SENTENCES
from gradaudit.classroom.picture import PartPicture, Picture, Row, Shared
from gradaudit.classroom.words import apart, many, whose_parts
from gradaudit.telling.verdicts import MARKS, STATUSES

NO_MORE = "default-src 'none'; style-src 'unsafe-inline'"  # nothing is loaded, and no script runs
MOST_ROWS = 2_000  # students in the table of all
FEW = 8  # names that are seen at once
TITLE = "How the class did"
OF_PARTS = ("holds", "conditional", "fails", "untested", "unanswered")

Node = Element | str


def as_html(picture: Picture) -> str:
    """Return the page."""
    style = files("gradaudit.classroom").joinpath("page.css").read_text(encoding="utf-8")
    head = element(
        "head",
        element("meta", charset="utf-8"),
        element("meta", **{"http-equiv": "Content-Security-Policy", "content": NO_MORE}),
        element("meta", name="viewport", content="width=device-width, initial-scale=1"),
        element("title", TITLE),
        element("style", style),
    )
    page = element("html", head, element("body", element("main", *_sections(picture))))
    page.set("lang", "en")
    return f"<!DOCTYPE html>\n{tostring(page, encoding='unicode', method='html')}\n"


def element(tag: str, *inside: Node, **attributes: str) -> Element:
    """Return an element with what is inside of it; a keyword that Python has ends with `_`."""
    made = Element(tag, {name.rstrip("_"): value for name, value in attributes.items()})
    last: Element | None = None
    for one in inside:
        if isinstance(one, Element):
            made.append(last := one)
        elif last is None:
            made.text = (made.text or "") + one
        else:
            last.tail = (last.tail or "") + one
    return made


def _sections(picture: Picture) -> Iterator[Element]:
    yield element("header", element("h1", TITLE), *_overall(picture))
    if picture.parts:
        yield _section("By part", *_parts(picture.parts))
    if picture.mistakes:
        most = max(len(shared.students) for _, shared in picture.mistakes)
        rows = (_mistake(name, shared, most) for name, shared in picture.mistakes)
        yield _section("Mistakes", element("div", *rows, class_="mistakes"))
    if picture.alike or picture.alone:
        yield _section(
            "Wrong in the same way",
            _say("No one known mistake, but the same values on the same inputs."),
            *map(_alike, picture.alike),
            *_alone(picture),
        )
    if picture.unjudged:
        yield _section("Not judged, and why", *map(_unjudged, picture.unjudged))
    if picture.absent:
        yield _section("Handed in nothing", element("p", ", ".join(picture.absent)))
    if picture.unlisted:
        names = element("p", ", ".join(picture.unlisted))
        yield _section("Not in the roster, or not clearly", names)
    if picture.changes is not None:
        yield _section("What changed", *_listed(picture.changes))
    if picture.agreements is not None:
        yield _section("Beside human marks", *_listed(picture.agreements))
    if picture.similar is not None:
        yield _section(
            "Alike",
            _say("Information, and no judgement: short right answers are alike."),
            *_listed(picture.similar),
        )
    yield _section("Everybody", *_everybody(picture))


def _section(title: str, *inside: Node) -> Element:
    return element("section", element("h2", title), *inside)


def _say(text: str) -> Element:
    return element("p", text, class_="say")


def _overall(picture: Picture) -> Iterator[Element]:
    counted = picture.overall
    yield _stacked(counted, STATUSES, "stack tall")
    legend = (
        element("span", element("i", class_=status), f"{counted[status]} {status}")
        for status in STATUSES
        if counted[status]
    )
    total = element("strong", many(len(picture.rows), "answer"))
    yield element("p", total, *legend, class_="legend")


def _stacked(counts: Mapping[str, int], order: Iterable[str], kind: str) -> Element:
    """Return a bar with a piece for each status."""
    pieces = [
        element(
            "span",
            str(counts[status]),
            class_=status,
            style=f"flex-grow: {counts[status]}",
            title=f"{counts[status]} {status}",
        )
        for status in order
        if counts.get(status)
    ]
    return element("div", *pieces, class_=kind)


def _parts(parts: Sequence[PartPicture]) -> Iterator[Element]:
    names = ("part", "", "holds", "tells")
    head = element("tr", *(element("th", name) for name in names))
    rows = (
        element(
            "tr",
            element("th", one.part, scope="row"),
            element("td", _stacked(one.counts, OF_PARTS, "stack"), class_="wide"),
            element("td", f"{one.share:.0%}", class_="number"),
            element("td", "–" if one.tells is None else f"{one.tells:+.2f}", class_="number"),
        )
        for one in parts
    )
    legend = (element("span", element("i", class_=one), one) for one in OF_PARTS)
    yield element("p", *legend, class_="legend")
    yield element("table", element("thead", head), element("tbody", *rows), class_="parts")
    yield _say(
        "holds: of those who answered it. tells: the correlation of holding this part with how"
        " many other parts hold; near 0 it does not tell good answers from bad."
    )


def _mistake(name: str, shared: Shared, most: int) -> Element:
    width = f"width: {100 * len(shared.students) / most:.1f}%"
    return element(
        "div",
        element(
            "div",
            element("b", str(len(shared.students))),
            element("div", element("div", class_="fails", style=width), class_="bar"),
            class_="count",
        ),
        element("div", element("code", name), " ", shared.what, _whose(shared)),
        class_="mistake",
    )


def _whose(shared: Shared) -> Element:
    names = list(shared.students)
    where = f" · {', '.join(shared.parts)}" if shared.parts else ""
    if len(names) <= FEW:
        return element("div", ", ".join(names), where, class_="whose")
    summary = element("summary", f"{', '.join(names[:FEW])} and {len(names) - FEW} more{where}")
    return element("details", summary, ", ".join(names[FEW:]), class_="whose")


def _alike(shared: Shared) -> Element:
    told: list[Element] = []
    for label, text in shared.details:
        kind = "sentence" if label in SENTENCES else "code"
        told += element("dt", label), element("dd", text, class_=kind)
    head = element("h3", element("b", f"{len(shared.students)} × "), shared.what)
    return element("article", head, element("dl", *told), _whose(shared))


def _alone(picture: Picture) -> Iterator[Element]:
    if picture.alone:
        yield _say(apart(picture.alone))
        each = (f"{name}: {part}" for one in picture.alone for name, part in whose_parts(one))
        yield from _listed(each)


def _unjudged(shared: Shared) -> Element:
    where = f"{', '.join(shared.parts)}: " if shared.parts else ""
    head = element("h3", element("b", f"{len(shared.students)} × "), f"{where}{shared.what}")
    return element("article", head, _whose(Shared("", students=shared.students)))


def _listed(lines: Iterable[str]) -> Iterator[Element]:
    yield element("ul", *(element("li", line) for line in lines))


def _everybody(picture: Picture) -> Iterator[Element]:
    parts = [one.part for one in picture.parts]
    columns = (element("th", element("span", part), class_="turned") for part in parts)
    worth = [] if picture.points is None else [element("th", "points")]
    head = element("tr", element("th", "student"), element("th", "in all"), *worth, *columns)
    points: Sequence[str | None] = picture.points or [None] * len(picture.rows)
    shown = zip(picture.rows[:MOST_ROWS], points, strict=False)
    rows = (_student(row, parts, some) for row, some in shown)
    table = element("table", element("thead", head), element("tbody", *rows), class_="everybody")
    yield element("div", table, class_="scrolls")
    if (more := len(picture.rows) - MOST_ROWS) > 0:
        yield _say(f"{more} more are in results.csv.")


def _student(row: Row, parts: Iterable[str], points: str | None) -> Element:
    cells = [] if points is None else [element("td", points or "not yet", class_="number")]
    for part in parts:
        status = row.statuses.get(part, "unanswered" if row.statuses else "untested")
        told = status if row.statuses else "not judged"
        said = f"{part}: {told} {row.mistakes.get(part, '')}".rstrip()
        cells.append(element("td", MARKS[status], class_=f"cell {status}", title=said))
    page = element("a", row.student.name, href=f"feedback/{row.student.slug}.md")
    overall = f"{MARKS[row.overall]} {row.overall}"
    return element("tr", element("th", page, scope="row"), element("td", overall), *cells)
