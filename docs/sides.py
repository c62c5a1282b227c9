"""Print the page of side tables from their declarations: ``python docs/sides.py > docs/sides.md``."""

from tiercast.features.described import LEAST_PEOPLE
from tiercast.sides import REJECTIONS, SIDES

HEAD = """# Side tables

What is known besides the touchpoints: of customers, products, channels, stores, of who was drawn for which campaign, and
of which id belongs to whom. Each table is optional, and each row says from when it holds and since when that is known.
The tables of columns on this page are made from `sides.py` by `python docs/sides.py`; a test keeps the two together.

## Giving them

By name, as any [source](sources.md): `--side NAME=SOURCE` on the command line, `sides=` in Python, `sides =
["NAME=SOURCE", …]` on a [job card](../pipelines/README.md). A misspelt name is told before anything is read.

```bash run
cat > orders.csv <<'CSV'
customer_id,occurred_at,kind,channel,amount,product_id,store_id,identity,identity_kind
ann,2025-01-03,purchase,store,4.50,p1,s1,,
ben,2025-01-04,purchase,store,2.00,p2,s2,,
,2025-01-05,visit,web,,,,c-77,cookie
,2025-01-06,visit,web,,,,c-99,cookie
CSV
cat > products.csv <<'CSV'
product_id,category,unit_cost,days_per_unit
p1,tea,2.50,14
CSV
cat > identities.csv <<'CSV'
identity_kind,identity,customer_id,known_at
cookie,c-77,ann,2025-01-09
CSV
```

`tiercast check` accounts for every row of them, and says how much of the touchpoints they describe:

```console run
$ tiercast check orders.csv --side products=products.csv --side identities=identities.csv
csv:orders.csv
...
Side tables
table        read   accepted   rejected   keys   holds from
───────────────────────────────────────────────────────────
products        1          1          0      1   always
identities      1          1          0      1   always

products  1 of 2 keys in the touchpoints are not in it (50.0 %)
products  1 of 2 touchpoints were not described when seen (50.0 %)

Whose touchpoints
channel   rows   own id   cookie   unresolved   matched
───────────────────────────────────────────────────────
store        2        2        0            0   100.0 %
web          2        0        1            1    50.0 %
...
```

In Python the same, and a frame will do:

```python
import pandas as pd

import tiercast

people = pd.DataFrame(
    {
        "customer_id": ["ann", "ann", "ben"],
        "points": [10, 90, 40],
        "valid_from": [None, "2025-01-20", None],
    }
)
sides = {"customers": people, "products": "products.csv", "identities": "identities.csv"}
january = tiercast.compute_features("orders.csv", cutoff="2025-01-15", sides=sides)
assert january["attribute_c0_points"].tolist() == [10, 40]
assert january["touchpoints"].tolist() == [2, 1]  # whose cookie it was is known since the 9th
february = tiercast.compute_features("orders.csv", cutoff="2025-02-01", sides=sides)
assert february["attribute_c0_points"].tolist() == [90, 40]
```

## The rule of time

* A row holds from `valid_from` (default: always) until `valid_until`, or until the next row of the same key holds. It can
  be known from `known_at` (default: `valid_from`). It is **in force** from the later of the two. What is learnt late
  about an older time than is known already changes nothing any more. A day is the finest step: of several rows of a day
  the last one counts.
* **Attributes of customers** are those in force at the cutoff. A cell that is empty is unknown from then on, so give
  whole rows.
* **A dictionary** (products, channels, stores) describes a touchpoint as it stood on the day on which the touchpoint
  could be seen. A dictionary whose rows are all known since today therefore describes nothing that was seen before: leave
  `known_at` out where nobody noted it. What a touchpoint says itself is believed first. Dictionaries are frozen with a
  version: a batch, a notebook and a web request join those that the model was trained with.
* **An id** is resolved once: by the link in force when the touchpoint happened; if none was known then, by the first that
  came to be known, and the touchpoint counts as known no earlier than that. A link learnt later never takes a touchpoint
  back, so no feature of the past ever changes.
  Why: [decision 19](decisions/0019-an-id-is-resolved-once.md).

A table of customers without any time is what leaks are made of: `tiercast audit` says so, once for each feature.

Numbers, words and dates are told apart by the types of the table. A CSV has none: there a column is numbers or dates
when every cell of it is one that was in force at the cutoff at which the features are chosen, and a number with a leading zero is
a word. The kind is frozen with a version: a later row with a cell that is none is rejected and counted as `BAD_NUMBER` or
`BAD_TIME`, the one before it stays in force, and a table of which more than a fifth cannot be read so is refused.

Rows that cannot be used are counted by a code and left out; more than a fifth of them refuses the table. Exact repeats
say nothing more and are counted apart. A column that is nearly one of the table (`unit_costs`) is refused, any other is
told and ignored.

## What they feed

| table | what reads it |
|---|---|
| `customers` | every other column is an **attribute** and a feature: a number as it is, a date in days, a word as its place |
| `products` | categories, unit costs and margins where the touchpoint does not say; the run-out clock |
| `channels` | online and offline, push, what a contact costs |
| `stores` | weekdays and hours in the store's own zone; shares of regions |
| `assignments` | treatments and holdouts of the last half year; told apart from what the customer did |
| `identities` | touchpoints that carry `identity` and `identity_kind` but no `customer_id` |

The names are in the [list of features](features.md). Tables about people never travel with a version: it holds the names
of attributes and those words that at least {least} customers share, and nothing else of anybody.

## In a web request

A request may carry the attributes that the version reads, one value a customer beside each of their touchpoints; of
several the last counts, and what does not come is unknown. `manifest.json` lists them under `attributes` with the
`column` in which each is sent: its name, with `customer_` before it where a touchpoint's column has that name. An unknown
column is refused with the name that was probably meant. Whose id is whose and who was drawn for what cannot be sent:
resolve ids before asking, and features of assignments are unknown there, as they are in a batch that comes without that
table.

```json
{"dataframe_records": [
  {"customer_id": "ann", "occurred_at": "2025-01-03", "kind": "purchase", "channel": "store", "customer_points": 90}
], "params": {"cutoff": "2025-02-01"}}
```

## Columns
"""


def page() -> str:
    """Return the whole page as Markdown."""
    parts = [HEAD.replace("{least}", str(LEAST_PEOPLE))]
    for side in SIDES.values():
        key = ", ".join(f"`{name}`" for name in side.key)
        parts.append(f"\n### {side.name}\n\n{side.meaning[0].upper()}{side.meaning[1:]}. Key: {key}.\n\n")
        parts.append("| column | type | meaning |\n|---|---|---|\n")
        for column in side.columns:
            needed = " (required)" if column.required else ""
            parts.append(f"| `{column.name}` | {column.kind} | {column.meaning}{needed} |\n")
        if side.attributes:
            parts.append("| any other | text, number or time | an attribute |\n")
    parts.append("\n## Why a row is rejected\n\n| code | meaning |\n|---|---|\n")
    parts += [f"| `{code}` | {meaning} |\n" for code, meaning in REJECTIONS.items()]
    return "".join(parts)


if __name__ == "__main__":
    print(page(), end="")
