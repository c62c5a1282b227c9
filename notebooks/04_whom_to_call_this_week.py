# %% [markdown]
# # 4. Whom to call this week, why, and what does the last call earn?
#
# A grocer has 300 households (an eighth of Complete Journey), two dollars and sixty contacts for the week from
# 6 November. Who gets one, on which day, through which channel, about what? And would another dollar have been worth it?
# The effects and costs of contacts are **assumptions** here: nobody has run the experiment that would replace them, and
# the plan says so on every row.

# %%
import os
import tempfile
from datetime import date, timedelta
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd

os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")  # threads that wait must not burn a core that others need
# An experiment of a notebook must never take charge of your real store: this one gets a store of its own.
scratch = tempfile.TemporaryDirectory()
os.environ["MLFLOW_TRACKING_URI"] = f"sqlite:///{scratch.name}/mlflow.db"

import tiercast
from tiercast.planning import Limits, allocate
from tiercast.planning.planned import within
from tiercast.sources.opening import open_source

CUTOFF = date(2017, 11, 6)
BUDGET, CONTACTS, CALLS = 2.0, 60, 2
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
        figure.savefig(Path(folder) / f"04_{name}.png")
    plt.close(figure)


history = open_source("complete_journey:every=8")  # opened once, passed on below

# %% [markdown]
# ## What runs out, and when?
#
# A clock for each household and category: how long a purchase of this size lasts *them*, learned from their own gaps and
# drawn to what is usual of the category where there are few. The due day takes the silence so far into account, so it is
# never in the past.

# %%
clocks = tiercast.clocks(history, cutoff=CUTOFF)
print(f"{len(clocks):,} clocks; {clocks['basis'].value_counts().to_dict()}")
assert (clocks["due_on"] >= CUTOFF).all()
week = clocks[clocks["habit_formed"] & (clocks["due_on"] < CUTOFF + timedelta(days=7))]
print(f"{len(week):,} of a habit are due this week; most of them:")
print(week["category"].value_counts().head(5).to_string())

# %% [markdown]
# Did they come true? Everything that the clocks said on 6 November, against the next purchase that really happened,
# beside the household's mean gap. (Only pairs bought on five days or more, and bought again within eight weeks.)

# %%
assert history.frame is not None
lines = history.frame[history.frame["kind"] == "purchase"]
lines = lines.assign(day=pd.to_datetime(lines["occurred_at"]).dt.normalize())[
    ["customer_id", "category", "day"]
]
lines = lines.drop_duplicates().sort_values("day")
start = pd.Timestamp(CUTOFF)
before, after = (
    lines[lines["day"] < start],
    lines[(lines["day"] >= start) & (lines["day"] < start + pd.Timedelta(days=56))],
)
pairs = before.groupby(["customer_id", "category"])["day"].agg(["min", "max", "size"])
pairs["next"] = after.groupby(["customer_id", "category"])["day"].min()
pairs = pairs[(pairs["size"] >= 5) & pairs["next"].notna()]
mean_gap = (pairs["max"] - pairs["min"]) / (pairs["size"] - 1)
told = pd.to_datetime(clocks.set_index(["customer_id", "category"])["due_on"]).reindex(pairs.index)
naive = (pairs["max"] + mean_gap).dt.round("D").clip(lower=start)
errors = {"the clock": told - pairs["next"], "mean gap": naive - pairs["next"]}
errors = {name: missed.dt.days.abs() for name, missed in errors.items()}
print({name: (float(missed.median()), round(float(missed.mean()), 1)) for name, missed in errors.items()})

figure, axes = plt.subplots(figsize=(6.2, 3.6))
for (name, missed), colour in zip(errors.items(), (BLUE, ORANGE), strict=True):
    days = np.arange(0, 36)
    axes.step(days, [(missed <= day).mean() for day in days], where="post", color=colour, linewidth=2,
              label=f"{name}: half within {missed.median():.0f} days")  # fmt: skip
axes.set(title="How far off was the day?", xlabel="days off, at most", ylabel="share of next purchases")
axes.set_ylim(0, 1)
axes.yaxis.set_major_formatter("{x:.0%}")
axes.legend(loc="lower right")
keep(figure, "clocks")
assert errors["the clock"].mean() < errors["mean gap"].mean()

# %% [markdown]
# ## Who has something due, and what would a contact earn?
#
# A small model, trained on what was known then; nothing of November or later. Everybody's next action comes from an
# ordered table of rules; each open channel has a cost and an expected gain: an assumed share of the **value at risk**
# (value × P(churn)). Who buys anyway earns nothing by being reminded.

# %%
tiercast.train(
    {
        "job": "train", "source": "complete_journey:every=8", "until": CUTOFF.isoformat(), "horizon_days": 28,
        "step_days": 28,
        "first_origin_after_days": 168,
        "test_origins": 1, "tuning_trials": 0, "clusters": 4,
    }
)  # fmt: skip
limits = Limits(budget_currency=BUDGET, contacts=CONTACTS, per_channel={"call_center": CALLS})
plan, asked = tiercast.plan(history, cutoff=CUTOFF, limits=limits, days=7, model="challenger")
print(asked.frame["next_action"].value_counts().to_string())
print(
    f"{len(asked.options):,} contacts are open, {(asked.options['expected_gain_currency'] > 0).sum():,} earn their cost"
)

