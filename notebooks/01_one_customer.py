# %% [markdown]
# # 1. Is this household leaving, and how do we know?
#
# One real household, followed through everything that tiercast does: its touchpoints, what they amount to,
# what is expected of it, in which tier it is treated, why, and what happened then. The data are an eighth
# of Complete Journey, the models are small; the steps are the ones of a production run.

# %%
import os
import tempfile
from datetime import date, timedelta
from pathlib import Path

import matplotlib.pyplot as plt
import pandas as pd

os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")  # threads that wait must not burn a core that others need
# An experiment of a notebook must never take charge of your real store: this one gets a store of its own.
scratch = tempfile.TemporaryDirectory()
os.environ["MLFLOW_TRACKING_URI"] = f"sqlite:///{scratch.name}/mlflow.db"

import tiercast
from tiercast.sources.opening import open_source

CUTOFF = date(2017, 11, 6)
INK, MUTED, BLUE, ORANGE, GREEN = "#1f2933", "#7b8794", "#1f5fa8", "#d9822b", "#2f8f6b"
plt.rcParams.update(
    {
        "axes.grid": True,
        "axes.labelcolor": MUTED,
        "axes.spines.right": False,
        "axes.spines.top": False,
        "axes.titlelocation": "left",
        "axes.titlesize": 11,
        "axes.titleweight": "bold",
        "figure.constrained_layout.use": True,
        "figure.dpi": 120,
        "grid.color": "#e4e7eb",
        "legend.frameon": False,
    }
)


def keep(figure: plt.Figure, name: str) -> None:
    """Save a plot when PLOTS names a folder; always let go of it."""
    if folder := os.environ.get("PLOTS"):
        Path(folder).mkdir(parents=True, exist_ok=True)
        figure.savefig(Path(folder) / f"01_{name}.png")
    plt.close(figure)


history = open_source("complete_journey:every=8")  # opened once, passed on below

# %% [markdown]
# ## What is in the source?

# %%
checked = tiercast.check(history)
account = checked.account
print(f"{account.rows_read:,} rows, {account.rows_accepted:,} accepted, {account.rows_rejected:,} rejected")
print(
    f"{account.customers:,} customers from {account.first_day} to {account.last_day}; kinds: {account.kinds}"
)
print(*checked.notes, sep="\n")

# %% [markdown]
# ## What did a model know on 6 November?
#
# A card says what to train. `until` is the day from which nothing is used, so all of November and December
# is still to come. No tuning: this is a demonstration, not a contest.

# %%
card = {
    "job": "train",
    "source": "complete_journey:every=8",
    "until": CUTOFF.isoformat(),
    "horizon_days": 28,
    "step_days": 28,
    "test_origins": 1,
    "tuning_trials": 0,
    "clusters": 4,
}
trained = tiercast.train(card)
winner = trained.results.winners["churn"]
judged = (
    ", ".join(str(fold.test) for fold in trained.plan.folds) or f"nothing before {trained.plan.judged_from}"
)
print(f"judged at {judged}; chosen: {trained.results.winners}")
print(
    "in charge now:",
    "the model" if trained.promotion.promoted else "the rule",
    trained.promotion.decision.reasons,
)

# %% [markdown]
# The gate lets a model take charge only when it is proven better, and three hundred households prove
# little. Whoever is in charge: here we ask the **challenger**, the model.

# %%
scored = tiercast.score(history, cutoff=CUTOFF, model="challenger")
assert scored.cards is not None
cards = scored.cards.set_index("customer_id")
by_tier = cards.groupby("tier").agg(
    customers=("churn_probability", "size"),
    expected_value=("expected_value_currency", "mean"),
    mean_risk=("churn_probability", "mean"),
)
print(by_tier.sort_values("expected_value", ascending=False).round(3))

# %% [markdown]
# ## Which household?
#
# Among the regulars who have been silent for four times their usual gap, the one with the most to lose:
# expected value times risk.

# %%
seen = tiercast.compute_features(history, cutoff=CUTOFF).set_index("customer_id")
quiet = seen.index[(seen["order_days"] >= 20) & (seen["days_since_purchase_to_gap_ratio"] >= 4)]
chosen = str((cards["expected_value_currency"] * cards["churn_probability"]).loc[quiet].idxmax())
usual, silent = seen.loc[chosen, ["gap_mean_days", "days_since_purchase"]]
print(f"household {chosen}: bought every {usual:.1f} days, then nothing for {silent:.0f} days")

assert history.frame is not None
touchpoints = history.frame[history.frame["customer_id"] == chosen].reset_index(drop=True)
touchpoints["day"] = touchpoints["occurred_at"].dt.floor("D")
spent = touchpoints[touchpoints["kind"] == "purchase"].groupby("day")["amount"].sum()

figure, axes = plt.subplots(figsize=(10, 3.6))
before = spent.index < pd.Timestamp(CUTOFF)
axes.vlines(
    spent.index[before], 0, spent[before], color=BLUE, linewidth=2.2, label="purchases known at the cutoff"
)
axes.vlines(
    spent.index[~before], 0, spent[~before], color="#9bb8d9", linewidth=2.2, label="purchases still to come"
)
marks = {"mailing": (ORANGE, "v", "mailing sent"), "coupon_redemption": (GREEN, "D", "coupon redeemed")}
for kind, (colour, marker, label) in marks.items():
    on = touchpoints.loc[touchpoints["kind"] == kind, "day"].drop_duplicates()
    if len(on):
        axes.plot(
            on,
            [-0.05 * spent.max()] * len(on),
            marker,
            color=colour,
            markersize=5,
            linestyle="none",
            label=label,
        )
