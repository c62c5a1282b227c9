"""Every error has a stable code, a builtin parent, an exit code and a place in the drawn tree."""

import datetime
import inspect
import pickle
import runpy
from pathlib import Path

import pytest

import tiercast.errors
from tiercast.errors import (
    CardError,
    ContractError,
    DuplicateName,
    ExtensionError,
    LeakError,
    NoChampion,
    NotTrainable,
    OutputError,
    SourceError,
    StoreCorrupt,
    StoreUnreachable,
    TiercastError,
    UnknownCustomer,
    UnknownName,
    exit_code_of,
    leaves,
    without_password,
)
from tiercast.serving.refusals import Refused

ROOT = Path(__file__).parents[1]
URI = "postgresql://ann:secret@db/mlflow"
EXAMPLES: list[TiercastError] = [
    CardError(card=Path("a.toml"), problem="unknown key 'x'", there_is=["y"]),
    UnknownName(what="policy", name="x", there_is=["y"]),
    DuplicateName(what="feature", name="x", modules=["a", "b"]),
    ExtensionError(module="a.b", problem="NameError: c"),
    SourceError(source=URI, problem="refused"),
    ContractError(source=URI, read_rows=4, rejected_rows=2, allowed_share=0.1, rows_by_code={"BAD_TIME": 2}),
    UnknownCustomer(customer_id="c1", cutoff=datetime.date(2020, 1, 1), customers=2),
    NotTrainable(target="churn", needs="50", has="3"),
    LeakError(what="panel", problem="it changes"),
    StoreUnreachable(tracking_uri=URI, problem="timed out"),
    StoreCorrupt(tracking_uri=URI, problem="not a database"),
    NoChampion(registered_model="tiercast-scorecard", tracking_uri=URI),
    OutputError(path=Path("out"), problem="no space left on device"),
]
EACH = pytest.mark.parametrize("error", EXAMPLES, ids=lambda error: type(error).__name__)


def test_the_examples_here_cover_the_tree() -> None:
    assert [type(error) for error in EXAMPLES] != []
    assert {type(error) for error in EXAMPLES} == set(leaves())


def test_codes_are_unique_and_frozen() -> None:
    # A consumer compares codes: adding one is fine, changing one breaks somebody.
    assert {leaf.__name__: leaf.code for leaf in leaves()} == {
        "CardError": "BAD_CARD",
        "UnknownName": "UNKNOWN_NAME",
        "DuplicateName": "DUPLICATE_NAME",
        "ExtensionError": "BAD_EXTENSION",
        "SourceError": "UNREADABLE_SOURCE",
        "ContractError": "TOO_MANY_REJECTED_ROWS",
        "UnknownCustomer": "UNKNOWN_CUSTOMER",
        "NotTrainable": "NOT_TRAINABLE",
        "LeakError": "LEAK",
        "StoreUnreachable": "STORE_UNREACHABLE",
        "StoreCorrupt": "STORE_CORRUPT",
        "NoChampion": "NO_CHAMPION",
        "OutputError": "UNWRITABLE_OUTPUT",
    }
    assert len({leaf.code for leaf in leaves()}) == len(list(leaves()))


def test_the_tree_drawn_in_the_module_is_the_tree() -> None:
    drawn = [
        line
        for line in (tiercast.errors.__doc__ or "").splitlines()
        if line.strip().startswith(("├", "└")) and "TiercastError" not in line
    ]
    assert len(drawn) == len(list(leaves()))
    for line, leaf in zip(drawn, leaves(), strict=True):
        builtin = next(base for base in leaf.__mro__ if base.__module__ == "builtins")
        assert leaf.__name__ in line.split()
        assert f"({builtin.__name__})" in line
        assert line.endswith(f"exit {leaf.exit_code}")


def test_the_page_of_exit_codes_is_made_from_the_tree() -> None:
    page = runpy.run_path(str(ROOT / "docs" / "exit_codes.py"))["page"]()
    assert (ROOT / "docs" / "exit_codes.md").read_text(encoding="utf-8") == page, (
        "run: python docs/exit_codes.py > docs/exit_codes.md"
    )


@EACH
def test_an_error_is_one_of_ours_and_a_builtin(error: TiercastError) -> None:
    assert isinstance(error, Refused)
    assert any(
        base.__module__ == "builtins" and base not in (Exception, object)
        for base in type(error).__mro__[3:-3]
    )


@EACH
def test_an_error_reads_as_a_sentence_and_is_plain_json(error: TiercastError) -> None:
    assert str(error) == error.message
    assert error.body() == {"error_code": error.code, "message": error.message, "details": error.details}


@EACH
def test_an_error_survives_the_way_between_processes(error: TiercastError) -> None:
    copied = pickle.loads(pickle.dumps(error))
    assert type(copied) is type(error)
    assert str(copied) == str(error)
    assert copied.body() == error.body()


@EACH
def test_no_error_tells_a_password(error: TiercastError) -> None:
    assert "secret" not in repr(error) + str(error.body())


@EACH
def test_facts_are_given_by_keyword(error: TiercastError) -> None:
    given = list(inspect.signature(type(error).__init__).parameters.values())[1:]
    assert given
    assert {parameter.kind for parameter in given} == {inspect.Parameter.KEYWORD_ONLY}


def test_each_exit_code_is_what_the_tree_says() -> None:
    assert [exit_code_of(error) for error in EXAMPLES] == [2, 2, 2, 2, 3, 3, 3, 4, 4, 5, 5, 6, 7]
    assert exit_code_of(Refused("x")) == 3
    assert exit_code_of(KeyboardInterrupt()) == 130
    assert exit_code_of(ValueError("x")) == 1


@pytest.mark.parametrize(
    ("address", "shown"),
    [
        ("https://ann:p:w@host/x", "https://ann:***@host/x"),
        ("postgresql+psycopg://ann:s@host:5432/db", "postgresql+psycopg://ann:***@host:5432/db"),
        ("sqlite:////srv/a:b@c/mlflow.db", "sqlite:////srv/a:b@c/mlflow.db"),
        ("https://ann@host", "https://ann@host"),
        ("postgresql://:s@host/db", "postgresql://:***@host/db"),
        ("host=db password=s user=ann", "host=db password=*** user=ann"),
        (r"password = 'a \' b' host=db", "password = *** host=db"),
        (r"password=a\ b&c host=db", "password=*** host=db"),
        (
            "postgresql://db/shop?sslpassword=s&sslmode=require",
            "postgresql://db/shop?sslpassword=***&sslmode=require",
        ),
        ("postgres:service=shop password=***#orders", "postgres:service=shop password=***#orders"),
        ("a folder/file.csv", "a folder/file.csv"),
    ],
)
def test_only_a_password_is_hidden(address: str, shown: str) -> None:
    assert without_password(address) == shown


def test_a_password_with_an_unescaped_slash_or_at_sign_is_still_hidden() -> None:
    assert without_password("postgresql://ann:s/e@t@host/db") == "postgresql://ann:***@host/db"
