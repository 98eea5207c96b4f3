"""Who handed in which files, whatever they handed in."""

import os
import zipfile
from pathlib import Path

import pytest

from gradaudit.classroom import students as module
from gradaudit.classroom.students import Listed, Student, read_roster, students_of
from gradaudit.questions.files import MAX_FILE, Unreadable

TEXT = "[question1]\nb2 = -2.732\n"


def write(folder: Path, *names: str) -> None:
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(TEXT, encoding="utf-8")


def packed(path: Path, *names: str, content: str = TEXT) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name in names:
            archive.writestr(name, content)
    return path


def found(*places: Path, roster: tuple[Listed, ...] = ()) -> list[Student]:
    return students_of(list(map(str, places)), roster)[0]


def files(place: Path) -> dict[str, list[str]]:
    """Return the files of each student, as they are called."""
    return {one.name: [file.path.name for file in one.files] for one in found(place)}


def test_a_folder_in_the_folder_is_one_student(tmp_path: Path) -> None:
    write(tmp_path, "ann/a.toml", "ann/src/b.py", "bob/a.toml")
    assert files(tmp_path) == {"ann": ["a.toml", "b.py"], "bob": ["a.toml"]}


def test_files_of_one_name_are_one_student(tmp_path: Path) -> None:
    write(tmp_path, "ann.toml", "ann.py", "bob.ipynb")
    assert files(tmp_path) == {"ann": ["ann.py", "ann.toml"], "bob": ["bob.ipynb"]}


class TestAnEmptyFolder:
    def absent(self, place: Path, *roster: Listed) -> list[Listed]:
        write(place, "ann/a.toml")
        (place / "bob/src").mkdir(parents=True)
        return students_of([str(place)], roster)[1]

    def test_is_of_somebody_who_handed_in_nothing(self, tmp_path: Path) -> None:
        assert self.absent(tmp_path) == [Listed("", "bob")]

    def test_is_no_second_row_of_who_is_in_the_roster(self, tmp_path: Path) -> None:
        assert self.absent(tmp_path, Listed("7", "Bob")) == [Listed("7", "Bob")]

    def test_is_also_a_zip_without_a_file(self, tmp_path: Path) -> None:
        packed(tmp_path / "cy.zip")
        assert self.absent(tmp_path) == [Listed("", "bob"), Listed("", "cy")]

    @pytest.mark.parametrize("around", ["", "hw1/"])
    def test_may_be_in_the_zip_of_a_class(self, tmp_path: Path, around: str) -> None:
        names = ("j.doe/", "__MACOSX/", "ann/", "ann/a.toml", "bob/", "bob/src/", ".git/")
        place = packed(tmp_path / "class.zip", *(around + one for one in names))
        students, absent = students_of([str(place)])
        assert [one.name for one in students] == ["ann"]
        assert absent == [Listed("", "bob"), Listed("", "j.doe")]


def test_the_class_can_be_a_zip_with_a_folder_around_it(tmp_path: Path) -> None:
    place = packed(tmp_path / "class.zip", "hw1/ann/a.toml", "hw1/bob/a.toml")
    assert files(place) == {"ann": ["a.toml"], "bob": ["a.toml"]}


def test_a_zip_in_the_folder_is_one_student(tmp_path: Path) -> None:
    packed(tmp_path / "ann.zip", "a.toml", "src/b.py")
    assert files(tmp_path) == {"ann": ["a.toml", "b.py"]}


def test_what_is_in_a_zip_is_read_as_what_is_in_a_folder(tmp_path: Path) -> None:
    ann, bob = found(packed(tmp_path / "class.zip", "ann/a.toml", "bob/b.toml"))
    assert bob.name == "bob"
    assert ann.files[0].content() == TEXT.encode()


def test_nothing_of_a_zip_that_leads_out_of_it_is_read_or_written(tmp_path: Path) -> None:
    inner = tmp_path / "deep" / "class"
    inner.mkdir(parents=True)
    packed(inner / "ann.zip", "../../evil.toml", "/etc/evil.toml", "a.toml")
    (ann,) = found(inner)
    assert [file.path.name for file in ann.files] == ["a.toml"]
    assert all("leads out of the zip" in note for note in ann.notes)
    assert len(ann.notes) == 2
    assert not list(tmp_path.rglob("evil*"))


def test_no_more_of_a_zip_is_unpacked_than_is_read(tmp_path: Path) -> None:
    packed(tmp_path / "ann.zip", "a.toml", content="0" * (MAX_FILE + 2))
    assert (tmp_path / "ann.zip").stat().st_size < MAX_FILE // 100
    with pytest.raises(Unreadable, match="larger than 16 MiB"):
        found(tmp_path)[0].files[0].content()


def test_a_zip_of_too_many_files_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MOST_FILES", 10)
    packed(tmp_path / "ann.zip", *(f"{number}.toml" for number in range(11)))
    assert found(tmp_path)[0].notes == ("ann.zip: more than 10 files are in it",)


def test_a_zip_that_is_none_is_told(tmp_path: Path) -> None:
    write(tmp_path, "ann.zip")
    assert "not a zip that can be read" in found(tmp_path)[0].notes[0]


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("a.pdf", "a .pdf file is not read; write the answer as TOML"),
        ("a.tar", "a .tar file is not read; unpack it"),
        ("a.m", "a .m file is not read; write the functions in Python"),
        ("a", "a file without an ending is not read; an answer is a .toml, .py or .ipynb file"),
        ("test_a.py", "it is named as a test"),
    ],
)
def test_another_format_gets_a_line_that_says_what_to_do(
    tmp_path: Path, name: str, said: str
) -> None:
    write(tmp_path, f"ann/{name}")
    assert found(tmp_path)[0].notes[0].startswith(f"{name}: {said}")


