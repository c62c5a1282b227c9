"""Print the catalogue of features from their declarations: ``python docs/features.py > docs/features.md``."""

from itertools import groupby

from tiercast.collect import collect
from tiercast.features.catalogue import TOP_CATEGORIES, TOP_CHANNELS, build_catalogue
from tiercast.features.declare import Family, Seen

EVERYTHING = Seen.everything(
    channels=("CHANNEL", "another"), categories=("CATEGORY",), regions=("REGION",), purposes=("PURPOSE",)
)
"""A history in which everything occurs, with one category, channel, region and attribute of a kind to stand for all."""

HEAD = """# Features

What is known of a customer at a cutoff, {count} columns when a history has everything. A feature that a history
cannot feed is not there: without coupons there is no redemption, without returns no share of them. This page is
made from the declarations in `features/` by `python docs/features.py`; a test keeps the two together. How to add
one of your own is in [extending](extending.md).

* Every feature looks at touchpoints that happened **and** were known before the cutoff, and at nothing else.
* A window of *n* days is `[cutoff - n, cutoff)`: start included, end excluded. Windows are whole weeks, so that
  each weekday weighs alike.
* *absent* is the value of a customer without anything to count; `unknown` is a null, which no model takes for a
  zero.
* `c0_category` and `c0_channel` stand for a vocabulary: one feature for each of the {categories} categories and
  the {channels} channels that occur most; `number`, `word` and `date` for attributes of customers, `region` for
  those of stores ([side tables](sides.md)). A vocabulary is fixed when a model is trained and travels with it
  ([decision 11](decisions/0011-a-vocabulary-is-joined-never-written.md)).
"""


def page() -> str:
    """Return the whole page as Markdown."""
    catalogue = build_catalogue(EVERYTHING)
    shown = [feature for feature in catalogue.features if "_c1_" not in feature.name]
    families = collect("tiercast.features", Family)
    parts = [HEAD.format(count=len(shown), categories=TOP_CATEGORIES, channels=TOP_CHANNELS)]
    for family, features in groupby(shown, key=lambda feature: catalogue.families[feature.name]):
        told = families[family]
        done = " What is counted here was done *to* the customer: it is never told as a reason of theirs."
        same = " It is the same for every customer, and told only where two years of purchases were seen."
        more = (done if told.marketer_did else "") + (same if told.of_the_day else "")
        parts.append(f"\n## {family}\n\n{told.question}{more}\n\n")
        parts.append("| feature | unit | meaning | absent |\n|---|---|---|---|\n")
        for feature in features:
            absent = "unknown" if feature.absent is None else f"{feature.absent:g}"
            parts.append(f"| `{feature.name}` | {feature.unit} | {feature.meaning} | {absent} |\n")
    return "".join(parts)


if __name__ == "__main__":
    print(page(), end="")
