"""An installation brings one import name, all that it needs, and nothing in anybody's way."""

import ast
import os
import re
import shutil
import subprocess
import sys
import tarfile
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest

HOUSE = Path(__file__).parent.parent
PACKAGE = HOUSE / "gradaudit"
# from the ground up
ROOMS = [
    *("language", "questions", "judging", "checking", "mistakes", "answers", "telling"),
    "classroom",
]
DEPENDENCIES = {"numpy", "scipy", "hypothesis", "pytest", "flint", "tqdm"}
EXTRAS = {
    **{"typst": "telling", "matplotlib": "checking", "torch": "torch.py", "jax": "jax.py"},
    **{"nbformat": "answers", "distributed": "classroom"},
}
SOURCES = sorted(PACKAGE.rglob("*.py"))


def run(*words: str, cwd: Path, **env: str) -> subprocess.CompletedProcess[str]:
    """Run Python, and return what came of it."""
    return subprocess.run(
        [sys.executable, *words],
        cwd=cwd,
        env={**os.environ, **env},
        capture_output=True,
        text=True,
        encoding="utf-8",
        check=False,
    )


def files(folder: Path) -> set[str]:
    """Return the names of all files below a folder, but of caches, as the house calls them."""
    names = (path.relative_to(HOUSE) for path in folder.rglob("*") if path.is_file())
    hidden = re.compile(r"(^|/)(\.|__pycache__)")
    return {name.as_posix() for name in names if not hidden.search(name.as_posix())}


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with an sdist and a wheel."""
    pytest.importorskip("setuptools", "77", reason="it comes with the extra `dev`")
    folder = tmp_path_factory.mktemp("built")
    house = folder / "house"  # since a build leaves files where it works
    caches = shutil.ignore_patterns("__pycache__", ".*cache", ".git", ".venv", "*.egg-info")
    shutil.copytree(HOUSE, house, ignore=caches)
    build = "import setuptools.build_meta as b; b.build_sdist({0!r}); b.build_wheel({0!r})"
    done = run("-c", build.format(str(folder)), cwd=house)
    assert done.returncode == 0, done.stderr
    return folder


@pytest.fixture(scope="module")
def wheel(built: Path) -> zipfile.ZipFile:
    (path,) = built.glob("*.whl")
    return zipfile.ZipFile(path)


@pytest.fixture(scope="module")
def sdist(built: Path) -> set[str]:
    """Return the names of the files in the sdist."""
    (path,) = built.glob("*.tar.gz")
    with tarfile.open(path) as archive:
        return {name.partition("/")[2] for name in archive.getnames()}


def test_the_wheel_brings_one_import_name(wheel: zipfile.ZipFile) -> None:
    names = {name.partition("/")[0] for name in wheel.namelist()}
    assert {name for name in names if not name.endswith(".dist-info")} == {"gradaudit"}


def test_the_wheel_has_every_file_of_the_package(wheel: zipfile.ZipFile) -> None:
    assert files(PACKAGE) <= set(wheel.namelist())


def test_the_wheel_works_from_another_folder(wheel: zipfile.ZipFile, tmp_path: Path) -> None:
    wheel.extractall(tmp_path / "installed")
    (tmp_path / "b2.toml").write_text("[question1]\nb2 = -2.732\n", encoding="utf-8")
    where = "import gradaudit; print(gradaudit.__file__)"
    installed = {"PYTHONPATH": str(tmp_path / "installed")}
    assert run("-c", where, cwd=tmp_path, **installed).stdout.startswith(str(tmp_path))
    assert run("-m", "gradaudit", "b2.toml", cwd=tmp_path, **installed).returncode == 0


@pytest.mark.parametrize(
    "folder", ["gradaudit", "analytic", "properties", "tests", "examples", "benchmarks", "docs"]
)
def test_the_sdist_has_the_whole_house(sdist: set[str], folder: str) -> None:
    assert files(HOUSE / folder) <= sdist


@pytest.mark.parametrize(
    "name", ["pyproject.toml", "conftest.py", "README.md", "CONTRIBUTING.md", "CHANGELOG.md"]
)
def test_the_sdist_has(sdist: set[str], name: str) -> None:
    assert name in sdist


@pytest.mark.parametrize("command", ["pytest", "python -m pytest"])
def test_a_project_with_names_such_as_ours_runs_its_tests(tmp_path: Path, command: str) -> None:
    (tmp_path / "tests").mkdir()
    for name in ("audit.py", "properties/__init__.py", "analytic/__init__.py", "tests/helper.py"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text("THEIRS = True\n", encoding="utf-8")
    (tmp_path / "conftest.py").touch()
    (tmp_path / "pytest.ini").write_text("[pytest]\nfilterwarnings = error\n", encoding="utf-8")
    (tmp_path / "tests" / "test_theirs.py").write_text(
        "import audit, properties, analytic, tests.helper\n"
        "def test_names_are_theirs():\n"
        "    modules = audit, properties, analytic, tests.helper\n"
        "    assert all(module.THEIRS for module in modules)\n",
        encoding="utf-8",
    )
    # The script `pytest` differs in that the folder itself is not on the path.
    alone = ["-P"] if command == "pytest" else []
    done = run(*alone, "-m", "pytest", "-q", cwd=tmp_path)
    assert "1 passed" in done.stdout, done.stdout + done.stderr


def test_the_plugin_loads_nothing_until_it_is_asked() -> None:
    loaded = (
        "import sys, gradaudit.plugin;"
        "print([name for name in sys.modules"
        " if name.partition('.')[0] in ('numpy', 'scipy', 'hypothesis', 'flint', 'gradaudit')])"
    )
    done = run("-c", loaded, cwd=HOUSE)
    assert done.stdout.strip() == "['gradaudit', 'gradaudit.plugin']"


@pytest.mark.parametrize("extra", EXTRAS)
def test_no_extra_is_loaded_by_a_check_that_does_not_need_it(extra: str) -> None:
    checked = (
        "import sys; from gradaudit import check_gradient;"
        "check_gradient(lambda x: x @ x, lambda x: 2 * x, inputs='x: [n]');"
        f"print({extra!r} in sys.modules)"
    )
    assert run("-c", checked, cwd=HOUSE).stdout.strip() == "False"


def imports(source: Path) -> Iterator[str]:
    """Yield the full names of all modules that a file imports, wherever it does."""
    for node in ast.walk(ast.parse(source.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, "names are imported in full"
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def room(parts: tuple[str, ...]) -> int:
    """Return how far above the ground a module of the package is; what stands outside is above."""
    return ROOMS.index(parts[1]) if len(parts) > 1 and parts[1] in ROOMS else len(ROOMS)


@pytest.mark.parametrize("source", SOURCES, ids=lambda path: path.relative_to(HOUSE).as_posix())
class TestImports:
    def test_it_imports_nothing_but_the_package_and_what_is_installed_with_it(
        self, source: Path
    ) -> None:
        tops = {name.partition(".")[0] for name in imports(source)}
        where = source.relative_to(PACKAGE).parts[0]
        extras = {name for name, of in EXTRAS.items() if of == where}
        assert tops - set(sys.stdlib_module_names) - DEPENDENCIES - extras <= {"gradaudit"}

    def test_it_imports_from_its_own_room_and_those_below(self, source: Path) -> None:
        here = room(source.relative_to(HOUSE).with_suffix("").parts)
        ours = [name for name in imports(source) if name.startswith("gradaudit.")]
        assert [name for name in ours if room(tuple(name.split("."))) > here] == []
