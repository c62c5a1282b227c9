"""Row accounting: read = accepted + unresolved + rejected, each rejected row is kept as it came, nothing is lost."""

from pathlib import Path

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tiercast.engines.duckdb import DuckDBEngine
from tiercast.errors import ContractError, SourceError
from tiercast.intake import rejected_rows, require_currency, require_usable, take_stock
from tiercast.schema import History
from tiercast.serving.contract import REJECTIONS
from tiercast.sources.opening import open_source

CELL = {
    "customer_id": [None, "", " ", "a", "b"],
    "occurred_at": [
        None,
        "",
        "2024-01-01",
        "2024-02-31",
        "soon",
        "2091-01-01",
        "1850-01-01",
        "2024-05-05T10:00:00+02:00",
    ],
    "kind": [None, "purchase", "return", "visit", "telepathy"],
    "channel": [None, "store", "carrier_pigeon"],
    "amount": [None, "1.5", "-1", "1e300", "ten", "nan", "99999999999"],
    "event_id": [None, None, "e1", "e2"],
    "currency": [None, "USD", "EUR"],
}
ROWS = st.lists(
    st.fixed_dictionaries({name: st.sampled_from(cells) for name, cells in CELL.items()}),
    min_size=1,
    max_size=25,
)


@settings(max_examples=12, deadline=None)
@given(rows=ROWS)
def test_no_row_is_ever_lost(rows: list[dict[str, str | None]]) -> None:
    history = History("made up", frame=pd.DataFrame(rows, columns=list(CELL)).assign(number=range(len(rows))))
    with DuckDBEngine(threads=1) as engine:
        engine.attach(history)
        account = take_stock(engine, history)
        kept = rejected_rows(engine, history)
    assert account.rows_read == len(rows)
    assert account.rows_read == account.rows_accepted + account.rows_unresolved + account.rows_rejected
    assert len(kept) == account.rows_unresolved + account.rows_rejected
    assert kept["number"].is_unique
    assert set(account.rejected) <= set(REJECTIONS)
    assert kept["verdict"].value_counts().to_dict().keys() <= set(REJECTIONS)
    assert sum(account.kinds.values()) == sum(account.channels.values()) == account.rows_accepted


def stock(rows: pd.DataFrame) -> object:
    history = History("rows", frame=rows)
    with DuckDBEngine(threads=1) as engine:
        engine.attach(history)
        return take_stock(engine, history)


GOOD = pd.DataFrame(
    {"customer_id": ["a"] * 10, "occurred_at": "2024-01-01", "kind": "visit", "channel": "web"}
)


@pytest.mark.parametrize(("bad", "refused"), [(0, False), (2, False), (3, True), (10, True)])
def test_more_than_a_fifth_rejected_is_too_much(bad: int, refused: bool) -> None:
    account = stock(GOOD.assign(occurred_at=["soon"] * bad + ["2024-01-01"] * (10 - bad)))
    if refused:
        with pytest.raises(ContractError, match=f"BAD_TIME {bad}"):
            require_usable(account)  # type: ignore[arg-type]
    else:
        require_usable(account)  # type: ignore[arg-type]


def test_rows_without_a_customer_are_not_counted_as_rejected() -> None:
    require_usable(stock(GOOD.assign(customer_id=[None] * 9 + ["a"])))  # type: ignore[arg-type]


def test_repeats_that_are_declared_wrong_are_rejected_and_none_is_left(tmp_path: Path) -> None:
    GOOD.assign(channel=["web"] * 4 + ["store"] * 6).to_csv(tmp_path / "rows.csv", index=False)
    history = open_source(f"csv:{tmp_path / 'rows.csv'}?duplicates=drop")
    with DuckDBEngine(threads=1) as engine:
        engine.attach(history)
        account = take_stock(engine, history)
    assert account.rejected == {"DUPLICATE_EVENT": 8}
    assert (account.rows_accepted, account.exact_repeats) == (2, 0)


def test_no_rows_is_another_matter() -> None:
    with pytest.raises(SourceError, match="no rows"):
        require_usable(stock(GOOD.iloc[:0]))  # type: ignore[arg-type]


def test_the_account_is_plain_json() -> None:
    stored = stock(GOOD).to_json()  # type: ignore[attr-defined]
    assert stored["first_day"] == "2024-01-01"
    assert stored["exact_repeats"] == 9


def test_amounts_in_another_currency_are_refused() -> None:
    require_currency(History("x", frame=GOOD), "USD")
    with pytest.raises(SourceError, match=r"in USD, and this version learned EUR"):
        require_currency(History("x", frame=GOOD), "EUR")
