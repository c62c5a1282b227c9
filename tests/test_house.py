"""Facts about the whole tree that a reader can check with grep, and that nobody has to remember."""

import ast
import importlib.util
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PACKAGE = ROOT / "src" / "models" / "tiercast"
MODULES = sorted(path for path in PACKAGE.rglob("*.py") if "__pycache__" not in path.parts)
FOLDERS = (".ci", "benchmarks", "docs", "mlruns", "notebooks", "pipelines", "src", "tests")
TEXT = {"", ".csv", ".json", ".md", ".py", ".sql", ".toml", ".txt", ".yml", ".yaml"}
EACH_MODULE = pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(PACKAGE)))
LINES = 400
SERVED_MAY_IMPORT = {"duckdb", "lightgbm", "mlflow", "numpy", "pandas", "pyarrow", "scipy"}


def imports(path: Path) -> Iterator[tuple[int, str]]:
    """Yield each import of a file, wherever it stands, as (level, dotted name)."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from ((0, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield node.level, node.module or ""


def tops(path: Path) -> set[str]:
    """Return the top-level packages that a file imports by absolute name."""
    return {name.split(".")[0] for level, name in imports(path) if level == 0}


def committed() -> Iterator[Path]:
    """Yield the text files that belong to the project, by folder; stores, results and caches are left out."""
    yield from (path for path in ROOT.iterdir() if path.is_file() and path.suffix in TEXT)
    for folder in FOLDERS:
        for path in sorted((ROOT / folder).rglob("*")):
            ours = path.is_file() and path.suffix in TEXT and not {"__pycache__", "small"} & set(path.parts)
            if ours and (folder != "mlruns" or path.name == "README.md"):
                yield path


def test_there_are_modules_to_look_at() -> None:
    assert len(MODULES) > 10


def test_the_source_root_is_no_package() -> None:
    assert not (ROOT / "src" / "__init__.py").exists()
    assert not (ROOT / "src" / "models" / "__init__.py").exists()
    assert importlib.util.find_spec("models") is None


@EACH_MODULE
def test_nothing_is_pickled(path: Path) -> None:
    assert tops(path).isdisjoint({"pickle", "cloudpickle", "dill", "joblib", "marshal", "shelve"})
    assert not re.search(
        r"\b(to_pickle|read_pickle|allow_pickle\s*=\s*True)\b", path.read_text(encoding="utf-8")
    )


@EACH_MODULE
def test_only_the_registry_and_the_served_entry_file_speak_mlflow(path: Path) -> None:
    named = path.relative_to(PACKAGE).as_posix()
    allowed = named == "serving/entry.py" or named.split("/")[0] in {"registry", "registry.py"}
    assert allowed or "mlflow" not in tops(path)


@EACH_MODULE
def test_no_file_is_longer_than_a_reader_can_hold(path: Path) -> None:
    assert len(path.read_text(encoding="utf-8").splitlines()) <= LINES


@EACH_MODULE
def test_a_module_opens_with_a_sentence(path: Path) -> None:
    source = path.read_text(encoding="utf-8")
    text = ast.get_docstring(ast.parse(source))
    assert text or not source.strip(), "a module says in its first line what it is for"
    if not text:
        return
    first = text.split("\n\n")[0].replace("\n", " ").rstrip()
    assert first.rstrip(")").endswith((".", "?", ":")), f"not a sentence: {first!r}"
    assert first[0].isupper() or first[0] in "`0123456789", f"not a sentence: {first!r}"


@pytest.mark.parametrize(
    "path", sorted((PACKAGE / "serving").rglob("*.py")), ids=lambda path: str(path.relative_to(PACKAGE))
)
def test_the_served_folder_stands_alone(path: Path) -> None:
    # It is copied into the bundle under another name: an absolute import of ours, or one that climbs out, breaks there.
    depth = len(path.relative_to(PACKAGE / "serving").parts)
    assert all(level <= depth for level, _ in imports(path))
    outside = tops(path) - set(sys.stdlib_module_names)
    assert outside <= SERVED_MAY_IMPORT - (set() if path.name == "entry.py" else {"mlflow"})


@pytest.mark.parametrize("module", ["tiercast", "tiercast.cli"])
def test_start_up_imports_nothing_heavy(module: str) -> None:
    if importlib.util.find_spec(module) is None:
        pytest.fail(f"{module} does not exist")
    heavy = ["lightgbm", "mlflow", "matplotlib", "optuna", "pandas", "pyspark", "scipy", "sklearn"]
    program = f"import sys, {module}; print([name for name in {heavy} if name in sys.modules])"
    said = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert said.stdout.strip() == "[]"


def test_no_file_names_a_machine() -> None:
    place = re.compile(
        r"(?<![\w.*])/(?:root|home|Users|tmp|w" + r"ork)/\w|index-" + r"url|\.(?:whl|tgz)\b.*https?://"
    )
    named = [
        f"{path.relative_to(ROOT)}:{number}: {line.strip()[:100]}"
        for path in committed()
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1)
        if place.search(line)
    ]
    assert not named


def test_pins_are_names_and_versions_only() -> None:
    lines = (ROOT / "constraints.txt").read_text(encoding="utf-8").splitlines()
    assert [line for line in lines if not re.fullmatch(r"[A-Za-z0-9._-]+==[A-Za-z0-9.+!]+", line)] == []
    assert lines == sorted(lines, key=str.lower)


def test_every_direct_dependency_is_pinned() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    extras = project["optional-dependencies"]
    wanted = [
        *project["dependencies"],
        *(need for extra in ("demo", "spark", "postgres", "dev") for need in extras[extra]),
    ]
    pinned = {_name(line) for line in (ROOT / "constraints.txt").read_text(encoding="utf-8").splitlines()}
    assert {_name(need) for need in wanted} - pinned == set()


def test_every_target_of_the_makefile_is_on_the_menu() -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    phony = {name for line in re.findall(r"^\.PHONY: (.*)$", makefile, re.MULTILINE) for name in line.split()}
    shown = set(re.findall(r"^([a-z-]+):.*## ", makefile, re.MULTILINE))
    assert phony - shown == {"python", "libgomp"}, (
        "only the two conditions of an environment are not on the menu"
    )


def _name(requirement: str) -> str:
    return re.split(r"[\[=<>!~ ;]", requirement, maxsplit=1)[0].lower().replace("_", "-").replace(".", "-")
