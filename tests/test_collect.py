"""An open set is what a folder declares, plus what a user's own modules declare."""

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tiercast.collect import choose, collect, collect_classes
from tiercast.errors import DuplicateName, ExtensionError, TiercastError, UnknownName

DECLARATION = """
from abc import ABC, abstractmethod
from dataclasses import dataclass

@dataclass(frozen=True)
class Fruit:
    name: str

class Cook(ABC):
    @abstractmethod
    def cook(self): ...
"""


@pytest.fixture
def orchard(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A package of two files, on the path for one test only."""
    folder = tmp_path / "orchard"
    (folder / "fruits").mkdir(parents=True)
    (folder / "__init__.py").touch()
    (folder / "declare.py").write_text(DECLARATION)
    (folder / "fruits" / "__init__.py").touch()
    (folder / "fruits" / "apple.py").write_text(
        "from orchard.declare import Cook, Fruit\nAPPLE = Fruit('apple')\n_HIDDEN = Fruit('hidden')\n"
        "class Baker(Cook):\n    key = 'baker'\n    def cook(self): ...\n"
    )
    (folder / "fruits" / "stone.py").write_text(
        "from orchard.declare import Fruit\nfrom orchard.fruits.apple import APPLE\n"
        "STONE_FRUITS = (Fruit('plum'), Fruit('cherry'))\n"
    )
    monkeypatch.syspath_prepend(str(tmp_path))
    yield tmp_path
    for name in [name for name in sys.modules if name.split(".")[0] in {"orchard", "mine"}]:
        del sys.modules[name]


def kind(name: str = "Fruit") -> type:
    from orchard import declare  # type: ignore[import-not-found]

    return getattr(declare, name)


def extend(folder: Path, source: str) -> None:
    (folder / "mine.py").write_text(source)


def test_everything_a_folder_declares_is_found_in_a_fixed_order(orchard: Path) -> None:
    assert list(collect("orchard.fruits", kind())) == ["apple", "plum", "cherry"]


def test_a_declaration_that_another_file_imports_is_found_once(orchard: Path) -> None:
    from orchard.fruits.apple import APPLE  # type: ignore[import-not-found]

    assert collect("orchard.fruits", kind())["apple"] is APPLE


def test_concrete_classes_are_found_by_their_key_and_abstract_ones_are_not(orchard: Path) -> None:
    assert list(collect_classes("orchard", kind("Cook"))) == ["baker"]


def test_an_extension_adds_to_the_set_without_editing_it(orchard: Path) -> None:
    extend(orchard, "from orchard.declare import Fruit\nFIG = Fruit('fig')\n")
    assert list(collect("orchard.fruits", kind(), ["mine"])) == ["apple", "plum", "cherry", "fig"]
    assert "fig" not in collect("orchard.fruits", kind())


def test_an_extension_may_be_a_folder(orchard: Path) -> None:
    (orchard / "mine").mkdir()
    (orchard / "mine" / "__init__.py").touch()
    (orchard / "mine" / "exotic.py").write_text("from orchard.declare import Fruit\nFIG = Fruit('fig')\n")
    (orchard / "mine" / "__main__.py").write_text(
        "raise SystemExit('a program must not run when it is searched')\n"
    )
    assert "fig" in collect("orchard.fruits", kind(), ["mine"])


def test_two_declarations_of_one_name_are_refused_and_both_places_are_named(orchard: Path) -> None:
    extend(orchard, "from orchard.declare import Fruit\nOTHER = Fruit('plum')\n")
    with pytest.raises(DuplicateName) as caught:
        collect("orchard.fruits", kind(), ["mine"])
    assert caught.value.details == {
        "what": "fruit",
        "name": "plum",
        "modules": ["orchard.fruits.stone", "mine"],
    }


@pytest.mark.parametrize(
    ("source", "said"),
    [
        ("Fruit('fig')\n", "NameError: name 'Fruit' is not defined"),
        ("import no_such_thing\n", "ModuleNotFoundError: No module named 'no_such_thing'"),
        ("raise SystemExit(3)\n", "SystemExit: 3"),
        ("def broken(:\n", "SyntaxError"),
    ],
)
def test_an_extension_that_fails_at_import_is_named_with_its_reason(
    orchard: Path, source: str, said: str
) -> None:
    extend(orchard, source)
    with pytest.raises(ExtensionError, match="mine") as caught:
        collect("orchard.fruits", kind(), ["mine"])
    assert said in str(caught.value)
    assert caught.value.code == "BAD_EXTENSION"
    assert caught.value.__cause__ is not None


def test_an_extension_that_does_not_exist_says_so(orchard: Path) -> None:
    with pytest.raises(ExtensionError, match="no module is named 'my_company'; install it"):
        collect("orchard.fruits", kind(), ["my_company.features"])


def test_a_declaration_without_a_name_is_a_mistake_of_its_author(orchard: Path) -> None:
    with pytest.raises(TypeError, match="neither a key nor a name"):
        extend(orchard, "NUMBER = complex(1, 2)\n")
        collect("orchard.fruits", complex, ["mine"])


def test_a_missing_name_lists_what_there_is_and_guesses() -> None:
    with pytest.raises(UnknownName) as caught:
        choose({"ladder": 1, "pyramid": 2}, "pyramids", what="policy")
    assert caught.value.details == {
        "what": "policy",
        "name": "pyramids",
        "there_is": ["ladder", "pyramid"],
        "closest": "pyramid",
    }
    assert isinstance(caught.value, (TiercastError, LookupError))


def test_nothing_is_guessed_when_nothing_is_close() -> None:
    with pytest.raises(UnknownName, match="no policy is named 'zzz'; there is: ladder"):
        choose({"ladder": 1}, "zzz", what="policy")