def test_a_symbolic_link_is_not_followed(tmp_path: Path) -> None:
    write(tmp_path, "class/ann/a.toml", "secret.toml", "secrets/b.toml")
    (tmp_path / "class" / "ann" / "link.toml").symlink_to(tmp_path / "secret.toml")
    (tmp_path / "class" / "bob").symlink_to(tmp_path / "secrets")
    ann, bob = found(tmp_path / "class")
    assert [file.path.name for file in ann.files] == ["a.toml"]
    assert bob.files == ()
    assert all("symbolic link" in one.notes[0] for one in (ann, bob))


def test_a_pipe_is_not_opened(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "ann.toml")
    assert found(tmp_path)[0].notes == ("ann.toml: it is not a file",)


def test_what_systems_leave_behind_is_nobody(tmp_path: Path) -> None:
    write(tmp_path, "__MACOSX/ann.toml", ".DS_Store", "ann/.git/config", "ann/a.toml")
    assert files(tmp_path) == {"ann": ["a.toml"]}


def test_what_makes_a_package_is_no_answer_of_a_class(tmp_path: Path) -> None:
    write(tmp_path, "__init__.py", "ann/__init__.py", "ann/a.py", "ann/net/__init__.py")
    (ann,) = found(tmp_path)
    assert [name for name, _ in ann.contents] == ["a.py", "net/__init__.py"]


def test_the_same_name_in_two_folders_says_where_each_is_from(tmp_path: Path) -> None:
    write(tmp_path, "a/ann.toml", "b/ann.toml", "b/bob.toml")
    names = [one.name for one in found(tmp_path / "a", tmp_path / "b")]
    assert names == [f"ann ({tmp_path}/a/ann)", f"ann ({tmp_path}/b/ann)", "bob"]


def test_names_that_differ_in_case_only_are_told_apart_and_written_apart(tmp_path: Path) -> None:
    write(tmp_path, "ann/a.toml", "Ann/a.toml")
    both = found(tmp_path)
    assert len({one.name.casefold() for one in both}) == 2
    assert len({one.slug.casefold() for one in both}) == 2


@pytest.mark.parametrize(
    "name",
    [
        "\x1b[31mred\x1b[0m",
        "a\nb",
        "$(touch x); `y` | z",
        "-rf",
        "a\\..\\b",
        "é" * 80,
        "\udcff",
    ],
    ids=["an escape", "a line break", "a shell's", "an option", "a way up", "long", "no text"],
)
def test_a_name_is_printable_and_harmless_in_a_path(tmp_path: Path, name: str) -> None:
    write(tmp_path, f"{name}/a.toml")
    (student,) = found(tmp_path)
    assert student.name.isprintable()
    assert student.slug.isascii()
    assert student.slug.replace("_", "").replace("-", "").isalnum()


class TestRoster:
    ROSTER = (Listed("17", "Ann Lee"), Listed("s-18", "Bob Ray"), Listed("19", "Bob Roy"))

    @pytest.mark.parametrize(
        ("handed", "name"),
        [
            ("17", "Ann Lee"),
            ("ann lee", "Ann Lee"),
            ("Lee_Ann_4711_assignsubmission_file_", "Ann Lee"),
            ("late_s-18_hw1", "Bob Ray"),
            ("ray", "Bob Ray"),
            ("bob", "bob"),
            ("zed", "zed"),
        ],
    )
    def test_it_joins_by_id_then_by_name(self, tmp_path: Path, handed: str, name: str) -> None:
        write(tmp_path, f"{handed}/a.toml")
        (student,) = found(tmp_path, roster=self.ROSTER)
        assert student.name == name
        assert student.unlisted == (name == handed)

    def test_who_handed_in_nothing_is_known(self, tmp_path: Path) -> None:
        write(tmp_path, "17.toml")
        _, absent = students_of([str(tmp_path)], self.ROSTER)
        assert [one.id for one in absent] == ["s-18", "19"]

    @pytest.mark.parametrize("text", ["id,name\n1,Ann\n", "\ufeffName;ID\nAnn;1\n"])
    def test_it_is_read_as_spreadsheets_write_it(self, tmp_path: Path, text: str) -> None:
        (tmp_path / "roster.csv").write_text(text, encoding="utf-8")
        assert read_roster(str(tmp_path / "roster.csv")) == [Listed("1", "Ann")]

    def test_a_missing_column_is_named(self, tmp_path: Path) -> None:
        (tmp_path / "roster.csv").write_text("id,mail\n", encoding="utf-8")
        with pytest.raises(Unreadable, match="no column name in its first line; it has id, mail"):
            read_roster(str(tmp_path / "roster.csv"))


@pytest.mark.parametrize(
    ("made", "said"),
    [("nothing", "no such folder"), ("a.toml", "neither a folder nor a zip"), ("d/", "nothing")],
)
def test_a_class_that_is_none_is_told(tmp_path: Path, made: str, said: str) -> None:
    if made.endswith("/"):
        (tmp_path / made).mkdir()
    elif made != "nothing":
        write(tmp_path, made)
    with pytest.raises(Unreadable, match=said):
        found(tmp_path / made)
