"""Print the page of the scorecard from its declaration: ``python docs/scorecard.py > docs/scorecard.md``."""

from tiercast.serving.scorecard import SCORECARD

HEAD = """# The scorecard

The public answer: one row per customer and cutoff, for **every** customer seen before the cutoff. The same
columns, in this order, come out of a notebook (`tiercast.score`), a batch file (`scorecard.parquet`) and a web
request ([serving](serving.md)). This page is made from `serving/scorecard.py` by `python docs/scorecard.py`; a
test keeps the two together.

**How to read it**

* A *cutoff* is midnight UTC; nothing that happened, or became known, on or after it was used.
* A null means "not applicable", never "unknown to you": the basis beside it says why. A basis is where the answer
  came from: `model` (learned), `btyd` (a purchase process fitted to the history), `rule` (a table that needs next
  to no learning) or `refused:` and a code. `refused:NO_HISTORY` is a customer of whom nothing usable is known
  before the cutoff, `refused:NO_PURCHASE` one who has been in touch and never bought. In `basis_value` alone,
  `refused:NO_AMOUNTS` says that no purchase of the newest window left money, and `refused:TOO_FEW_SPENDERS` that fewer
  than nine customers spent in it: the value is told, and the ends of its interval promise nothing.
* A version of a history too short for judging models answers with `btyd` alone, or with rules alone, and **nothing has judged
  it** (`NOT_JUDGED`): `tiercast score` and `tiercast models` say so, and so do the manifest and `_facts.json` beside the
  scorecard, with the day from which models are judged.
* Money is in `currency`, major units; probabilities are between 0 and 1; a percentile is between 0 and 100.
* `value_measure` says what **every** value of the row counts: `net_revenue`; `net_margin`, the share of it that the
  training's card gave as `margin_share`; with `_discounted`, in money of the cutoff, at the card's
  `discount_yearly_share`. The version's model card has both numbers. Learning and judging are in net revenue whatever is told.
* Columns may be added at the end in a later release. None is renamed, moved or given another meaning without a new
  major version of the package.

| column | type | meaning |
|---|---|---|
"""

TAIL = """
**Several horizons.** Churn within 90 days is `1 - purchase_within_90d_probability`: all chances of a row, `churn_probability`
among them, lie on one curve, and every value follows the same purchase process, so none of them, and neither end of an
interval, falls as the horizon grows. Whoever asks about the served horizon (`churn_horizon_days`, `value_horizon_days`) a
second time is told the very same number. One-time and brand-new customers have all of these, with `basis_value` saying
where they come from.

**How far that is carried.** A version learned from windows of so many days, which its model card names. Values past them
were never judged against what came: they extrapolate the purchase process (the rule: the days), a season that no window
saw is not in them, and the interval is the spread seen within a window, at the level of the longer horizon. Read
`expected_value_365d_currency` of a version that learned from 28 days as a forecast of the process, not as a tested one;
train with a longer `horizon_days` where the history holds it.

**Types.** In parquet `text` is a string, `number` a 64-bit float, `count` a 64-bit integer and `date` a day. In JSON
dates are ISO text (`2018-01-05`) and an absent value is `null`; there is no NaN and no infinity.

**Which row is the newest?** `cutoff` says for when, `version` says by whom. Publishing replaces one pair of the two at
once and touches no other, so joining on (`customer_id`, `cutoff`, `version`) is always one to one. A version that was
trained before a column came is served as it is, and `tiercast score` writes null there: train again to have it.
"""


def page() -> str:
    """Return the whole page as Markdown."""
    rows = [f"| `{answer.name}` | {answer.kind} | {answer.meaning} |\n" for answer in SCORECARD]
    return HEAD + "".join(rows) + TAIL


if __name__ == "__main__":
    print(page(), end="")
