"""Who handed in which files: folders and zips, read without trust, and joined to a roster."""

import csv
import os
import re
import stat
import unicodedata
import zipfile
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from io import StringIO
from itertools import chain, count, groupby
from pathlib import PurePosixPath

from gradaudit.language.showing import escaped
from gradaudit.questions.files import MAX_FILE, NO_TEXT, Unreadable, content_of

KINDS = (".toml", ".py", ".ipynb")
IGNORED = {"__MACOSX", "__pycache__", "Thumbs.db", "desktop.ini"}
PACKAGE = "__init__.py"  # which makes one of a student's folder, and is no answer of the class
TESTS = re.compile(r"test_.*\.py|conftest\.py", re.DOTALL)
MOST_FILES = 200_000  # of a class
DEEPEST = 12  # folders in folders
MOST_NOTES = 20  # of one student
LONGEST_SLUG = 60  # characters

WRITE_TOML = "write the answer as TOML, as `gradaudit template` prints it"
REMEDIES = {
    ".pdf .doc .docx .odt .tex .md .txt .rtf .html .png .jpg .jpeg .heic .yaml .yml": WRITE_TOML,
    ".json .csv .xlsx .ods": WRITE_TOML,
    ".zip .tar .gz .tgz .bz2 .xz .7z .rar": "unpack it",
    ".m .jl .r .c .cpp .h .java .js .ts .rs .nb .mlx": "write the functions in Python",
}
REMEDY = {kind: remedy for kinds, remedy in REMEDIES.items() for kind in kinds.split()}


@dataclass(frozen=True)
class Handed:
    """A file that was handed in, or a folder, in which there may be none.

    path: below the folder of the class. place: where it is, or the zip that it is in. member: which
    of that. fault: why it is not read, with what to do.
    """

    path: PurePosixPath
    place: str
    member: int | None = None
    fault: str = ""
    is_folder: bool = False

    def content(self) -> bytes:
        """Return what stands in it. Raises Unreadable."""
        return content_of(self.place) if self.member is None else _of_zip(self.place, self.member)


@dataclass(frozen=True)
class Student:
    """Somebody who handed in.

    name: as it is shown, and nobody else's. slug: the same as part of a file's name. id: in the
    roster. files: the answers. notes: a line for each thing that is not read. unlisted: whether no
    row of the roster fits, or more than one.
    """

    name: str
    slug: str
    id: str
    files: tuple[Handed, ...]
    notes: tuple[str, ...]
    unlisted: bool = False

    @property
    def contents(self) -> list[tuple[str, Callable[[], bytes]]]:
        """What reads each file, by its path below the folder that all files and packages are in."""
        paths = [one.path for one in self.files]
        parents = [path.parents[path.name == PACKAGE] for path in paths]
        folder = os.path.commonpath(parents) if parents else "."
        return [(str(one.path.relative_to(folder)), one.content) for one in self.files]


@dataclass(frozen=True)
class Listed:
    """A row of a roster."""

    id: str
    name: str


def students_of(
    places: Sequence[str], roster: Sequence[Listed] = ()
) -> tuple[list[Student], list[Listed]]:
    """Return who handed in, in order, and who of the roster did not. Raises Unreadable.

    places: folders or zips. What lies in them side by side is of one student each: a folder or zip
    with all in it, or the files of one name, but for their endings. Whose folder has no file in it
    did not hand in.
    """
    found: list[tuple[str, str, list[Handed]]] = []
    nothing: list[str] = []
    for place in places:
        try:
            there = [one for one in _found(place) if not _is_in_no_package(one.path)]
        except Unreadable as reason:
            raise Unreadable(f"{place}: {reason}") from None
        if not (files := [one for one in there if not one.is_folder]):
            raise Unreadable(f"{place}: nothing is handed in here")
        within = f"{place}/" if len(places) > 1 else ""
        ordered = sorted(files, key=lambda one: (_owner(one), str(one.path)))
        groups = {owner: list(group) for owner, group in groupby(ordered, _owner)}
        found += [(owner, within + owner, group) for owner, group in groups.items()]
        empty = {*map(_owner, there)} - groups.keys()
        nothing += [owner for owner in empty if _listed(owner, roster) is None]
    rows = [_listed(owner, roster) for owner, *_ in found]
    shown = [row.name if row else owner for (owner, *_), row in zip(found, rows, strict=True)]
    names = _unique(list(map(escaped, shown)), [escaped(where) for _, where, _ in found])
    slugs = _numbered(map(_slug, names), "-")
    students = []
    for (_, _, files), row, name, slug in zip(found, rows, names, slugs, strict=True):
        notes = [f"{_shown(one)}: {one.fault}" for one in files if one.fault]
        if (more := len(notes) - MOST_NOTES) > 0:
            notes[MOST_NOTES:] = [f"and {more} more files are not read"]
        answers = tuple(one for one in files if not one.fault)
        unlisted = bool(roster) and row is None
        id_ = escaped(row.id) if row else ""
        students.append(Student(name, slug, id_, answers, tuple(notes), unlisted))
    present = {id(row) for row in rows}
    absent = [row for row in roster if id(row) not in present]
    return students, absent + [Listed("", one) for one in sorted(nothing)]


