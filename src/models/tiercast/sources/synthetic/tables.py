"""The synthetic world as tables: touchpoints in the contract's columns, the side tables, and the truth."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from tiercast.serving.contract import CHANNELS, KINDS
from tiercast.sources.synthetic import truth
from tiercast.sources.synthetic.block import Block
from tiercast.sources.synthetic.campaigns import campaign_names
from tiercast.sources.synthetic.cells import (
    CUSTOMER_DIGITS,
    NUMBER_DIGITS,
    codes_of,
    dates,
    ids,
    measured,
    moments,
    numbers,
    times,
)
from tiercast.sources.synthetic.law import SELLING
from tiercast.sources.synthetic.places import (
    ALL_CATEGORIES,
    CATEGORIES,
    CONSUMABLES,
    PRODUCTS,
    REGIONS,
    category_of,
    store_names,
    unit_costs,
)
from tiercast.sources.synthetic.rows import DISCOUNT_TYPES, PURPOSES, STAFFED, SURVEY_TYPES, Codes
from tiercast.sources.synthetic.season import Season
from tiercast.sources.synthetic.settings import Settings

if TYPE_CHECKING:
    import pyarrow as pa

PRODUCT_NAMES = [f"p{code:04d}" for code in range(PRODUCTS)]


def touchpoints_table(blocks: Sequence[Block], settings: Settings) -> "pa.Table":
    """Return the touchpoints of neighbouring blocks in order of arrival."""
    import pyarrow as pa

    rows: Codes = {name: np.concatenate([block.rows[name] for block in blocks]) for name in blocks[0].rows}
    if len(blocks) > 1:
        arrival = np.argsort(rows["known"], kind="stable")
        rows = {name: cells[arrival] for name, cells in rows.items()}
    first, last = blocks[0].first, blocks[-1].first + len(blocks[-1].people)
    names = ids("c", np.arange(first, last), CUSTOMER_DIGITS)
    product = rows["product"]
    bought = (rows["kind"] == KINDS.index("purchase")) & (product >= 0)
    customer = rows["customer"] - first
    return pa.table(
        {
            "customer_id": pa.DictionaryArray.from_arrays(
                pa.array(customer, mask=rows["customer"] < 0), names, safe=False
            ),
            "occurred_at": times(rows["occurred"]),
            "kind": codes_of(KINDS, rows["kind"]),
            "channel": codes_of(CHANNELS, rows["channel"]),
            "event_id": ids("e", rows["event"], NUMBER_DIGITS),
            "known_at": times(rows["known"]),
            "order_id": ids("o", rows["order"], NUMBER_DIGITS),
            "case_id": ids("k", rows["case"], NUMBER_DIGITS),
            "store_id": codes_of(store_names(), rows["store"]),
            "product_id": codes_of(PRODUCT_NAMES, product),
            "category": codes_of(
                ALL_CATEGORIES, np.where(product >= 0, category_of()[product], -1).astype(np.int8)
            ),
            "quantity": numbers(rows["quantity"]),
            "amount": numbers(rows["amount"], 100),
            "discount": numbers(rows["discount"], 100),
            "discount_type": codes_of(DISCOUNT_TYPES, rows["discount_type"]),
            "unit_cost": pa.array(unit_costs()[product], mask=~bought),
            "rating": numbers(rows["rating"]),
            "rating_scale": numbers(rows["rating_scale"]),
            "survey_type": codes_of(SURVEY_TYPES, rows["survey_type"]),
            "points": numbers(rows["points"]),
            "campaign_id": codes_of(campaign_names(settings.days, settings.law), rows["campaign"]),
            "purpose": codes_of(PURPOSES, rows["purpose"]),
            "referred_customer_id": ids("c", rows["referred"], CUSTOMER_DIGITS),
            "staff_assisted": codes_of(STAFFED, rows["staffed"]),
        }
    )


def customers_table(block: Block, settings: Settings) -> "pa.Table":
    """Return what is known of the customers themselves."""
    import pyarrow as pa

    people = block.people
    return pa.table(
        {
            "customer_id": _customers(block),
            "valid_from": moments(people.acquired, settings.start),
            "known_at": moments(people.acquired, settings.start),
            "birth_on": dates(people.birth_days, settings.start),
            "need_ends_on": dates(np.where(people.has_need, people.need_ends, np.nan), settings.start),
            "region": codes_of([region for region, _ in REGIONS], people.region),
            "acquisition_channel": _acquisition(block, settings),
        }
    )


def assignments_table(block: Block, settings: Settings) -> "pa.Table":
    """Return who was drawn into which campaign, and into which arm."""
    import pyarrow as pa

    assignments = block.assignments
    return pa.table(
        {
            "customer_id": ids("c", block.first + assignments.customer, CUSTOMER_DIGITS),
            "campaign_id": codes_of(campaign_names(settings.days, settings.law), assignments.campaign),
            "arm": codes_of(("control", "treatment"), assignments.treated.astype(np.int8)),
            "assigned_at": moments(assignments.at, settings.start),
            "probability": np.where(
                assignments.treated, assignments.probability, 1.0 - assignments.probability
            ),  # of the arm that was drawn, as the side table has it
        }
    )


def truth_table(block: Block, settings: Settings, season: Season) -> "pa.Table":
    """Return the truth; what each column means is told in :mod:`tiercast.sources.synthetic`."""
    import pyarrow as pa

    people, orders, law, days = block.people, block.orders, settings.law, settings.days
    alive = truth.alive_probability(people, orders, block.assignments, season, days, law)
    general, runout = truth.expected_orders(people, orders, alive, season, days, law)
    bought = people.converted < days
    gone = np.ceil(people.left)
    lasts = np.array([each.days_per_unit for each in CONSUMABLES])[people.consumable]
    return pa.table(
        {
            "customer_id": _customers(block),
            "acquisition_channel": _acquisition(block, settings),
            "acquired_at": moments(people.acquired, settings.start),
            "converted_at": moments(np.where(bought, people.converted, np.nan), settings.start),
            "alive_until": moments(np.where(bought & (gone <= days), gone, np.nan), settings.start),
            "alive_probability": measured(alive),
            "orders_per_day": people.rate,
            "regularity": people.regularity,
            "death_per_day": people.death_rate,
            "mean_basket_currency": people.basket,
            "return_probability": people.return_probability,
            "discount_probability": people.discount_probability,
            "satisfaction_share": people.satisfaction,
            "contact_effect_orders": people.effect,
            "decision_style": codes_of([style.name for style in law.styles], people.style),
            "preferred_channel": codes_of(SELLING, people.preferred),
            "preferred_hour": people.hour,
            "preferred_category": codes_of([each.name for each in CATEGORIES], people.category),
            "need_ends_on": dates(np.where(people.has_need, people.need_ends, np.nan), settings.start),
            "runout_days_per_unit": measured(np.where(people.has_need, lasts, np.nan)),
            "conversion_probability": measured(truth.conversion_probability(people, days, law)),
            "expected_orders": measured(general + runout),
            "expected_value_currency": measured(truth.expected_value(people, general, runout, law)),
            "realised_orders": pa.array(orders.realised, mask=~bought),
        }
    )


def _customers(block: Block) -> "pa.StringArray":
    return ids("c", block.first + np.arange(len(block.people)), CUSTOMER_DIGITS)


def _acquisition(block: Block, settings: Settings) -> "pa.DictionaryArray":
    return codes_of([way.channel for way in settings.law.acquisitions], block.people.acquisition)
