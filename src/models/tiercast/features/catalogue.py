"""The catalogue: every declared feature that the data can feed, fixed at the earliest test origin and then frozen."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date

import pandas as pd

from tiercast.collect import collect
from tiercast.features.compile import compile_features, needed
from tiercast.features.contract import contract_sql
from tiercast.features.declare import Family, Feature, Seen
from tiercast.features.described import beside, tables_of
from tiercast.schema import History
from tiercast.serving.tables import Tables

Run = Callable[..., pd.DataFrame]
TOP_CATEGORIES = 12
TOP_CHANNELS = 8


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

    @property
    def vocabulary(self) -> list[tuple[str, str, int]]:
        """Rows (field, term, code) that the text joins instead of holding anyone's words."""
        attributes = self.seen.attributes
        listed: dict[str, Sequence[str]] = {
            "category": self.seen.categories,
            "channel": self.seen.channels,
            "region": self.seen.regions,
            "attribute": [attribute.name for attribute in attributes],
            **{f"attribute {attribute.name}": attribute.terms for attribute in attributes},
        }
        return [(field, term, code) for field, terms in listed.items() for code, term in enumerate(terms)]

    def tables(self, history: History) -> Tables:
        """Return what the text joins: vocabularies, dictionaries, local calendars, and what is known of customers."""
        return tables_of(history, self.vocabulary)

    def text(self, history: History, wanted: Sequence[str] | None = None) -> str:
        """Compile all features, or the ``wanted`` and what they read, to the one SQL text."""
        chosen = self.features if wanted is None else needed(self.features, wanted)
        return compile_features(chosen, currency=history.currency, minor_per_major=history.minor_per_major)


def look(run: Run, history: History, cutoff: date) -> Seen:
    """Return what occurs before ``cutoff``; the most frequent terms come first, ties by name."""
    contract = contract_sql(currency=history.currency, minor_per_major=history.minor_per_major)
    visible = (
        "(SELECT * FROM contract, cutoffs WHERE verdict = 'ACCEPTED' AND seen_day < cutoff_day) AS visible"
    )
    counts = run(
        f"""WITH contract AS ({contract})
        SELECT 'kind' AS field, kind AS term, COUNT(*) AS rows FROM {visible} GROUP BY kind
        UNION ALL SELECT 'channel', channel, COUNT(*) FROM {visible} GROUP BY channel
        UNION ALL SELECT 'category', category, COUNT(*) FROM {visible}
          WHERE kind = 'purchase' AND category IS NOT NULL GROUP BY category
        UNION ALL SELECT 'has', 'discount', COUNT(*) FROM {visible} WHERE discount_minor > 0
        UNION ALL SELECT 'has', 'coupon', COUNT(*) FROM {visible} WHERE discount_type = 'coupon'
        UNION ALL SELECT 'has', 'store', COUNT(*) FROM {visible} WHERE kind = 'purchase' AND store_id IS NOT NULL""",
        cutoffs=[cutoff],
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
        **beside(history, cutoff),
    )


def build_catalogue(seen: Seen, *, extensions: tuple[str, ...] = ()) -> Catalogue:
    """Return the features of every family that ``seen`` can feed, in a stable order."""
    families = collect("tiercast.features", Family, extensions)
    features: list[Feature] = []
    family_of: dict[str, str] = {}
    for family in families.values():
        for feature in family.declare(seen):
            features.append(feature)
            family_of[feature.name] = family.name
    marketer = frozenset(family.name for family in families.values() if family.marketer_did)
    return Catalogue(tuple(features), seen, family_of, marketer)