def read_roster(path: str) -> list[Listed]:
    """Return the rows of a CSV file with the columns `id` and `name`. Raises Unreadable."""
    return [Listed(row["id"], row["name"]) for row in read_csv(path, "id", "name")]


def read_csv(path: str, *wanted: str) -> list[dict[str, str]]:
    """Return the rows of a CSV file, by their columns in lower case. Raises Unreadable."""
    try:
        text = content_of(path).decode("utf-8-sig")
    except UnicodeDecodeError:
        raise Unreadable(NO_TEXT) from None
    delimiter = max(",;\t", key=text.partition("\n")[0].count)
    try:
        head, *rows = list(csv.reader(StringIO(text, newline=""), delimiter=delimiter)) or [[]]
    except csv.Error as error:
        raise Unreadable(f"it is not CSV: {error}") from None
    columns = [one.strip().lower() for one in head]
    if missing := [one for one in wanted if one not in columns]:
        has = ", ".join(map(escaped, filter(None, columns))) or "none"
        raise Unreadable(f"no column {' and '.join(missing)} in its first line; it has {has}")
    filled = (dict(zip(columns, map(str.strip, row), strict=False)) for row in rows if any(row))
    return [{**dict.fromkeys(columns, ""), **row} for row in filled]


def _found(place: str) -> Iterator[Handed]:
    """Yield all files of a folder or zip, and the folders in it. Raises Unreadable."""
    if os.path.isdir(place):
        yield from _of_folder(place)
    elif zipfile.is_zipfile(place) and os.path.isfile(place):
        yield from _without_wrapping(list(_of_archive(place)))
    elif os.path.exists(place):
        raise Unreadable("it is neither a folder nor a zip")
    else:
        raise Unreadable("no such folder")


def _of_folder(place: str) -> Iterator[Handed]:
    """Yield what is in a folder; links are not followed, and zips are read as folders."""
    waiting, seen = [PurePosixPath()], count()
    while waiting:
        folder = waiting.pop()
        try:
            with os.scandir(os.path.join(place, folder)) as listing:
                entries = [(one.name, one.path, one.stat(follow_symlinks=False)) for one in listing]
        except OSError as error:
            if not folder.parts:
                raise Unreadable(f"it cannot be read: {error.strerror}") from None
            yield Handed(folder / "?", place, fault=f"it cannot be read: {error.strerror}")
            continue
        for name, where, status in entries:
            path = folder / name
            if _is_ignored(name):
                continue
            if next(seen) >= MOST_FILES:
                raise Unreadable(f"more than {MOST_FILES} files are in it")
            if stat.S_ISDIR(status.st_mode) and len(path.parts) < DEEPEST:
                waiting.append(path)
                yield Handed(path, where, is_folder=True)
            elif stat.S_ISREG(status.st_mode) and path.suffix.lower() == ".zip":
                yield from _of_inner(where, status.st_size, path)
            else:
                yield Handed(path, where, fault=_fault(path, status.st_mode))


def _of_inner(where: str, size: int, path: PurePosixPath) -> Iterator[Handed]:
    """Yield what is in a zip that a student handed in, as if it lay in a folder."""
    yield Handed(path.with_suffix(""), where, is_folder=True)
    try:
        if size > MAX_FILE:
            raise Unreadable(f"it is larger than {MAX_FILE // 2**20} MiB")
        for one in _of_archive(where):
            yield replace(one, path=path.with_suffix("") / one.path)
    except Unreadable as reason:
        yield Handed(path, where, fault=str(reason))


def _of_archive(place: str) -> Iterator[Handed]:
    """Yield what is in a zip, of which nothing is ever written anywhere. Raises Unreadable."""
    members = _archive(place).infolist()
    if len(members) > MOST_FILES:
        raise Unreadable(f"more than {MOST_FILES} files are in it")
    for number, member in enumerate(members):
        path = PurePosixPath(member.filename.replace("\\", "/").replace("\0", "?") or "?")
        inside = [part for part in path.parts if part not in ("/", "..")]
        if any(map(_is_ignored, path.parts)) or (member.is_dir() and not inside):
            continue
        mode = member.external_attr >> 16
        outside = path.is_absolute() or ".." in path.parts or len(path.parts) > DEEPEST
        fault = "its path leads out of the zip" if outside else _fault(path, mode)
        there = PurePosixPath(*(inside or ["?"]))
        yield Handed(there, place, number, "" if member.is_dir() else fault, member.is_dir())


