"""A table under other names gets a column map that works as it stands, with every guess marked."""

import tomllib
from pathlib import Path

import pandas as pd
import pytest

from tiercast import check
from tiercast.intake import Account
from tiercast.mapping.known_names import COLUMNS, TABLES
from tiercast.mapping.known_values import CHANNEL_WORDS, KIND_WORDS
from tiercast.mapping.reading import map_of
from tiercast.mapping.toml import written
from tiercast.serving.contract import CHANNELS, KINDS, NAMES
from tiercast.sources.opening import open_source
from tiercast.sources.proposing import Proposed, propose

DATA = Path(__file__).parents[3] / "shared" / "data"

SHOPIFY = """Name,Email,Financial Status,Paid at,Currency,Total,Created at,Lineitem quantity,Lineitem price,Lineitem sku
#1,a@x.com,paid,2023-01-05 10:11:12 -0500,EUR,35.00,2023-01-05 10:11:12 -0500,2,10.00,MUG
#1,a@x.com,,,,,2023-01-05 10:11:12 -0500,1,15.00,CUP
#2,b@x.com,paid,2023-01-15 10:11:12 -0500,EUR,15.00,2023-01-15 10:11:12 -0500,1,15.00,MUG
"""
WOOCOMMERCE = """order_id,date_created,date_created_gmt,num_items_sold,total_sales,net_total,status,customer_id
10,2023-01-05 10:00:00,2023-01-05 09:00:00,2,35.5,30.5,wc-completed,7
11,2023-01-06 10:00:00,2023-01-06 09:00:00,2,35.5,30.5,wc-cancelled,8
12,2023-01-07 10:00:00,2023-01-07 09:00:00,-1,-10,-10,wc-refunded,7
"""
MAGENTO = """increment_id,customer_id,created_at,grand_total,base_grand_total,base_currency_code,status
100000001,7,2023-01-05 10:00:00,12.50,12.50,CHF,complete
100000002,8,2023-01-06 10:00:00,8.00,8.00,CHF,canceled
"""
ANALYTICS = """event_date,event_timestamp,event_name,user_pseudo_id,ecommerce_purchase_revenue,traffic_source_medium
20230105,1672912800000000,page_view,1.2,,organic
20230105,1672912900000000,add_to_cart,1.2,,organic
20230105,1672913000000000,purchase,1.2,49.9,organic
20230106,1672999000000000,session_start,3.4,,cpc
"""
SALESFORCE = """Id,AccountId,StageName,Amount,CloseDate,CreatedDate,LeadSource,CurrencyIsoCode
006A,001A,Closed Won,1000,2023-01-05,2022-12-01T00:00:00.000Z,Web,EUR
006B,001B,Prospecting,500,2023-02-05,2022-12-11T00:00:00.000Z,Phone,EUR
"""
OLIST = """order_id,customer_id,order_status,order_purchase_timestamp,order_approved_at
o1,c1,delivered,2017-10-02 10:56:33,2017-10-02 11:07:15
o2,c2,canceled,2018-07-24 20:41:37,2018-07-26 03:24:27
"""
GERMAN = """Kunden-Nr.;Bestelldatum;Vorgang;Betrag (EUR);Vertriebskanal
4711;31.01.2024 10:15;Kauf;1.250,50;Filiale
4712;01.02.2024 11:00;Retoure;12,50;Online
"""
FRENCH = """id_client;date_commande;montant_ttc;canal
12;31/01/2024 10:00;12,50;magasin
13;01/02/2024 11:30;8,00;en ligne
"""
SPANISH = """cliente_id,fecha_compra,importe,tipo
12,2024-01-31,12.50,compra
13,2024-02-01,8.00,devolucion
"""
CHINESE = """订单编号,买家会员名,买家实际支付金额,订单状态,订单付款时间,渠道
1001,张三,1250.50,交易成功,2024/1/31 10:00:00,微信
1002,李四,8.00,交易关闭,2024/2/1 11:30:00,门店
"""
DOLLARS = """CUSTOMER ID,Transaction Date,Total Amount,Transaction Type
A1,01/31/2024,"$1,012.50",Sale
A2,02/01/2024,$8.00,Refund
"""
CENTS = """cust_id,txn_ts,sku,qty,price_cents,store_nbr
1,1704067200,9,2,1999,12
2,1704069900,9,-1,999,13
"""

