"""The catalogue: every declared feature that the data can feed, fixed at the earliest test origin and then frozen."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date

import pandas as pd

from tiercast.attribute_kinds import as_learned
from tiercast.collect import choose, collect
from tiercast.features.attribute import attributes_of
from tiercast.features.compile import compile_features, needed
from tiercast.features.contract import contract_sql
from tiercast.features.declare import Family, Feature, Seen
from tiercast.features.described import beside, dictionaries_of, tables_of
from tiercast.schema import History
from tiercast.serving.attributes import request_columns
from tiercast.serving.tables import Tables

Run = Callable[..., pd.DataFrame]
TOP_CATEGORIES = 12
TOP_CHANNELS = 8
TOP_PURPOSES = 4


@dataclass(frozen=True)
class Catalogue:
    """Features, the vocabulary they speak of, and the family of each."""

    features: tuple[Feature, ...]
    seen: Seen
    families: dict[str, str]
    marketer_did: frozenset[str]

    @property
    def names(self) -> list[str]:
        """Names in the order of the text's columns."""
        return [feature.name for feature in self.features]

    def require(self, names: Sequence[str]) -> None:
        """Refuse a name that is no feature of these data.

        Raises
        ------
        UnknownName
        """
        known = {feature.name: feature for feature in self.features}
        for name in names:
            choose(known, name, what="feature")

    @property
    def vocabulary(self) -> list[tuple[str, str, int]]:
        """Rows (field, term, code) that the text joins instead of holding anyone's words."""
        attributes = self.seen.attributes
        listed: dict[str, Sequence[str]] = {
            "category": self.seen.categories,
            "channel": self.seen.channels,
            "region": self.seen.regions,
            "purpose": self.seen.purposes,
            "attribute": [attribute.name for attribute in attributes],
            **{f"attribute {attribute.name}": attribute.terms for attribute in attributes},
        }
        return [(field, term, code) for field, terms in listed.items() for code, term in enumerate(terms)]

    def tables(self, history: History) -> Tables:
        """Return what the text joins: vocabularies, dictionaries, local calendars, and what is known of customers."""
        return tables_of(self.read(history), self.vocabulary)

    def read(self, history: History) -> History:
        """Return a history whose attributes are of the kinds that were seen, whatever has come to be known since."""
        return as_learned(history, {each.name: each.kind for each in self.seen.attributes})

    def attributes(self, wanted: Sequence[str]) -> list[dict[str, str]]:
        """Return the attributes of customers that the ``wanted`` features read, each with its column in a request."""
        read = {feature.name for feature in needed(self.features, wanted) if feature.grain == "attributes"}
        told = attributes_of(self.seen, read)
        listed = told if len(told) == len(read) else self.seen.attributes  # a feature that reads them all
        columns = request_columns([attribute.name for attribute in self.seen.attributes])
        return [{"name": each.name, "column": columns[each.name], "kind": each.kind} for each in listed]

    def text(self, history: History, wanted: Sequence[str] | None = None) -> str:
        """Compile all features, or the ``wanted`` and what they read, to the one SQL text."""
        chosen = self.features if wanted is None else needed(self.features, wanted)
        return compile_features(
            chosen,
            currency=history.currency,
            minor_per_major=history.minor_per_major,
            described=self.seen.described,
            episode_gap_days=self.seen.episode_gap_days,
        )