# %% [markdown]
# ## The plan

# %%
shown = ["customer_id", "contact_on", "channel", "next_action", "due_category", "value_at_risk_currency"]
shown.append("expected_gain_currency")
print(plan.contacts[shown].head(10).round(2).to_string(index=False))
first = plan.contacts.iloc[0]
print(
    f"\nfirst on the list: household {first['customer_id']}, {first['next_action_en']} by {first['channel']} on"
)
print(f"{first['contact_on']} at {first['preferred_hour']}:00, because: {first['next_action_reason_en']}")
print(f"（{first['next_action_zh']}：{first['next_action_reason_zh']}）")
print(f"their tier's promise: {first['playbook_en']}")
assert len(plan.contacts) <= CONTACTS
assert plan.cost_currency <= BUDGET
assert (plan.contacts["contact_on"] >= CUTOFF).all()

# %%
days = [CUTOFF + timedelta(days=ahead) for ahead in range(7)]
channels = list(plan.contacts["channel"].value_counts().index)
figure, axes = plt.subplots(figsize=(6.6, 3.4))
stacked = np.zeros(len(days))
for name, colour in zip(channels, (BLUE, GREEN, ORANGE, INK, MUTED), strict=False):
    counts = np.array(
        [((plan.contacts["contact_on"] == day) & (plan.contacts["channel"] == name)).sum() for day in days]
    )
    axes.bar([f"{day:%a %d}" for day in days], counts, bottom=stacked, color=colour, label=name, width=0.7)
    stacked += counts
axes.set(title="Whom to speak to on which day, through which channel", ylabel="contacts")
axes.grid(axis="x", visible=False)
axes.set_axisbelow(True)
axes.legend(loc="upper left")
keep(figure, "week")

# %% [markdown]
# ## What does the budget earn?
#
# The same options under budgets from nothing to six dollars. The curve bends: each dollar earns less than the one
# before, and the price of the last one (its slope) says when to stop: gains are net of costs, so any price above 0 has paid
# for itself. Beside it, what taking the best contacts one after the other would have earned.

# %%
this_week = within(asked.options, 7)
budgets = np.array([0.0, 0.25, 0.5, 1.0, 1.5, 2.0, 2.5, 3.0, 4.0, 6.0])
plans = [
    allocate(this_week, Limits(float(money), CONTACTS, per_channel={"call_center": CALLS}))
    for money in budgets
]
figure, (left, right) = plt.subplots(1, 2, figsize=(9.2, 3.8))
left.plot(
    budgets,
    [each.gain_currency for each in plans],
    color=BLUE,
    linewidth=2,
    marker="o",
    label="linear programme",
)
left.plot(budgets, [each.greedy_currency for each in plans], color=ORANGE, linewidth=1.5, label="greedy")
left.set(title="Expected gain, USD", xlabel="budget, USD")
left.legend(loc="lower right")
right.plot(
    budgets[1:],
    [max(each.last_budget_currency, 1e-2) for each in plans[1:]],
    color=BLUE,
    linewidth=2,
    marker="o",
)
right.set_yscale("log")
right.set(title="What the last dollar earned beyond itself, USD", xlabel="budget, USD")
keep(figure, "budget")
for money, each in zip(budgets, plans, strict=True):
    print(f"{money:5.1f} USD: gain {each.gain_currency:6.2f}, last dollar {each.last_budget_currency:5.2f}, "
          f"last contact {each.last_contact_currency:5.2f}, greedy {each.greedy_currency:6.2f}")  # fmt: skip
gains = [each.gain_currency for each in plans]
assert gains == sorted(gains)
assert all(each.gain_currency >= each.greedy_currency - 1e-9 for each in plans)

# %% [markdown]
# ## Answer
#
# * **Whom:** those with value to lose and a reason to be spoken to, not those who buy anyway: the list starts with the
#   largest expected gain, and says why, when and about what.
# * **When:** the day before the next purchase is due, or their own weekday.
# * **Channel:** what the playbook of the tier promises and the gain pays for; the few calls go where they earn most.
# * **The last dollar** tells when to stop, the last contact whether it is worth asking for more of them. Both are prices
#   of the same programme, not guesses.
# * **What is assumed** (effects, costs) is one file of yours: `tiercast plan … --rules mine.toml`; a measured uplift
#   replaces it: `--uplift`.

# %%
print(f"{len(plan.contacts)} contacts, {plan.cost_currency:.2f} USD, expected gain {plan.gain_currency:.2f} USD; the last "
      f"dollar earned {plan.last_budget_currency:.2f}, the last contact {plan.last_contact_currency:.2f}")  # fmt: skip