KNOWN: list[tuple[str, str, str, dict[str, int], dict[str, int], str]] = [
    ("shopify", SHOPIFY, "utf-8", {"purchase": 3}, {"web": 3}, "EUR"),
    ("woocommerce", WOOCOMMERCE, "utf-8", {"purchase": 1, "return": 1}, {"web": 2}, "USD"),
    ("magento", MAGENTO, "utf-8", {"purchase": 1}, {"web": 1}, "CHF"),
    ("analytics", ANALYTICS, "utf-8", {"visit": 2, "cart": 1, "purchase": 1}, {"seo": 3, "search_ads": 1}, "USD"),
    ("salesforce", SALESFORCE, "utf-8", {"purchase": 1, "enquiry": 1}, {"web": 1, "call_center": 1}, "EUR"),
    ("olist", OLIST, "utf-8", {"purchase": 1}, {"marketplace": 1}, "USD"),
    ("german", GERMAN, "latin-1", {"purchase": 1, "return": 1}, {"store": 1, "web": 1}, "EUR"),
    ("french", FRENCH, "utf-8", {"purchase": 2}, {"store": 1, "web": 1}, "USD"),
    ("spanish", SPANISH, "utf-16", {"purchase": 1, "return": 1}, {"web": 2}, "USD"),
    ("chinese", CHINESE, "gb18030", {"purchase": 1}, {"wechat": 1}, "USD"),
    ("dollars", DOLLARS, "utf-8", {"purchase": 1, "return": 1}, {"web": 2}, "USD"),
    ("cents", CENTS, "utf-8", {"purchase": 1, "return": 1}, {"store": 2}, "USD"),
]  # fmt: skip


def proposed(tmp_path: Path, text: str, encoding: str = "utf-8") -> tuple[Proposed, str]:
    (tmp_path / "x.csv").write_bytes(text.encode(encoding))
    source = f"csv:{tmp_path / 'x.csv'}"
    return propose(source), source


def account_under(found: Proposed, source: str, tmp_path: Path) -> Account:
    """Check the source under the map as it would be saved."""
    (tmp_path / "m.toml").write_text(found.text, encoding="utf-8")
    assert open_source(source, map=tmp_path / "m.toml").mapping is not None
    return check(f"{source}?map={tmp_path}/m.toml").account


@pytest.mark.parametrize(
    ("name", "text", "encoding", "kinds", "channels", "currency"), KNOWN, ids=[each[0] for each in KNOWN]
)
def test_a_known_table_is_proposed_right_as_it_stands(
    name: str,
    text: str,
    encoding: str,
    kinds: dict[str, int],
    channels: dict[str, int],
    currency: str,
    tmp_path: Path,
) -> None:
    found, source = proposed(tmp_path, text, encoding)
    assert found.lacking == ()
    account = account_under(found, source, tmp_path)
    assert account.rejected == {}
    assert account.kinds == kinds
    assert account.channels == channels
    assert account.currency == currency
    assert account.rows_read == text.count("\n") - 1


@pytest.mark.parametrize(
    ("name", "accepted", "unresolved", "kinds"),
    [
        ("online_retail", 406_829, 135_080, {"purchase": 397_924, "return": 8_905}),
        ("cdnow", 69_659, 0, {"purchase": 69_659}),
        ("grocery_elog", 10_483, 0, {"purchase": 10_483}),
        ("olist_funnel", 8_842, 0, {"enquiry": 8_000, "purchase": 842}),
    ],
)
def test_real_data_are_proposed_right_as_they_stand(
    name: str, accepted: int, unresolved: int, kinds: dict[str, int], tmp_path: Path
) -> None:
    file = DATA / f"{name}.parquet"
    if not file.is_file():
        pytest.skip(f"{name}.parquet is not in ../shared/data beside the project")
    found = propose(str(file))
    account = account_under(found, f"parquet:{file}", tmp_path)
    assert (account.rows_accepted, account.rows_unresolved, account.rejected) == (accepted, unresolved, {})
    assert account.kinds == kinds


def test_one_row_a_customer_is_told_to_be_no_touchpoints() -> None:
    file = DATA / "hillstrom.parquet"
    if not file.is_file():
        pytest.skip("hillstrom.parquet is not in ../shared/data beside the project")
    found = propose(str(file))
    assert "occurred_at" in found.lacking
    assert "one row a customer" in found.finding


def test_a_table_of_the_contract_needs_nothing() -> None:
    rows = pd.DataFrame(
        {"customer_id": ["a"], "occurred_at": ["2024-01-01"], "kind": "visit", "channel": "web"}
    )
    assert propose(rows).mapping.columns == {}