axes.axvline(pd.Timestamp(CUTOFF), color=INK, linewidth=1.2)
axes.annotate("cutoff ", (pd.Timestamp(CUTOFF), spent.max() * 1.02), ha="right", color=INK, fontsize=9)
axes.set(
    title=f"Household {chosen}: a year of touchpoints", ylabel=f"spent in a day, {cards['currency'].iloc[0]}"
)
axes.set_ylim(-0.12 * spent.max(), 1.12 * spent.max())
axes.legend(loc="upper left", ncols=4, fontsize=8.5, bbox_to_anchor=(0, -0.1))
keep(figure, "touchpoints")

# %% [markdown]
# ## What do we say of it, and why?

# %%
told = tiercast.explain(history, chosen, cutoff=CUTOFF, model="challenger")
print(told.text)

# %% [markdown]
# ## How does the answer move as time passes?
#
# The served bundle takes raw touchpoints, as a web request would send them: here those of one household, at
# each Monday from twelve weeks before the cutoff until the end of the year. (Before the cutoff the model
# has seen such days; after it, it has not.)

# %%
served = tiercast.load("challenger")
sent = touchpoints.drop(columns="day")
mondays = [CUTOFF + timedelta(days=7 * week) for week in range(-12, 9)]
answers = pd.concat([served.predict(sent, cutoff=monday) for monday in mondays], ignore_index=True)

figure, (risk, dates) = plt.subplots(2, 1, figsize=(10, 5.6), sharex=True, height_ratios=(3, 2))
at = pd.to_datetime(pd.Series(mondays))
risk.plot(at, answers["churn_probability"], color=ORANGE, linewidth=2, marker="o", markersize=4)
recent = spent[(spent.index >= at.iloc[0]) & (spent.index <= at.iloc[-1] + pd.Timedelta(days=7))]
risk.plot(
    recent.index, [0.0] * len(recent), "|", color=BLUE, markersize=14, markeredgewidth=2, label="purchase"
)
risk.axvline(pd.Timestamp(CUTOFF), color=INK, linewidth=1.2)
risk.set(
    title="Silence raises the risk, a purchase lowers it",
    ylabel=f"P(no purchase in {answers['churn_horizon_days'][0]} days)",
)
risk.set_ylim(-0.06, 1.2 * answers["churn_probability"].max() + 0.1)
risk.yaxis.set_major_formatter("{x:.0%}")
risk.legend(loc="upper left", fontsize=8.5)

expected, low, high = (
    answers[name].to_numpy(float)
    for name in ("expected_value_currency", "expected_value_low_currency", "expected_value_high_currency")
)
dates.fill_between(at, low, high, color=BLUE, alpha=0.12, linewidth=0, label="80 % interval")
dates.plot(at, expected, color=BLUE, linewidth=2, label="expected")
horizon = pd.Timedelta(days=int(answers["value_horizon_days"][0]))
known = at[at + horizon <= pd.Timestamp(2018, 1, 1)]
actual = [float(spent[(spent.index >= day) & (spent.index < day + horizon)].sum()) for day in known]
dates.plot(known, actual, "o", color=INK, markersize=4, label="what came")
dates.axvline(pd.Timestamp(CUTOFF), color=INK, linewidth=1.2)
dates.set(title="Worth over the next 28 days", ylabel=cards["currency"].iloc[0])
dates.set_ylim(0, 1.25 * max(high.max(), *actual))
dates.legend(loc="upper left", fontsize=8.5, ncols=3)
keep(figure, "risk")

# %% [markdown]
# ## What if it had bought yesterday?
#
# A history can be changed before it is sent: the same household with one more basket the day before the
# cutoff. Changing anything *after* the cutoff changes nothing.

# %%
basket = {
    "customer_id": chosen, "occurred_at": pd.Timestamp(CUTOFF) - pd.Timedelta(hours=6), "kind": "purchase",
    "channel": "store", "order_id": "imagined", "amount": float(spent.mean()), "category": "GROCERY",
}  # fmt: skip
bought = served.predict(pd.concat([sent, pd.DataFrame([basket])], ignore_index=True), cutoff=CUTOFF)
later = {**basket, "occurred_at": pd.Timestamp(CUTOFF) + pd.Timedelta(hours=6)}
unchanged = served.predict(pd.concat([sent, pd.DataFrame([later])], ignore_index=True), cutoff=CUTOFF)
risk_now, risk_bought = cards.loc[chosen, "churn_probability"], bought["churn_probability"][0]
print(f"risk {risk_now:.1%}; with one basket the day before {risk_bought:.1%}; with one the day after "
      f"{unchanged['churn_probability'][0]:.1%}")  # fmt: skip

# %% [markdown]
# ## Answer
#
# * **Whether it is leaving is a probability with a date and a horizon**, not a label; it moves with every
#   week of silence.
# * **How we know**: the events, what they amount to, and the family of features that raised the risk are
#   all there to read.
# * **What we say is what we serve**: the batch, the story and the served bundle gave the same number below.

# %%
again = served.predict(sent, cutoff=CUTOFF).iloc[0]
assert abs(again["churn_probability"] - risk_now) < 1e-9
assert abs(told.card["churn_probability"] - risk_now) < 1e-9
assert risk_bought < risk_now
assert unchanged["churn_probability"][0] == again["churn_probability"]
came_back = spent[spent.index >= pd.Timestamp(CUTOFF)]
first = came_back.index[0].date() if len(came_back) else None
print(
    f"household {chosen}: {risk_now:.0%} risk on {CUTOFF}; next purchase "
    + (f"came on {first}" if first else "never came")
)
scratch.cleanup()