@lru_cache(maxsize=4)
def _archive(place: str) -> zipfile.ZipFile:
    try:
        return zipfile.ZipFile(place)
    except (OSError, ValueError, zipfile.BadZipFile, NotImplementedError) as error:
        raise Unreadable(f"it is not a zip that can be read: {escaped(str(error))}") from None


def _of_zip(place: str, number: int) -> bytes:
    """Return a member of a zip, of which no more is unpacked than is read. Raises Unreadable."""
    archive = _archive(place)
    try:
        with archive.open(archive.infolist()[number]) as file:
            content = file.read(MAX_FILE + 1)
    except RuntimeError:
        raise Unreadable("it is encrypted; unpack the zip") from None
    except Exception as error:  # of many kinds, as anything may stand in it
        raise Unreadable(f"it cannot be unpacked: {escaped(str(error))}") from None
    if len(content) > MAX_FILE:
        raise Unreadable(f"it is larger than {MAX_FILE // 2**20} MiB")
    return content


def _is_ignored(name: str) -> bool:
    return name in IGNORED or (name.startswith(".") and name != "..")


def _is_in_no_package(path: PurePosixPath) -> bool:
    return path.name == PACKAGE and len(path.parts) < 3  # in the folder of a student, or outside


def _fault(path: PurePosixPath, mode: int) -> str:
    """Return why a file is not read, with what to do, or nothing."""
    kind = path.suffix.lower()
    if stat.S_ISLNK(mode):
        return "it is a symbolic link, which is not followed; put the file itself there"
    if stat.S_IFMT(mode) and not stat.S_ISREG(mode):
        return "it is not a file" if not stat.S_ISDIR(mode) else "it lies too deep"
    if TESTS.fullmatch(path.name):
        return "it is named as a test, which is no answer; rename it if it is one"
    if kind in KINDS:
        return ""
    what = f"a {escaped(kind)} file is" if kind else "a file without an ending is"
    return f"{what} not read; {REMEDY.get(kind, 'an answer is a .toml, .py or .ipynb file')}"


def _without_wrapping(found: list[Handed]) -> list[Handed]:
    """Return files and folders without folders around all of them in which others hold files."""
    while len({one.path.parts[0] for one in found}) == 1:
        files = [len(one.path.parts) for one in found if not one.is_folder]
        if min(files, default=0) < 2 or max(files) < 3:
            break
        inside = [(one, one.path.parts[1:]) for one in found]
        found = [replace(one, path=PurePosixPath(*parts)) for one, parts in inside if parts]
    return found


def _owner(one: Handed) -> str:
    return one.path.parts[0] if len(one.path.parts) > 1 or one.is_folder else one.path.stem


def _shown(one: Handed) -> str:
    parts = one.path.parts
    return escaped("/".join(parts[1:] or parts))


def _unique(names: Sequence[str], wheres: Sequence[str]) -> list[str]:
    """Return names that are nobody else's: those of two say where they lie, or get a number."""
    often = Counter(map(str.casefold, names))
    told = [
        f"{name} ({where})" if often[name.casefold()] > 1 and where != name else name
        for name, where in zip(names, wheres, strict=True)
    ]
    return _numbered(told, " #")


def _numbered(names: Iterable[str], sign: str) -> list[str]:
    """Return names of which no two are one, whatever their case: a later one gets a number."""
    found: dict[str, str] = {}
    for name in names:
        choices = chain([name], (f"{name}{sign}{number}" for number in count(2)))
        free = next(one for one in choices if one.casefold() not in found)
        found[free.casefold()] = free
    return list(found.values())


def _slug(name: str) -> str:
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode()
    return re.sub(r"[^\w-]+", "_", plain)[:LONGEST_SLUG].strip("_-") or "student"


def _listed(owner: str, roster: Sequence[Listed]) -> Listed | None:
    """Return the row of a roster that a file or folder is of: by its id, else by its name."""
    words = _words(owner)
    ways: tuple[Callable[[Listed], bool], ...] = (
        lambda row: row.id == owner,
        lambda row: row.name.casefold() == owner.casefold(),
        lambda row: bool(row.id) and _stands_in(_words(row.id), words),
        lambda row: bool(row.name) and set(_words(row.name)) <= set(words),
        lambda row: bool(words) and set(words) <= set(_words(row.name)),
    )
    for fits in ways:
        if fitting := [row for row in roster if fits(row)]:
            return fitting[0] if len(fitting) == 1 else None
    return None


@lru_cache(maxsize=2**16)
def _words(text: str) -> list[str]:
    return re.findall(r"[^\W_]+", text.casefold())


def _stands_in(some: Sequence[str], words: Sequence[str]) -> bool:
    many = len(some)
    return any(list(words[k : k + many]) == list(some) for k in range(len(words) - many + 1))
