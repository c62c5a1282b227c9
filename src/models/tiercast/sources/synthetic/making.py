"""Making: a synthetic history in memory, with everything that is true of it beside it."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING

import pandas as pd

from tiercast.errors import SourceError
from tiercast.sources.synthetic.block import Block, blocks_of, draw_block
from tiercast.sources.synthetic.identities import identities_table
from tiercast.sources.synthetic.law import Law
from tiercast.sources.synthetic.places import channels_table, products_table, stores_table
from tiercast.sources.synthetic.season import Season
from tiercast.sources.synthetic.settings import MOST_IN_MEMORY, Settings
from tiercast.sources.synthetic.tables import (
    assignments_table,
    customers_table,
    touchpoints_table,
    truth_table,
)

if TYPE_CHECKING:
    import pyarrow as pa


@dataclass(frozen=True)
class Synthetic:
    """Touchpoints, the side tables around them, and the truth about every customer.

    Parameters
    ----------
    touchpoints : pandas.DataFrame
        The contract's columns, in order of arrival.
    customers, products, channels, stores, identities, assignments : pandas.DataFrame
        The side tables.
    truth : pandas.DataFrame
        One row per customer; the columns are told in :mod:`tiercast.sources.synthetic`.
    """

    touchpoints: pd.DataFrame
    customers: pd.DataFrame
    products: pd.DataFrame
    channels: pd.DataFrame
    stores: pd.DataFrame
    identities: pd.DataFrame
    assignments: pd.DataFrame
    truth: pd.DataFrame


def synthesize(
    customers: int,
    *,
    seed: int = 7,
    days: int = 730,
    start: date = date(2024, 1, 1),
    late: float = 0.02,
    resent: float = 0.0,
    unresolved: float = 0.0,
    law: Law | None = None,
) -> Synthetic:
    """Draw a history of ``customers`` customers together with its truth.

    Parameters
    ----------
    customers : int
        At most 200,000; more are written to files by ``write_synthetic``.
    seed : int
        The same arguments give the same bytes, always.
    days : int
        Length; nothing occurs or becomes known at or after midnight UTC of ``start + days``.
    start : datetime.date
    late : float
        Share of orders, and of touchpoints outside orders, that become known half a day or more later.
    resent : float
        Share of rows that come a second time, later, under the same ``event_id``: duplicates.
    unresolved : float
        Share of rows without a customer.
    law : Law, optional
        Other parameters of the generating model.

    Raises
    ------
    SourceError
        A number is out of its range.

    Examples
    --------
    >>> world = synthesize(50)
    >>> len(world.truth), world.touchpoints["customer_id"].nunique()
    (50, 50)
    >>> bool((world.touchpoints["known_at"] >= world.touchpoints["occurred_at"]).all())
    True
    >>> synthesize(0)
    Traceback (most recent call last):
    ...
    tiercast.errors.SourceError: cannot read synthetic:0: customers is 0; give a whole number from 1 to 10,000,000
    """
    return make(Settings(customers, seed, days, start, late, resent, unresolved, law or Law()))


def make(settings: Settings) -> Synthetic:
    """Return what the settings ask for."""
    if settings.customers > MOST_IN_MEMORY:
        raise SourceError(
            source=settings.name,
            problem=f"more than {MOST_IN_MEMORY:,} customers are not made in memory",
            fix="write them once with tiercast.sources.synthetic.write_synthetic(FOLDER, CUSTOMERS), "
            "then read parquet:FOLDER/touchpoints",
        )
    season = season_of(settings)
    blocks = [draw_block(settings, index, season) for index in range(blocks_of(settings))]

    def each(table: Callable[[Block], "pa.Table"]) -> pd.DataFrame:
        import pyarrow as pa

        return _framed(pa.concat_tables([_plain(table(block)) for block in blocks]))

    return Synthetic(
        touchpoints=_framed(touchpoints_table(blocks, settings)),
        customers=each(lambda block: customers_table(block, settings)),
        products=_framed(products_table(settings.start)),
        channels=_framed(channels_table()),
        stores=_framed(stores_table()),
        identities=each(lambda block: identities_table(block, settings)),
        assignments=each(lambda block: assignments_table(block, settings)),
        truth=each(lambda block: truth_table(block, settings, season)),
    )


def season_of(settings: Settings) -> Season:
    """Return the season, to the end of the horizon after the history."""
    return Season.of(settings.law, settings.start, settings.days + settings.law.horizon_days)


def _plain(table: "pa.Table") -> "pa.Table":
    """Return a table with categorical text written out, which every engine reads in the same way."""
    import pyarrow as pa

    kinds = [pa.string() if pa.types.is_dictionary(kind) else kind for kind in table.schema.types]
    return table.cast(pa.schema(list(zip(table.column_names, kinds, strict=True))))


def _framed(table: "pa.Table") -> pd.DataFrame:
    return _plain(table).to_pandas(date_as_object=False)
