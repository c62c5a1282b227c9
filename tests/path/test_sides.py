"""The whole path with side tables: trained with them, kept without anybody in them, and answered alike everywhere."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

import tiercast
from tests.path.server import ask, serving, split
from tests.path.test_http import assert_same
from tests.path.world import CARD, CUTOFF, make_touchpoints, quick_trees
from tiercast.registry import bundle_folder, open_store
from tiercast.serving.refusals import RejectedRows, UnknownColumns, WrongType

SOME = ["c0003", "c0007", "c0050", "c0111", "c0222", "never1"]
NAMES = {
    "vigour": "vigour",
    "city": "city",
    "points": "customer_points",
    "since": "since",
    'x"; --': 'x"; --',
    "birth_on": "birth_on",
}
"""Attributes, and the column of a request in which each is sent."""


@dataclass(frozen=True)
class Shop:
    """A shop with side tables: what it gives to training and scoring, and what a caller of its model knows."""

    root: Path
    uri: str
    rows: pd.DataFrame
    people: pd.DataFrame

    @property
    def sides(self) -> dict[str, str]:
        return {
            name: str(self.root / f"{name}.parquet")
            for name in ("customers", "products", "stores", "assignments", "identities")
        }

    @property
    def source(self) -> str:
        return str(self.root / "touchpoints.parquet")

    def request(self) -> pd.DataFrame:
        """Return the touchpoints of some customers with their attributes beside each row."""
        rows = self.rows[self.rows["customer_id"].isin(SOME)].reset_index(drop=True)
        return rows.merge(self.people.rename(columns=NAMES), on="customer_id", how="left")


def _build(root: Path) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Write a small year of touchpoints, a tenth of which only a cookie tells, and everything beside them."""
    rows = make_touchpoints(250).assign(
        product_id=lambda told: told["category"].map({"tea": "p1", "soap": "p2"})
    )
    # tea and soap are told by the dictionary
    rows["category"] = rows["category"].where(rows["product_id"].isna())
    last = rows[rows["kind"] == "purchase"].groupby("customer_id")["occurred_at"].max()
    names = sorted(rows["customer_id"].unique())
    number = np.arange(len(names))
    people = pd.DataFrame(
        {
            "customer_id": names,
            # it knows the future: so a model is sure to read it
            "vigour": (last.reindex(names) - pd.Timestamp("2024-01-01")).dt.days.astype("float64").to_numpy(),
            "city": np.where(
                number % 3 == 0, None, np.array(["Rome", "Oslo", "Bonn"], dtype=object)[number % 3]
            ),
            "points": (number * 7 % 90).astype("float64"),
            "since": pd.Timestamp("2020-01-01") + pd.to_timedelta(number, unit="D"),
            'x"; --': np.where(number % 2 == 0, "yes", "no").astype(object),
            "birth_on": pd.Timestamp("1980-01-01") + pd.to_timedelta(number * 30, unit="D"),
        }
    )
    rows.to_parquet(root / "plain.parquet", index=False)
    hidden = np.arange(len(rows)) % 10 == 0
    told = rows.assign(
        identity=np.where(hidden, "id of " + rows["customer_id"], None),
        identity_kind=np.where(hidden, "cookie", None),
    )
    told["customer_id"] = told["customer_id"].where(~hidden)
    told.to_parquet(root / "touchpoints.parquet", index=False)
    people.to_parquet(root / "customers.parquet", index=False)
    tables = {
        "products": pd.DataFrame({"product_id": ["p1", "p2"], "category": ["tea", "soap"], "unit_cost": [1.5, 2.5]}),
        "stores": pd.DataFrame({"store_id": ["s0", "s1", "s2", "s3"], "zone": ["Asia/Tokyo", None, "America/New_York", None],
                                "region": ["north", "north", "south", None]}),
        "assignments": pd.DataFrame({"customer_id": names[:200], "campaign_id": "m1", "arm": ["control", "treatment"] * 100,
                                     "assigned_at": "2024-01-04", "probability": 0.5}),
        "identities": pd.DataFrame({"identity": [f"id of {name}" for name in names], "customer_id": names})
        .assign(identity_kind="cookie"),
    }  # fmt: skip
    for name, frame in tables.items():
        frame.to_parquet(root / f"{name}.parquet", index=False)
    return rows, people


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    root = tmp_path_factory.mktemp("shop")
    rows, people = _build(root)
    with pytest.MonkeyPatch.context() as patch, quick_trees():
        uri = f"sqlite:///{root / 'mlruns' / 'mlflow.db'}"
        patch.setenv("MLFLOW_TRACKING_URI", uri)
        built = Shop(root, uri, rows, people)
        sides = [f"{name}={source}" for name, source in built.sides.items()]
        tiercast.train({**CARD, "source": built.source, "test_origins": 1, "step_days": 42, "sides": sides})
        yield built


