"""A table or view of Spark's catalogue, read where it lies."""

from collections.abc import Iterator
from typing import Any

import pandas as pd
import pytest

from tests.cli.running import answer
from tests.world import touchpoints
from tiercast import api
from tiercast.errors import SourceError
from tiercast.sources.opening import open_source

SOME = ["spend_currency", "order_days", "gap_mean_days", "channels", "weekend_share"]
"""What every feature gives on both engines is a test of the engines; here it is the table that is in question."""
pytestmark = pytest.mark.filterwarnings("ignore:PySpark does not yet fully support pandas:FutureWarning")


@pytest.fixture(scope="module")
def session() -> Iterator[Any]:
    """The session that the engine finds: its catalogue holds a view of the six customers, and one of a column."""
    from tiercast.engines.spark import SparkEngine

    with SparkEngine() as engine:
        found = engine._session
        found.createDataFrame(touchpoints()).createOrReplaceGlobalTempView("touchpoints")
        found.createDataFrame([(1,)], ["x"]).createOrReplaceGlobalTempView("narrow")
        yield found
        for view in ("touchpoints", "narrow"):
            found.catalog.dropGlobalTempView(view)


def test_a_table_is_named_and_nothing_is_read_yet() -> None:
    history = open_source("spark: shop.touchpoints ")
    assert (history.name, history.table, history.format) == (
        "spark:shop.touchpoints",
        "shop.touchpoints",
        "spark",
    )


@pytest.mark.parametrize("source", ["spark:", "spark:  "])
def test_a_table_must_be_named(source: str) -> None:
    with pytest.raises(SourceError, match=r"no table is named; name one as in spark:db[.]touchpoints"):
        open_source(source)


def test_the_engine_in_this_process_says_which_one_to_take() -> None:
    refused = answer("check", "spark:shop.touchpoints", exit_code=3)
    assert refused["error_code"] == "UNREADABLE_SOURCE"
    assert "Spark engine" in refused["message"]


@pytest.mark.spark
def test_a_view_of_the_catalogue_gives_the_features_of_its_rows(session: Any) -> None:
    asked: dict[str, Any] = {"cutoff": "2024-03-01", "features": SOME}
    theirs = api.compute_features("spark:global_temp.touchpoints", engine="spark", **asked)
    assert list(theirs) == ["customer_id", "cutoff", *SOME]
    pd.testing.assert_frame_equal(theirs, api.compute_features(touchpoints(), **asked), check_exact=True)


@pytest.mark.spark
@pytest.mark.parametrize(
    ("table", "problem"),
    [
        ("nowhere.touchpoints", "TABLE_OR_VIEW_NOT_FOUND"),
        ("x; DROP TABLE t", "PARSE_SYNTAX_ERROR"),
        ("`", "PARSE_SYNTAX_ERROR"),
        ("a.b.c.d", "cannot read spark:a.b.c.d"),
    ],
)
def test_a_table_that_is_not_there_is_a_coded_error(session: Any, table: str, problem: str) -> None:
    with pytest.raises(SourceError) as told:
        api.check(f"spark:{table}", engine="spark")
    assert problem in str(told.value)
    assert "\n" not in str(told.value)


@pytest.mark.spark
def test_a_table_that_breaks_the_contract_is_refused_by_column(session: Any) -> None:
    from tiercast.serving.refusals import MissingColumns

    with pytest.raises(MissingColumns, match="missing: customer_id, occurred_at, kind, channel; there is: x"):
        api.check("spark:global_temp.`narrow`", engine="spark")
