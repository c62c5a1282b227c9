"""A peer: the same columns by Polars, read lazily and computed by its streaming engine."""

from typing import Any

import polars as pl

from benchmarks.peers.columns import BROWSING, NOT_OWN, OUTBOUND, RATED, WANTING, shares_of, spend_on
from benchmarks.peers.task import Task
from tiercast.features.declare import WINDOWS_DAYS


def features(task: Task) -> pl.DataFrame:
    """Return the columns of every customer."""
    rows = _rows(task)
    touched = rows.group_by("customer_id").agg(**_of_touches(task))
    lines = rows.filter(pl.col("kind") == "purchase")
    ordered = _orders(lines, task).group_by("customer_id").agg(**_of_orders(task))
    sized = lines.filter(pl.col("category").is_not_null()).group_by("customer_id", "category").agg(
        size=pl.len(), recent=(pl.col("age") <= 91).any(), amount=pl.col("amount").sum()
    )  # fmt: skip
    grouped = sized.group_by("customer_id").agg(**_of_categories(task))
    joined = touched.join(ordered, on="customer_id", how="left").join(grouped, on="customer_id", how="left")
    return joined.select("customer_id", **_final(task)).collect(engine="streaming")


def _rows(task: Task) -> pl.LazyFrame:
    cutoff = pl.lit(task.days[0]).cast(pl.Datetime("us"))
    seen = pl.scan_parquet(f"{task.folder}/*.parquet").filter(
        pl.col("occurred_at") < cutoff, pl.col("known_at") < cutoff
    )
    second = pl.col("occurred_at").dt.epoch("s")
    minor = {name: (pl.col(name) * 100).round() for name in ("amount", "discount")}
    return seen.select(
        "customer_id",
        "kind",
        "channel",
        "order_id",
        "category",
        at_s=second,
        age=(task.day - second // 86_400).cast(pl.Int32),
        contact=pl.col("kind").is_in(OUTBOUND),
        own=~pl.col("kind").is_in((*NOT_OWN, "purchase")),
        permille=pl.when(pl.col("kind").is_in(RATED))
        .then((pl.col("rating") / pl.col("rating_scale") * 1000).round())
        .cast(pl.Int64),
        **{name: value.cast(pl.Int64) for name, value in minor.items()},
    )


def _of_touches(task: Task) -> dict[str, Any]:
    kind, age, contact, channel = (pl.col(name) for name in ("kind", "age", "contact", "channel"))
    back, wanting = kind == "return", kind.is_in(WANTING)
    return {
        "n": pl.len(),
        "n28": (age <= 28).sum(),
        "touched_age": age.min(),
        "contacts": contact.sum(),
        "contacts91": (contact & (age <= 91)).sum(),
        "contact_age": age.filter(contact).min(),
        **{
            f"own{code}": ((channel == term) & pl.col("own")).sum() for code, term in enumerate(task.channels)
        },
        **{f"met{code}": (channel == term).sum() for code, term in enumerate(task.channels)},
        "visits91": ((kind == "visit") & (age <= 91)).sum(),
        "carts91": ((kind == "cart") & (age <= 91)).sum(),
        "browse28": (kind.is_in(BROWSING) & (age <= 28)).sum(),
        "wanting28": (wanting & (age <= 28)).sum(),
        "wanting_age": age.filter(wanting).min(),
        "opens": (kind == "email_open").sum(),
        "clicks91": ((kind == "email_click") & (age <= 91)).sum(),
        "returns": back.sum(),
        "returned": pl.col("amount").filter(back).sum(),
        "return_age": age.filter(back).min(),
        "complaints91": ((kind == "complaint") & (age <= 91)).sum(),
        "newest": (pl.col("at_s") * 1001 + pl.col("permille")).max() % 1001,
        "rated": pl.col("permille").mean(),
    }


def _orders(lines: pl.LazyFrame, task: Task) -> pl.LazyFrame:
    codes = {channel: code for code, channel in enumerate(task.channels)}
    code = pl.col("channel").replace_strict(codes, default=len(codes), return_dtype=pl.Int8)
    return (
        lines.with_columns(code=code)
        .group_by("customer_id", "order_id")
        .agg(
            age=pl.col("age").min(),
            at_s=pl.col("at_s").min(),
            code=pl.col("code").min(),
            lines=pl.len(),
            amount=pl.col("amount").sum(),
            discount=pl.col("discount").sum(),
            discounted=(pl.col("discount") > 0).sum(),
        )
    )


def _of_orders(task: Task) -> dict[str, Any]:
    age, amount = pl.col("age"), pl.col("amount")
    gap = age.sort().diff()
    gaps = gap.filter(gap > 0)
    return {
        "orders": pl.len(),
        "lines": pl.col("lines").sum(),
        "last_age": age.min(),
        "first_age": age.max(),
        "days": age.n_unique(),
        "gap_mean": gaps.mean(),
        "gap_sd": gaps.std(ddof=0),
        "gap_median": gaps.median(),
        "gap_max": gaps.max(),
        "spent": amount.sum(),
        "amount_squares": (amount * amount).sum(),
        "largest": amount.max(),
        "newest_amount": (pl.col("at_s") * 2**31 + amount).max() % 2**31,
        "discount": pl.col("discount").sum(),
        "discount91": pl.col("discount").filter(age <= 91).sum(),
        "discounted": pl.col("discounted").sum(),
        **{f"via{code}": (pl.col("code") == code).sum() for code in range(len(task.channels))},
        **{f"orders{w}": (age <= w).sum() for w in WINDOWS_DAYS},
        **{f"days{w}": age.filter(age <= w).n_unique() for w in WINDOWS_DAYS},
        **{f"spent{w}": amount.filter(age <= w).sum() for w in WINDOWS_DAYS},
    }


def _of_categories(task: Task) -> dict[str, Any]:
    size, category = pl.col("size").cast(pl.Int64), pl.col("category")
    return {
        "kinds": pl.len(),
        "kinds91": pl.col("recent").sum(),
        "top": size.max(),
        "sizes": size.sum(),
        "size_squares": (size * size).sum(),
        **{
            name: pl.col("amount").filter(category == term).sum()
            for name, term in zip(spend_on(task.categories), task.categories, strict=False)
        },
    }


def _final(task: Task) -> dict[str, Any]:
    col = pl.col
    times = [col(f"own{code}") + col(f"via{code}").fill_null(0) for code in range(len(task.channels))]
    most = pl.max_horizontal(times)
    chosen: Any = pl.lit(None, dtype=pl.Int32)
    for code, each in reversed(list(enumerate(times))):
        chosen = pl.when(each == most).then(code).otherwise(chosen)
    met = [col(f"met{code}") for code in range(len(task.channels))]
    others = (col("n") > pl.sum_horizontal(met)).cast(pl.Int32)
    spread = col("orders") * col("amount_squares") - col("spent") * col("spent")
    full = col("spent") + col("discount")
    none = {
        name: col(name).fill_null(0) for name in ("days", "orders", "lines", "discounted", "kinds", "kinds91")
    }
    made = {
        "days_since_purchase": col("last_age"),
        "customer_age_days": col("first_age"),
        "order_days": none["days"],
        "days_since_purchase_to_gap_ratio": col("last_age") / col("gap_mean"),
        "gap_mean_days": col("gap_mean"),
        "gap_sd_days": pl.when(col("days") > 2).then(col("gap_sd")),
        "gap_median_days": col("gap_median"),
        "gap_max_days": col("gap_max"),
        "orders": none["orders"],
        "lines": none["lines"],
        "spend_currency": col("spent").fill_null(0) / 100,
        "net_spend_currency": (col("spent").fill_null(0) - col("returned")) / 100,
        "basket_mean_currency": col("spent") / col("orders") / 100,
        "basket_sd_currency": spread.sqrt() / col("orders") / 100,
        "basket_max_currency": col("largest") / 100,
        "basket_last_currency": col("newest_amount") / 100,
        "discount_currency": col("discount").fill_null(0) / 100,
        "discount_91d_currency": col("discount91").fill_null(0) / 100,
        "discounted_lines": none["discounted"],
        "discount_share": pl.when(full > 0).then(col("discount") / full),
        "categories": none["kinds"],
        "categories_91d": none["kinds91"],
        "category_top_share": col("top") / col("sizes"),
        "category_concentration_share": col("size_squares") / (col("sizes") * col("sizes")),
        "channels": pl.sum_horizontal([(each > 0).cast(pl.Int32) for each in met]) + others,
        "preferred_channel_code": pl.when(most > 0).then(chosen),
        "contacts_sent": col("contacts"),
        "contacts_sent_91d": col("contacts91"),
        "days_since_contact": col("contact_age"),
        "touchpoints": col("n"),
        "touchpoints_28d": col("n28"),
        "days_since_touchpoint": col("touched_age"),
        "visits_91d": col("visits91"),
        "carts_91d": col("carts91"),
        "browse_touchpoints_28d": col("browse28"),
        "intent_touchpoints_28d": col("wanting28"),
        "days_since_intent": col("wanting_age"),
        "email_opens": col("opens"),
        "email_clicks_91d": col("clicks91"),
        "returns": col("returns"),
        "returned_currency": col("returned") / 100,
        "days_since_return": col("return_age"),
        "satisfaction_share": col("newest") / 1000,
        "rating_mean_share": col("rated") / 1000,
        "complaints_91d": col("complaints91"),
        **{f"order_days_{w}d": col(f"days{w}").fill_null(0) for w in WINDOWS_DAYS},
        **{f"orders_{w}d": col(f"orders{w}").fill_null(0) for w in WINDOWS_DAYS},
        **{f"spend_{w}d_currency": col(f"spent{w}").fill_null(0) / 100 for w in WINDOWS_DAYS},
        **{name: col(name).fill_null(0) / 100 for name in spend_on(task.categories)},
        **{name: met[code] / col("n") for code, name in enumerate(shares_of(task.channels))},
    }
    return {name: made[name].cast(pl.Float64) for name in task.names}