def test_what_is_found_is_marked_where_it_is_a_guess(tmp_path: Path) -> None:
    text = "member,date,spend\n" + "".join(f"{n % 4},0{n % 9 + 1}/0{n % 7 + 1}/2024,{n}\n" for n in range(40))
    found, _ = proposed(tmp_path, text)
    assert "?? day or month first?" in found.text
    assert "?? every row is taken as a purchase" in found.text
    assert "?? USD is assumed" in found.text
    mails, _ = proposed(tmp_path, "email,date,spend\na@x.com,2024-01-01,1\nb@x.com,2024-01-02,2\n")
    assert "?? e-mail addresses are personal data" in mails.text
    once = "customer_id,date,spend\n" + "".join(f"{n},2024-01-01,1\n" for n in range(30))
    assert "?? every row has another one" in proposed(tmp_path, once)[0].text


def test_days_in_order_tell_day_from_month(tmp_path: Path) -> None:
    days = pd.date_range("2024-01-01", "2024-01-12")
    for form in ("%d/%m/%Y", "%m/%d/%Y"):
        rows = pd.DataFrame({"customer": range(12), "date": days.strftime(form), "spend": 1})
        told = tomllib.loads(propose(rows).text)["columns"]["occurred_at"]
        assert told["format"] == form


def test_returns_told_by_the_sign_never_become_purchases(tmp_path: Path) -> None:
    found, source = proposed(tmp_path, "user,ts,action,amount\na,2024-01-01,buy,10\na,2024-01-02,buy,-10\n")
    assert account_under(found, source, tmp_path).kinds == {"purchase": 1, "return": 1}


def test_a_column_that_loads_later_is_when_it_was_known(tmp_path: Path) -> None:
    text = "customer_id,event_time,loaded_at,event_type\n1,2024-01-01 10:00:00,2024-01-02 00:00:00,purchase\n"
    told = tomllib.loads(proposed(tmp_path, text)[0].text)["columns"]
    assert (told["occurred_at"], told["known_at"]) == ("event_time", "loaded_at")


def test_a_table_that_does_not_say_who_is_told_so(tmp_path: Path) -> None:
    found, _ = proposed(tmp_path, "day,amount\n2024-01-01,10\n")
    assert found.lacking == ("customer_id",)
    assert "who the customer is" in found.finding


@pytest.mark.parametrize(
    "hostile",
    ['say "hi"', "back\\slash", "a\nb", "\x1b[31mred", "\u202eevil", "]]", "#", "=", "'''", "é", "🍎", " x "],
)
def test_hostile_names_and_words_survive_being_written_down(hostile: str) -> None:
    rows = pd.DataFrame(
        {"customer": ["a", "b"], "date": "2024-01-01", hostile: [hostile, "buy"], "channel": [hostile, "web"]}
    )
    found = propose(rows)
    assert found.text == found.text.translate({0x1B: None, 0x202E: None})
    assert check(open_source(rows, map=found.mapping)).account.rows_accepted == 2
    told = {"columns": {"kind": {"column": hostile, "values": {hostile: hostile}}}, "zone": "UTC"}
    assert map_of(tomllib.loads(written(told, {"zone": f"?? {hostile}"}, hostile))) == map_of(told)


def test_empty_tables_and_empty_columns_are_looked_at_without_a_fault() -> None:
    nothing = pd.DataFrame({"customer": [], "date": [], "spend": []})
    assert propose(nothing).lacking
    rows = pd.DataFrame(
        {"customer": ["a"], "date": ["2024-01-01"], "kind": [None], "amount": [None], "x": [[1]]}
    )
    assert "occurred_at" in propose(rows).mapping.columns


@pytest.mark.spark
@pytest.mark.filterwarnings("ignore:PySpark does not yet fully support pandas:FutureWarning")
@pytest.mark.parametrize(
    ("text", "encoding"), [(GERMAN, "latin-1"), (ANALYTICS, "utf-8"), (CHINESE, "gb18030")]
)
def test_spark_proposes_what_duckdb_does(text: str, encoding: str, tmp_path: Path) -> None:
    found, source = proposed(tmp_path, text, encoding)
    assert propose(source, engine="spark").text == found.text


def test_what_is_known_is_known_to_the_contract() -> None:
    assert set(KIND_WORDS) <= set(KINDS)
    assert set(CHANNEL_WORDS) <= set(CHANNELS)
    assert set(COLUMNS) - set(NAMES) == {"unit_price", "order_status"}
    assert {pick for table in TABLES for pick in table.picks} <= set(COLUMNS)
    assert {table.channel for table in TABLES} <= set(CHANNELS)
