"""Assembly: winners, segments, scores, policies and words become one bundle, the unit that is promoted."""

from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

import tiercast.serving
from tiercast import segments as segmenting
from tiercast.actions.next_best import NEXT_BEST, ActionTable
from tiercast.features.catalogue import Catalogue
from tiercast.features.contract import contract
from tiercast.features.described import dictionaries_of
from tiercast.registry.staging import stage_bundle
from tiercast.schema import History
from tiercast.serving.conversion import Conversion
from tiercast.serving.decision import DecisionStages, DecisionStyle
from tiercast.serving.enriching import Enriching
from tiercast.serving.forecast import Forecast
from tiercast.serving.habits import Habits
from tiercast.serving.influence import READS, fit_influence
from tiercast.serving.reason_templates import TEMPLATES_VERSION
from tiercast.serving.reasons import Telling
from tiercast.serving.scores import ChurnBands, Engagement, Rfmcl, Stages
from tiercast.serving.segments import Segments
from tiercast.tiers.declared import policy_named

ALWAYS: tuple[str, ...] = (
    "touchpoints", "days_since_touchpoint", "interest_touchpoints", "interest_touchpoints_28d", "channels",
    "preferred_channel_code", "satisfaction_share", "days_since_purchase", "customer_age_days", "purchase_span_days",
    "order_days", "orders", "orders_91d", "orders_182d", "gap_mean_days", "gap_last_days", "gap_sd_days",
    "days_since_purchase_to_gap_ratio", "spend_currency", "returned_currency", "net_spend_currency",
    "spend_28d_currency", "spend_91d_currency", "spend_182d_currency", "order_day_spend_mean_currency",
    "basket_mean_currency", "categories", "categories_91d", "category_top_share", "discount_share",
    "coupons_redeemed", "coupons_redeemed_91d", "contacts_sent_91d", "days_since_contact", "stores",
    "complaints_91d", "delivery_failures_91d", "weekend_share",
    "referrals", "days_until_need_ends", "days_to_first_purchase", "episode_stage_code", *READS,
)  # fmt: skip
"""Columns that segments, scores, policies, actions and reasons may read, when the data feed them."""


def columns_read(part: Any) -> set[str]:
    """Return every column that a part's JSON names.

    Examples
    --------
    >>> sorted(columns_read({"type": "blend", "parts": [{"columns": ["orders"]}, {"column": "gap_mean_days"}]}))
    ['gap_mean_days', 'orders']
    >>> columns_read({"type": "column", "name": "stores"})
    {'stores'}
    """
    found: set[str] = set()
    if isinstance(part, Mapping):
        if part.get("type") == "column":
            found.add(str(part["name"]))
        for key, value in part.items():
            if key == "columns":
                found |= {str(each) for each in value}
            elif key in ("column", "offset_column") and value:
                found.add(str(value))
            else:
                found |= columns_read(value)
    elif isinstance(part, list):
        for each in part:
            found |= columns_read(each)
    return found


def stage(
    forecast: Forecast,
    *,
    history: History,
    catalogue: Catalogue,
    features: pd.DataFrame,
    data_ends_on: date,
    segmented: tuple[Segments, segmenting.SegmentReport],
    decided: DecisionStages,
    rfmcl: Rfmcl,
    default_policy: str,
    extensions: tuple[str, ...],
    policy_files: tuple[str, ...] = (),
    model_card: str,
    facts: Mapping[str, Any],
    conversion: Conversion | None = None,
    habits: Habits | None = None,
    actions: ActionTable = NEXT_BEST,
) -> tuple[Path, segmenting.SegmentReport]:
    """Return the folder of a new bundle, and the report of its segments.

    Parameters
    ----------
    forecast : Forecast
        Fitted as of ``data_ends_on``.
    features : pandas.DataFrame
        All customers seen before ``data_ends_on``: cut points are measured on them and frozen.
    segmented : Segments, SegmentReport
        One clustering, for the rule's bundle and the challenger's alike.
    decided : DecisionStages
    rfmcl : Rfmcl
    facts : mapping
        Further facts for the manifest.
    conversion : Conversion, optional
        What is told of prospects; without it, nothing is.
    habits : Habits, optional
        Clocks, affinities and cross-sell, fitted as of ``data_ends_on``.
    actions : ActionTable
        The rules of next best actions.
    """
    part, report = segmented
    parts = Enriching(
        forecast, part, rfmcl, Engagement(), fit_influence(features), decided, DecisionStyle(), Stages(), ChurnBands(),
        catalogue.seen.channels,
    )  # fmt: skip
    frame = parts.apply(features)
    chosen, declared = policy_named(default_policy, extensions, policy_files)
    policies = {
        name: policy.freeze(frame, currency=history.currency, absent_is_unknown=True)
        for name, policy in declared.items()
    }
    risk = np.sort(frame["churn_probability"].dropna().to_numpy(float))
    levels = np.quantile(risk, np.linspace(0, 1, 201)) if len(risk) else np.zeros(0)
    stored = {
        "forecast": forecast.to_json(),
        "conversion": None if conversion is None else conversion.to_json(),
        "segments": part.to_json(),
        "rfmcl": rfmcl.to_json(),
        "engagement": parts.engagement.to_json(),
        "influence": parts.influence.to_json(),
        "stages": parts.stages.to_json(),
        "decision_stages": decided.to_json(),
        "decision_style": parts.decision_style.to_json(),
        "churn_bands": parts.bands.to_json(),
        "telling": Telling().to_json(),
        "churn_percentiles": [float(level) for level in levels],
        "policies": policies,
        "actions": actions.freeze(frame),
    }
    if habits is not None:
        stored["habits"] = habits.to_json()
    behaviours = (
        part.columns | columns_read(decided.to_json()) | {column for column, _ in rfmcl.letters.values()}
    )
    asked = {each.name for policy in declared.values() for each in policy.inputs} | actions.inputs
    wanted = (
        columns_read([stored["forecast"], stored["conversion"]]) | behaviours | asked | set(ALWAYS)
    ) & set(catalogue.names)
    import json

    view = contract(currency=history.currency, minor_per_major=history.minor_per_major)
    folder = stage_bundle(
        Path(tiercast.serving.__file__).parent,
        {
            "features.sql": catalogue.text(history, sorted(wanted)),
            "contract.sql": view.select(()),
            "parts.json": json.dumps(stored, ensure_ascii=False),
            "MODEL_CARD.md": model_card,
        },
        {
            "currency": history.currency,
            "zone": history.zone,
            "minor_per_major": history.minor_per_major,
            "tables": dictionaries_of(history, catalogue.vocabulary).to_json(),
            "attributes": catalogue.attributes(sorted(wanted)),
            "families": {name: family for name, family in catalogue.families.items() if name in wanted},
            "default_policy": chosen.name,
            "reason_templates": TEMPLATES_VERSION,
            "fitted_as_of": data_ends_on.isoformat(),
            **facts,
        },
    )
    return folder, report
