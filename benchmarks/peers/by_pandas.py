"""A peer: the same columns by pandas, with groups by whole numbers and no function of Python's in any of them."""

from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from benchmarks.peers.columns import BROWSING, NOT_OWN, OUTBOUND, RATED, WANTING, shares_of, spend_on
from benchmarks.peers.task import Task
from tiercast.features.declare import WINDOWS_DAYS

DAY_S = 86_400
FAR = 2**31 - 1
"""An age that stands for none where the smallest is sought."""
_WORDS = ["kind", "channel", "category"]
_READ = ["customer_id", *_WORDS, "order_id", "occurred_at", "amount", "discount", "rating", "rating_scale"]


def features(task: Task) -> pd.DataFrame:
    """Return the columns of every customer."""
    rows, customers = _rows(task)
    lines = rows.loc[
        rows["kind"] == "purchase",
        ["customer", "order_id", "channel", "category", "age", "at_s", "amount", "discount"],
    ]
    touched = _of_touches(rows, task)
    del rows
    ordered = _of_orders(lines, task)
    grouped = _of_categories(lines, task)
    held = touched.join(ordered).join(grouped)
    made = _final(held, task)
    return pd.DataFrame({"customer_id": customers[held.index], **{name: made[name] for name in task.names}})


def _rows(task: Task) -> tuple[pd.DataFrame, Any]:
    pa.set_cpu_count(task.threads)
    cutoff = pd.Timestamp(task.days[0])
    seen = (pc.field("occurred_at") < cutoff) & (pc.field("known_at") < cutoff)
    table = pq.read_table(task.folder, columns=_READ, filters=seen, read_dictionary=_WORDS)
    rows = table.to_pandas(split_blocks=True, self_destruct=True)
    rows["customer"], customers = pd.factorize(rows.pop("customer_id"))
    rows["at_s"] = rows.pop("occurred_at").astype("int64") // 1_000_000
    rows["age"] = (task.day - rows["at_s"] // DAY_S).astype("int32")
    rated = rows["kind"].isin(RATED)
    rows["permille"] = (rows.pop("rating") / rows.pop("rating_scale") * 1000).round().where(rated)
    for name in ("amount", "discount"):
        rows[name] = (rows[name] * 100).round()
    return rows, customers


def _of_touches(rows: pd.DataFrame, task: Task) -> pd.DataFrame:
    kind, age, channel = rows["kind"], rows["age"], rows["channel"]
    contact, wanting, back = kind.isin(OUTBOUND), kind.isin(WANTING), kind == "return"
    own = ~kind.isin((*NOT_OWN, "purchase"))
    quarter, month = age <= 91, age <= 28
    flags = {
        "n28": month,
        "contacts": contact,
        "contacts91": contact & quarter,
        **{f"own{code}": (channel == term) & own for code, term in enumerate(task.channels)},
        **{f"met{code}": channel == term for code, term in enumerate(task.channels)},
        "visits91": (kind == "visit") & quarter,
        "carts91": (kind == "cart") & quarter,
        "browse28": kind.isin(BROWSING) & month,
        "wanting28": wanting & month,
        "opens": kind == "email_open",
        "clicks91": (kind == "email_click") & quarter,
        "returns": back,
        "complaints91": (kind == "complaint") & quarter,
    }
    customer = rows["customer"]
    found = {name: flag.groupby(customer).sum() for name, flag in flags.items()}
    ages = {
        "touched_age": age,
        "contact_age": age.where(contact, FAR),
        "wanting_age": age.where(wanting, FAR),
    }
    ages["return_age"] = age.where(back, FAR)
    for name, told in ages.items():
        youngest = told.groupby(customer).min()
        found[name] = youngest.where(youngest < FAR)
    found["n"] = age.groupby(customer).size()
    found["returned"] = rows["amount"].where(back, 0).groupby(customer).sum()
    found["newest"] = (rows["at_s"] * 1001 + rows["permille"]).groupby(customer).max() % 1001
    found["rated"] = rows["permille"].groupby(customer).mean()
    return pd.DataFrame(found)


def _of_orders(lines: pd.DataFrame, task: Task) -> pd.DataFrame:
    codes = {term: code for code, term in enumerate(task.channels)}
    code = lines["channel"].map(codes).astype("float64")
    marked = lines.assign(
        code=code, discounted=lines["discount"] > 0, line=1, order=pd.factorize(lines["order_id"])[0]
    )
    of_order = marked.groupby(["customer", "order"], sort=False)
    orders = of_order.agg(
        age=("age", "min"), code=("code", "min"), at_s=("at_s", "min"), lines=("line", "sum"), amount=("amount", "sum"),
        discount=("discount", "sum"), discounted=("discounted", "sum"),
    ).reset_index()  # fmt: skip
    orders = orders.sort_values(
        ["customer", "age"], ascending=[True, False], kind="stable", ignore_index=True
    )
    customer, age, amount = orders["customer"], orders["age"], orders["amount"]
    first = customer.ne(customer.shift())
    gap = (age.shift() - age).where(~first)
    of_day, gap = first | (gap > 0), gap.where(gap > 0)
    summed = {
        "orders": orders["lines"] > 0,
        "lines": orders["lines"],
        "days": of_day,
        "spent": amount,
        "amount_squares": amount * amount,
        "discount": orders["discount"],
        "discount91": orders["discount"].where(age <= 91, 0),
        "discounted": orders["discounted"],
        **{f"via{code}": orders["code"] == code for code in codes.values()},
        **{f"orders{w}": age <= w for w in WINDOWS_DAYS},
        **{f"days{w}": of_day & (age <= w) for w in WINDOWS_DAYS},
        **{f"spent{w}": amount.where(age <= w, 0) for w in WINDOWS_DAYS},
    }
    found = {name: each.groupby(customer).sum() for name, each in summed.items()}
    gaps = gap.groupby(customer)
    found |= {
        "gap_mean": gaps.mean(),
        "gap_sd": gaps.std(ddof=0),
        "gap_median": gaps.median(),
        "gap_max": gaps.max(),
    }
    ages = age.groupby(customer)
    found |= {"last_age": ages.min(), "first_age": ages.max(), "largest": amount.groupby(customer).max()}
    found["newest_amount"] = (orders["at_s"] * 2**31 + amount.astype("int64")).groupby(customer).max() % 2**31
    return pd.DataFrame(found)


def _of_categories(lines: pd.DataFrame, task: Task) -> pd.DataFrame:
    named = lines[lines["category"].notna()].assign(line=1, recent=lines["age"] <= 91)
    sized = named.groupby(["customer", "category"], sort=False, observed=True).agg(
        size=("line", "sum"), recent=("recent", "any"), amount=("amount", "sum")
    )
    sized = sized.reset_index()
    customer, size = sized["customer"], sized["size"]
    summed = {"kinds": size > 0, "kinds91": sized["recent"], "sizes": size, "size_squares": size * size}
    summed |= {
        name: sized["amount"].where(sized["category"] == term, 0)
        for name, term in zip(spend_on(task.categories), task.categories, strict=False)
    }
    found = {name: each.groupby(customer).sum() for name, each in summed.items()}
    return pd.DataFrame({**found, "top": size.groupby(customer).max()})


def _final(held: pd.DataFrame, task: Task) -> dict[str, Any]:
    codes = range(len(task.channels))
    own = held[[f"own{code}" for code in codes]].to_numpy()
    own = own + held[[f"via{code}" for code in codes]].fillna(0).to_numpy()
    met = held[[f"met{code}" for code in codes]].to_numpy()
    bought = held["orders"].notna()
    none = held.fillna(0)
    spread = held["orders"] * held["amount_squares"] - held["spent"] ** 2
    full = held["spent"] + held["discount"]
    return {
        "days_since_purchase": held["last_age"],
        "customer_age_days": held["first_age"],
        "order_days": none["days"],
        "days_since_purchase_to_gap_ratio": held["last_age"] / held["gap_mean"],
        "gap_mean_days": held["gap_mean"],
        "gap_sd_days": held["gap_sd"].where(held["days"] > 2),
        "gap_median_days": held["gap_median"],
        "gap_max_days": held["gap_max"],
        "orders": none["orders"],
        "lines": none["lines"],
        "spend_currency": none["spent"] / 100,
        "net_spend_currency": (none["spent"] - held["returned"]) / 100,
        "basket_mean_currency": held["spent"] / held["orders"] / 100,
        "basket_sd_currency": np.sqrt(spread) / held["orders"] / 100,
        "basket_max_currency": held["largest"] / 100,
        "basket_last_currency": held["newest_amount"] / 100,
        "discount_currency": none["discount"] / 100,
        "discount_91d_currency": none["discount91"] / 100,
        "discounted_lines": none["discounted"],
        "discount_share": (held["discount"] / full).where(bought & (full > 0)),
        "categories": none["kinds"],
        "categories_91d": none["kinds91"],
        "category_top_share": held["top"] / held["sizes"],
        "category_concentration_share": held["size_squares"] / held["sizes"] ** 2,
        "channels": (met > 0).sum(axis=1) + (held["n"].to_numpy() > met.sum(axis=1)),
        "preferred_channel_code": np.where(own.max(axis=1) > 0, own.argmax(axis=1), np.nan),
        "contacts_sent": held["contacts"],
        "contacts_sent_91d": held["contacts91"],
        "days_since_contact": held["contact_age"],
        "touchpoints": held["n"],
        "touchpoints_28d": held["n28"],
        "days_since_touchpoint": held["touched_age"],
        "visits_91d": held["visits91"],
        "carts_91d": held["carts91"],
        "browse_touchpoints_28d": held["browse28"],
        "intent_touchpoints_28d": held["wanting28"],
        "days_since_intent": held["wanting_age"],
        "email_opens": held["opens"],
        "email_clicks_91d": held["clicks91"],
        "returns": held["returns"],
        "returned_currency": held["returned"] / 100,
        "days_since_return": held["return_age"],
        "satisfaction_share": held["newest"] / 1000,
        "rating_mean_share": held["rated"] / 1000,
        "complaints_91d": held["complaints91"],
        **{f"order_days_{w}d": none[f"days{w}"] for w in WINDOWS_DAYS},
        **{f"orders_{w}d": none[f"orders{w}"] for w in WINDOWS_DAYS},
        **{f"spend_{w}d_currency": none[f"spent{w}"] / 100 for w in WINDOWS_DAYS},
        **{name: none[name] / 100 for name in spend_on(task.categories)},
        **{name: met[:, code] / held["n"] for code, name in enumerate(shares_of(task.channels))},
    }