def look(run: Run, history: History, cutoff: date) -> Seen:
    """Return what occurs before ``cutoff``; the most frequent terms come first, ties by name.

    All rows are rolled up at once, by words of which there are few: one scan, of which nothing is kept.
    """
    contract = contract_sql(currency=history.currency, minor_per_major=history.minor_per_major)
    flags = {
        "case": "kind = 'complaint' AND case_id IS NOT NULL",
        "points": "points_milli IS NOT NULL",
        "referred": "kind = 'referral' AND referred_customer_id IS NOT NULL",
        "discount": "discount_minor > 0",
        "coupon": "discount_type = 'coupon'",
        "store": "kind = 'purchase' AND store_id IS NOT NULL",
        "product": "kind = 'purchase' AND visible.product_id IS NOT NULL",
        "quantity": "kind = 'purchase' AND quantity_milli > 0",
        "cost": "kind = 'purchase' AND cost_minor IS NOT NULL",
        "returned order": "kind = 'return' AND order_id IS NOT NULL",
    }
    held = ", ".join(
        f"COUNT(CASE WHEN {flag} THEN 1 END) AS has_{at}" for at, flag in enumerate(flags.values())
    )
    flagged = " ".join(
        f"UNION ALL SELECT 'has', '{name}', SUM(has_{at}) FROM rolled" for at, name in enumerate(flags)
    )
    counts = run(
        f"""WITH contract AS ({contract}),
        visible AS (
          SELECT *, CASE WHEN survey_type IN ('csat', 'nps') AND kind = 'survey' THEN survey_type END AS survey,
            CASE WHEN kind IN ('consent_granted', 'consent_withdrawn') THEN purpose END AS consent
          FROM contract, cutoffs WHERE verdict = 'ACCEPTED' AND seen_day < cutoff_day
        ),
        rolled AS (
          SELECT kind, channel, CASE WHEN kind = 'purchase' THEN COALESCE(visible.category, sold.category) END AS bought,
            survey, consent, COUNT(*) AS n, {held}, MAX(cutoff_day) - MIN(day) AS days
          FROM visible LEFT JOIN products AS sold ON sold.product_id = visible.product_id
            AND sold.from_day <= seen_day AND seen_day < sold.until_day
          GROUP BY kind, channel, CASE WHEN kind = 'purchase' THEN COALESCE(visible.category, sold.category) END,
            survey, consent
        )
        SELECT 'kind' AS field, kind AS term, SUM(n) AS rows FROM rolled GROUP BY kind
        UNION ALL SELECT 'channel', channel, SUM(n) FROM rolled GROUP BY channel
        UNION ALL SELECT 'category', bought, SUM(n) FROM rolled WHERE bought IS NOT NULL GROUP BY bought
        UNION ALL SELECT 'survey', survey, SUM(n) FROM rolled WHERE survey IS NOT NULL GROUP BY survey
        UNION ALL SELECT 'purpose', consent, SUM(n) FROM rolled WHERE consent IS NOT NULL GROUP BY consent
        {flagged}
        UNION ALL SELECT 'years', 'years', CAST(FLOOR(MAX(days) / 3.64e2) AS BIGINT) FROM rolled WHERE kind = 'purchase'""",
        cutoffs=[cutoff],
        tables=dictionaries_of(history),
    ).sort_values(["field", "rows", "term"], ascending=[True, False, True])
    terms = {field: list(part["term"]) for field, part in counts[counts["rows"] > 0].groupby("field")}
    has = set(terms.get("has", []))
    return Seen(
        kinds=frozenset(terms.get("kind", [])),
        channels=tuple(terms.get("channel", [])[:TOP_CHANNELS]),
        categories=tuple(terms.get("category", [])[:TOP_CATEGORIES]),
        discounts="discount" in has,
        coupons="coupon" in has,
        stores="store" in has,
        products="product" in has,
        quantities="quantity" in has,
        costs="cost" in has,
        returned_orders="returned order" in has,
        years=max((int(rows) for rows in counts.loc[counts["field"] == "years", "rows"].dropna()), default=0),
        surveys=frozenset(terms.get("survey", [])),
        purposes=tuple(terms.get("purpose", [])[:TOP_PURPOSES]),
        cases="case" in has,
        points="points" in has,
        referred="referred" in has,
        episode_gap_days=history.episode_gap_days,
        **beside(history, cutoff),
    )


def build_catalogue(seen: Seen, *, extensions: tuple[str, ...] = (), of_the_day: bool = True) -> Catalogue:
    """Return the features of every family that ``seen`` can feed, in a stable order.

    ``of_the_day=False`` leaves out the families that tell of the cutoff and are the same for every customer.
    """
    families = collect("tiercast.features", Family, extensions)
    if not of_the_day:
        families = {name: family for name, family in families.items() if not family.of_the_day}
    features: list[Feature] = []
    family_of: dict[str, str] = {}
    for family in families.values():
        for feature in family.declare(seen):
            features.append(feature)
            family_of[feature.name] = family.name
    marketer = frozenset(family.name for family in families.values() if family.marketer_did)
    return Catalogue(tuple(features), seen, family_of, marketer)
