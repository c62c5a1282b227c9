"""Published data sets give their published figures, row by row accounted for; skipped where their files are not."""

from pathlib import Path

import pytest

from tiercast import check
from tiercast.engines.duckdb import DuckDBEngine
from tiercast.errors import SourceError
from tiercast.intake import Account, take_stock
from tiercast.sources.opening import open_source

DATA = Path(__file__).parents[3] / "shared" / "data"


def there(name: str) -> str:
    """Return the folder of the data, or skip."""
    if not (DATA / f"{name}.parquet").is_file():
        pytest.skip(f"{name}.parquet is not in ../shared/data beside the project")
    return str(DATA)


def account_of(name: str, more: str = "") -> Account:
    account = check(f"{name}:{there(name)}{more}").account
    parts = (account.rows_accepted, account.rows_unresolved, account.rows_rejected, account.rows_excluded)
    assert account.rows_read == sum(parts)
    return account


def numbers(source: str, sql: str) -> list[int]:
    with DuckDBEngine() as engine:
        engine.attach(open_source(source))
        return [int(each) for each in engine.run(sql).iloc[0]]


def test_online_retail_accounts_for_541909_lines() -> None:
    account = account_of("online_retail")
    assert account.rows_read == 541_909
    assert (account.rows_accepted, account.rows_unresolved, account.rejected) == (406_829, 135_080, {})
    assert (account.customers, account.exact_repeats) == (4_372, 5_225)
    assert account.kinds == {"purchase": 397_924, "return": 8_905}
    assert (account.currency, account.zone) == ("GBP", "Europe/London")
    assert (str(account.first_day), str(account.last_day)) == ("2010-12-01", "2011-12-09")


def test_online_retail_rejects_its_repeats_when_they_are_declared_wrong() -> None:
    history = open_source(f"online_retail:{there('online_retail')}?duplicates=drop")
    with DuckDBEngine() as engine:
        engine.attach(
            history
        )  # each further question, as whether any repeat is left, would find them all again
        account = take_stock(engine, history, repeats=False)
    assert account.rejected == {"DUPLICATE_EVENT": 5_225}
    assert (account.rows_accepted, account.rows_unresolved) == (401_604, 135_080)
    assert account.rows_read == 541_909


def test_online_retail_nets_to_its_published_total_and_hides_no_fee_among_the_goods() -> None:
    told = """SELECT SUM(CASE kind WHEN 'purchase' THEN minor WHEN 'return' THEN -minor END),
      COUNT(CASE WHEN category <> 'merchandise' THEN 1 END), COUNT(category),
      COUNT(CASE WHEN kind = 'purchase' AND minor = 0 AND category <> 'other' THEN 1 END)
      FROM (SELECT *, CAST(ROUND(amount * 100) AS BIGINT) AS minor FROM touchpoints) WHERE customer_id IS NOT NULL"""
    net, fees, told_apart, free = numbers(f"online_retail:{there('online_retail')}", told)
    assert abs(net - 830_006_581) <= 10  # four lines cost a tenth of a penny: they are the kind "other"
    assert (fees, told_apart, free) == (1_920, 406_829, 40)


def test_online_retail_keeps_write_offs_apart() -> None:
    told = "SELECT COUNT(*), COUNT(customer_id), MIN(amount) >= 0 FROM touchpoints WHERE kind = 'adjustment'"
    assert numbers(f"online_retail:{there('online_retail')}", told) == [1_339, 0, 1]


def test_online_retail_happens_in_london() -> None:
    told = "SELECT MIN(occurred_us) // 1000000, MAX(occurred_us) // 1000000 FROM touchpoints WHERE order_id = '{}'"
    source = f"online_retail:{there('online_retail')}"
    assert numbers(source, told.format("536365")) == [1_291_191_960] * 2  # 08:26, in winter
    summer = numbers(
        source, "SELECT COUNT(*) FROM touchpoints WHERE occurred_us % 86400000000 < 5 * 3600000000"
    )
    assert summer == [0]  # the first order of a summer's day, at six, is five o'clock in UTC


def test_cdnow_sums_to_the_published_total() -> None:
    account = account_of("cdnow")
    assert (account.rows_read, account.rows_accepted, account.customers) == (69_659, 69_659, 23_570)
    assert (account.exact_repeats, account.currency) == (255, "USD")
    assert (str(account.first_day), str(account.last_day)) == ("1997-01-01", "1998-06-30")
    told = "SELECT SUM(CAST(ROUND(amount * 100) AS BIGINT)), COUNT(CASE WHEN amount = 0 THEN 1 END) FROM touchpoints"
    assert numbers(f"cdnow:{there('cdnow')}", told) == [250_031_563, 80]


def test_every_won_deal_of_the_olist_funnel_is_a_conversion_without_revenue() -> None:
    account = account_of("olist_funnel")
    assert (account.rows_read, account.rows_accepted) == (8_842, 8_842)
    assert (account.customers, account.buyers) == (8_000, 842)
    assert account.kinds == {"enquiry": 8_000, "purchase": 842}
    assert account.channels["seo"] == 2_296
    assert (str(account.first_day), str(account.last_day)) == ("2017-06-14", "2018-11-14")
    assert numbers(f"olist_funnel:{there('olist_funnel')}", "SELECT COUNT(amount) FROM touchpoints") == [0]


def test_the_grocer_has_days_and_no_amounts() -> None:
    account = account_of("grocery_elog")
    assert (account.rows_read, account.rows_accepted, account.customers) == (10_483, 10_483, 1_525)
    assert (account.kinds, account.channels) == ({"purchase": 10_483}, {"web": 10_483})
    assert (str(account.first_day), str(account.last_day)) == ("2006-01-01", "2007-12-30")


@pytest.mark.parametrize("name", ["online_retail", "cdnow", "olist_funnel", "grocery_elog"])
def test_the_file_or_its_folder_will_do(name: str) -> None:
    folder = there(name)
    assert open_source(f"{name}:{folder}").files == open_source(f"{name}:{folder}/{name}.parquet").files


@pytest.mark.parametrize("name", ["online_retail", "cdnow", "olist_funnel", "grocery_elog"])
def test_a_data_set_that_is_not_there_is_named_with_the_file_that_is_wanted(
    name: str, tmp_path: Path
) -> None:
    for where in ("", str(tmp_path), str(tmp_path / "x.parquet")):
        with pytest.raises(SourceError, match=f"{name}.parquet"):
            open_source(f"{name}:{where}")


def test_a_data_set_keeps_its_own_map(tmp_path: Path) -> None:
    (tmp_path / "m.toml").write_text("")
    with pytest.raises(SourceError, match="a column map of its own"):
        open_source(f"cdnow:{there('cdnow')}?map={tmp_path}/m.toml")


def test_online_retail_is_read_from_text_too(tmp_path: Path) -> None:
    (tmp_path / "online_retail.csv").write_bytes(
        "InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice,CustomerID,Country\n"
        "536365,85123A,WHITE HANGING HEART,6,12/1/2010 8:26,2.55,17850,United Kingdom\n"
        "C536379,D,Discount £5,-1,7/13/2011 9:41,27.5,14527,United Kingdom\n".encode("latin-1")
    )
    told = (
        "SELECT occurred_us // 1000000, CAST(ROUND(amount * 100) AS INT) FROM touchpoints WHERE kind = '{}'"
    )
    assert numbers(f"online_retail:{tmp_path}", told.format("purchase")) == [1_291_191_960, 1_530]
    assert numbers(f"online_retail:{tmp_path}", told.format("return")) == [1_310_546_460, 2_750]