@pytest.fixture(scope="module")
def bundle(shop: Shop) -> Any:
    return tiercast.load("challenger")


def batch(shop: Shop, **given: Any) -> pd.DataFrame:
    cards = tiercast.score(shop.source, cutoff=CUTOFF, model="challenger", **given).cards
    return cards[cards["customer_id"].isin(SOME)].reset_index(drop=True)


def without(sides: dict[str, str], *names: str) -> dict[str, str]:
    return {name: source for name, source in sides.items() if name not in names}


def test_the_version_lists_the_attributes_that_it_reads(bundle: Any) -> None:
    listed = {each["name"]: each["column"] for each in bundle.attributes}
    assert listed.items() <= NAMES.items()
    assert "vigour" in listed
    assert {each["name"]: each["kind"] for each in bundle.attributes}["vigour"] == "number"


def test_nobody_is_in_the_bundle(shop: Shop) -> None:
    folder = bundle_folder(open_store(), "challenger")
    held = "".join(
        path.read_text("utf-8") for path in Path(folder).rglob("*") if path.suffix in (".json", ".sql", ".md")
    )
    assert "c0003" not in held
    assert "id of" not in held
    assert "soap" in held  # dictionaries are frozen with the version


def test_the_model_card_says_which_side_tables_were_used(shop: Shop) -> None:
    card = (Path(bundle_folder(open_store(), "challenger")) / "MODEL_CARD.md").read_text("utf-8")
    assert "Side tables: customers" in card
    for name in shop.sides:
        assert name in card


def test_batch_notebook_and_web_answer_alike_with_attributes(shop: Shop, bundle: Any, tmp_path: Path) -> None:
    ours = batch(shop, sides=without(shop.sides, "assignments"))
    request = shop.request()
    notebook = bundle.predict(request, cutoff=CUTOFF)
    assert_same(ours.to_dict("records"), notebook.to_dict("records"))
    for name in ("since", "birth_on"):
        request[name] = request[name].dt.strftime("%Y-%m-%d")
    with serving(shop.uri, tmp_path, "models:/tiercast-scorecard@challenger") as address:
        status, reply = ask(
            address, {"dataframe_split": split(request), "params": {"cutoff": CUTOFF.isoformat()}}
        )
        assert status == 200, reply
        assert_same(ours.to_dict("records"), reply["predictions"])
        status, reply = ask(address, {"dataframe_split": split(request.rename(columns={"vigour": "vigor"})),
                                      "params": {"cutoff": CUTOFF.isoformat()}})  # fmt: skip
    assert (status, reply["error_code"]) == (400, "UNKNOWN_COLUMN")
    assert reply["details"]["closest"] == {"vigor": "vigour"}


def test_attributes_that_do_not_come_are_unknown_everywhere(shop: Shop, bundle: Any) -> None:
    rows = shop.request().drop(columns=[*NAMES.values()])
    bare = bundle.predict(rows, cutoff=CUTOFF)
    assert_same(
        batch(shop, sides=without(shop.sides, "customers", "assignments")).to_dict("records"),
        bare.to_dict("records"),
    )
    assert not bare["churn_probability"].equals(
        bundle.predict(shop.request(), cutoff=CUTOFF)["churn_probability"]
    )


