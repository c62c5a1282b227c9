"""Passwords of a PostgreSQL source: wherever they may stand they are used, and nowhere are they shown."""

import traceback
from pathlib import Path

import pytest

from tests.cli.running import run
from tests.sources.postgres_server import ROW, Server
from tiercast import api
from tiercast.errors import SourceError
from tiercast.sources.opening import open_source
from tiercast.sources.postgres import asked_for


@pytest.fixture
def locked(shop: Server) -> Server:
    shop.run(
        "DROP OWNED BY locked CASCADE"
        if shop.run("SELECT 1 FROM pg_roles WHERE rolname = 'locked'")
        else "SELECT 1",
        "DROP ROLE IF EXISTS locked",
        "CREATE ROLE locked LOGIN PASSWORD 'R1ght pa''ss'",
        f"CREATE TABLE t AS SELECT {ROW}",
        "GRANT USAGE ON SCHEMA public TO locked",
        "GRANT SELECT ON t TO locked",
    )
    return shop


def test_a_password_comes_from_the_address_the_environment_a_file_or_a_service(
    locked: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    bare = locked.address(user="locked")
    (tmp_path / "pass").write_text("*:*:*:locked:R1ght pa'ss\n", encoding="utf-8")
    (tmp_path / "pass").chmod(0o600)
    (tmp_path / "services").write_text(
        f"[shop]\nhost={locked.folder}\nuser=locked\ndbname=postgres\npassword=R1ght pa'ss\n",
        encoding="utf-8",
    )
    given = open_source(f"postgres:{bare} password='R1ght pa\\'ss'#t")
    assert "pa" not in given.name.replace("password", "")
    told = api.check(given)
    assert told.account.rows_accepted == 1
    folder = str(locked.folder).replace("/", "%2F")
    assert (
        api.check(f"postgres:postgresql://locked:R1ght%20pa%27ss@{folder}/postgres#t").account.rows_accepted
        == 1
    )
    for name, value, address in (
        ("PGPASSWORD", "R1ght pa'ss", bare),
        ("PGPASSFILE", str(tmp_path / "pass"), bare),
        ("PGSERVICEFILE", str(tmp_path / "services"), "service=shop"),
    ):
        with monkeypatch.context() as patch:
            patch.setenv(name, value)
            assert api.check(f"postgres:{address}#t").account.rows_accepted == 1


def test_a_wrong_password_is_told_by_its_cure_and_never_shown(
    locked: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = str(locked.folder).replace("/", "%2F")
    for address in (
        locked.address("password=hunter2", user="locked"),
        f"postgresql://locked:hunter2@{folder}/postgres",
        f"postgresql:///postgres?host={folder}&user=locked&password=hunter2",
    ):
        source = f"postgres:{address}#t"
        with pytest.raises(SourceError, match=r"password authentication failed .*; set PGPASSWORD") as told:
            api.check(source)
        assert "hunter2" not in "".join(traceback.format_exception(told.value)).replace(address, "")
        assert "hunter2" not in repr(told.value) + str(told.value.body())
        monkeypatch.setenv("TIERCAST_DEBUG", "1")
        done = run("check", source, "--json")
        assert done.exit_code == 3
        assert "hunter2" not in done.output
    with pytest.raises(SourceError, match=r"set PGPASSWORD, or write ~/[.]pgpass"):
        api.check(f"postgres:{locked.address(user='locked')}#t")


def test_a_password_reaches_neither_name_nor_account_nor_card_listing(locked: Server, tmp_path: Path) -> None:
    pwd = "R1ght%20pa%27ss"
    folder = str(locked.folder).replace("/", "%2F")
    source = f"postgres:postgresql://locked:{pwd}@{folder}/postgres#t"
    assert open_source(source).name == f"postgres:postgresql://locked:***@{folder}/postgres#t"
    (tmp_path / "train.toml").write_text(f'job = "train"\nsource = "{source}"\n', encoding="utf-8")
    for done in (run("check", source), run("check", source, "--json"), run("cards", str(tmp_path), "--json")):
        assert done.exit_code == 0, done.output
        assert "***" in done.output
        assert pwd not in done.output


@pytest.mark.parametrize(
    "address",
    [
        "postgresql://ann:hun/ter2@db/shop#t",
        "postgresql://ann:12/ter2@db/shop#t",
        "postgresql://ann:hun@ter2@db/shop#t",
        "postgresql://ann:hun ter2@db/shop#t",
        "postgresql://ann:hun%zzter2@db/shop#t",
        "postgresql://ann:hun#ter2@db/shop",
        "postgresql://ann:12#ter2@db/shop",
        "password=hun ter2 host=db#t",
        "password='hunter2 host=db#t",
        "dbname=postgresql://ann:hunter2@db/shop#t",
        "http://ann:hunter2@db/shop#t",
        "host=db paswort=hunter2#t",
        "hunter2#t",
    ],
)
def test_an_address_that_cannot_be_read_is_refused_without_a_word_of_it(address: str) -> None:
    pytest.importorskip("psycopg")
    with pytest.raises(SourceError) as told:
        open_source(f"postgres:{address}")
    assert "ter2" not in "".join(traceback.format_exception(told.value))
    assert told.value.details == {"source": "postgres"}


@pytest.mark.parametrize(
    ("address", "name"),
    [
        ("postgresql://ann@db:5432/shop", "postgresql://ann@db:5432/shop"),
        ("postgresql://ann:a%23b%40c@db/shop", "postgresql://ann:***@db/shop"),
        ("postgresql://ann:a#b@db/shop", "postgresql://ann:***@db/shop"),
        ("//db/shop?password=x&sslmode=require", "postgresql://db/shop?password=***&sslmode=require"),
        (r"host=db password='a \' b' user=ann", "host=db password=*** user=ann"),
        ("host=db password = a#b", "host=db password = ***"),
        ("sslpassword=x service=shop", "sslpassword=*** service=shop"),
        ("service=shop", "service=shop"),
        ("", ""),
    ],
)
def test_a_name_is_the_address_without_its_password(address: str, name: str) -> None:
    pytest.importorskip("psycopg")
    for what in ("orders", 'a."b c"', "SELECT '#' AS x FROM t"):
        assert asked_for(f"{address}#{what}").name == f"postgres:{name}#{what}"