def test_a_batch_says_which_side_tables_it_went_without(shop: Shop) -> None:
    report = tiercast.score(
        shop.source, cutoff=CUTOFF, model="challenger", sides=without(shop.sides, "customers")
    )
    assert report.lacking == ("customers",)
    assert tiercast.score(shop.source, cutoff=CUTOFF, model="challenger", sides=shop.sides).lacking == ()


def test_dictionaries_are_those_of_the_version_and_not_of_the_day(shop: Shop) -> None:
    other = pd.DataFrame({"product_id": ["p1", "p2"], "category": ["gin", "rum"]})
    mine, theirs = (batch(shop, sides=sides) for sides in (shop.sides, shop.sides | {"products": other}))
    pd.testing.assert_frame_equal(mine, theirs)


def test_who_was_drawn_for_what_is_unknown_without_the_table(shop: Shop, bundle: Any) -> None:
    from tiercast.features.described import people_of
    from tiercast.sources.opening import open_source

    read = [name for name, family in bundle.manifest["families"].items() if family == "assignment"]
    rows = shop.rows[shop.rows["customer_id"].isin(SOME)]
    people = people_of(open_source(rows, sides=shop.sides))
    assert bundle.features(rows, cutoff=CUTOFF)[read].isna().all(axis=None)
    known = bundle.features(rows, cutoff=CUTOFF, people=people)
    assert known[[name for name in read if not name.startswith("days")]].notna().all(axis=None)


def test_the_last_value_of_a_customer_is_believed(shop: Shop, bundle: Any) -> None:
    request = shop.request()
    first = ~request.duplicated("customer_id", keep="last")
    doubtful = request.assign(
        vigour=np.where(first, request["vigour"], -1e9), city=request["city"].where(first, "elsewhere")
    )
    told = [bundle.predict(rows, cutoff=CUTOFF) for rows in (request, doubtful)]
    known = request.groupby("customer_id")["city"].last().notna()
    ours, theirs = (cards[cards["customer_id"].isin(known[known].index)] for cards in told)
    pd.testing.assert_frame_equal(ours, theirs)


def test_an_attribute_that_cannot_be_read_is_refused_or_skipped_as_asked(shop: Shop, bundle: Any) -> None:
    request = shop.request()
    with pytest.raises(RejectedRows, match="BAD_NUMBER"):
        bundle.predict(request.assign(vigour="many"), cutoff=CUTOFF)
    skipped = bundle.predict(request.assign(vigour="many"), cutoff=CUTOFF, rejected="skip")
    bare = bundle.predict(request.drop(columns=[*NAMES.values()]), cutoff=CUTOFF)
    pd.testing.assert_frame_equal(skipped, bare)
    with pytest.raises(WrongType, match="column vigour holds true and false; send numbers"):
        bundle.predict(request.assign(vigour=True), cutoff=CUTOFF)
    with pytest.raises(UnknownColumns, match=r"citi \(did you mean city\?\)"):
        bundle.predict(request.rename(columns={"city": "citi"}), cutoff=CUTOFF)


def test_one_customer_is_explained_with_what_is_on_record(shop: Shop) -> None:
    told = tiercast.explain(shop.source, "c0003", cutoff=CUTOFF, model="challenger", sides=shop.sides)
    name = next(name for name in told.features if name.endswith("_vigour"))
    assert told.features[name] == shop.people.set_index("customer_id")["vigour"]["c0003"]
    card = batch(shop, sides=shop.sides).set_index("customer_id").loc["c0003"]
    assert told.card["churn_probability"] == card["churn_probability"]


def test_segments_and_panels_take_side_tables(shop: Shop) -> None:
    found = tiercast.panel(shop.source, cutoffs=["2024-10-01"], sides=shop.sides)
    assert any(name.endswith("_vigour") for name in found.columns)
    assert len(tiercast.segment(shop.source, clusters=2, sides=shop.sides).assigned) == len(shop.people)
