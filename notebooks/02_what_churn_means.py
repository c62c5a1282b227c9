# %% [markdown]
# # 2. What does churn mean when nobody cancels?
#
# A shop has no contract that ends. A customer who left and a customer who is between two purchases look the
# same: silent. So before any model, three questions: **how long is a normal silence, which probability
# answers the marketer, and do the probabilities come true?**
#
# Data: a quarter of the households of Complete Journey (a year at a grocer). Everything is judged at a
# cutoff, 2017-11-06, by models that knew nothing from that day on.

# %%
import os
from datetime import date
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

import tiercast
from tiercast.evaluation.metrics import expected_calibration_error, kaplan_meier, log_loss, roc_auc
from tiercast.learners.btyd import fit_bg_nbd
from tiercast.sources.opening import open_source

CUTOFF, HORIZON_DAYS, DATA_END = date(2017, 11, 6), 28, pd.Timestamp("2018-01-01")
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
        figure.savefig(Path(folder) / f"02_{name}.png")
    plt.close(figure)


history = open_source("complete_journey:every=4")  # opened once, passed on below

# %% [markdown]
# ## How long is a normal silence?
#
# A silence is the time from one day with a purchase to the next. The last one of each customer is not over
# yet, so it is *censored*: we know that it is at least so long. Kaplan-Meier counts both honestly.
#
# Frequent customers contribute most of the silences. The dashed line lets every customer count once.

# %%
assert history.frame is not None
bought = history.frame.loc[history.frame["kind"] == "purchase", ["customer_id", "occurred_at"]]
days = bought.assign(day=bought["occurred_at"].dt.floor("D"))[["customer_id", "day"]].drop_duplicates()
days = days.sort_values(["customer_id", "day"], ignore_index=True)
silence = (days.groupby("customer_id")["day"].shift(-1) - days["day"]).dt.days
observed = (DATA_END - days["day"]).dt.days

grid = np.arange(0, 127)
still_silent = kaplan_meier(silence, observed, grid)

ended = days.assign(silence=silence).dropna(subset=["silence"])
ended = ended.sort_values("silence", kind="stable")
weight = 1.0 / ended.groupby("customer_id")["silence"].transform("size")
share = weight.cumsum() / weight.sum()
once_each = 1.0 - np.interp(grid, ended["silence"], share)
usual_days = int(ended["silence"].quantile(0.9))
usual_days_once_each = int(ended.loc[share >= 0.9, "silence"].iloc[0])

figure, (left, right) = plt.subplots(1, 2, figsize=(10, 4))
left.plot(grid, still_silent, color=BLUE, linewidth=2, label="every silence counts once (Kaplan-Meier)")
left.plot(
    grid, once_each, color=BLUE, linewidth=1.6, linestyle=(0, (4, 3)), label="every customer counts once"
)
left.axvline(HORIZON_DAYS, color=ORANGE, linewidth=1.4)
left.annotate(f"{HORIZON_DAYS} days", (HORIZON_DAYS + 2, 0.52), color=ORANGE)
left.set(
    title="A silence of four weeks is unusual",
    xlabel="days since the last purchase",
    ylabel="share still silent",
)
left.set_xlim(0, 126)
left.yaxis.set_major_formatter("{x:.0%}")
left.legend(loc="upper right", fontsize=8.5)

asked = np.arange(7, 99, 7)
comes_back = 1.0 - kaplan_meier(silence, observed, asked + HORIZON_DAYS) / kaplan_meier(
    silence, observed, asked
)
right.plot(asked, comes_back, color=GREEN, linewidth=2, marker="o", markersize=4)
right.set(title="Yet the silent do come back", xlabel="silent for so many days already",
          ylabel=f"share that buys within the next {HORIZON_DAYS} days")  # fmt: skip
right.set_ylim(0, 1.02)
right.yaxis.set_major_formatter("{x:.0%}")
keep(figure, "silence")
print(
    f"90 % of silences are over in {usual_days} days;"
    f" when every customer counts once, in {usual_days_once_each} days"
)
print(
    f"of those silent for 91 days, {comes_back[asked == 91][0]:.0%} still buy within the next {HORIZON_DAYS}"
)

# %% [markdown]
# Nobody at a grocer is ever surely gone: there is no day of silence after which customers stop coming back.
# "Churned for good" cannot be observed within a year, let alone learned. What can: **no purchase in the
# next 28 days**. Four weeks are long enough that silence is unusual for nine customers in ten or so, short
# enough to act upon, and whole weeks, so that every weekday weighs alike.

# %% [markdown]
# ## Which probability?
#
# Buy-till-you-die models offer two. *P(alive)*: has this customer, in the model's story, not quit yet?
# *P(purchase in 28 days)*: will they buy in the window? Both come out of one fit of BG/NBD.

# %%
origins = [date(2017, 7, 17), date(2017, 8, 14), date(2017, 9, 11), date(2017, 10, 9), CUTOFF]
panel = tiercast.panel(history, cutoffs=origins, horizon_days=HORIZON_DAYS)
at_cutoff = (panel.features["cutoff"] == CUTOFF).to_numpy()
now, truth = panel.features[at_cutoff], panel.labels[at_cutoff]
returned = truth["purchased"].to_numpy()

seen = {
    "repeat_order_days": now["order_days"] - 1,
    "purchase_span_days": now["purchase_span_days"],
    "customer_age_days": now["customer_age_days"],
}
bg_nbd = fit_bg_nbd(**seen).model
alive = bg_nbd.alive_probability(**seen)
returns = bg_nbd.purchase_probability(HORIZON_DAYS, **seen)

edges = [0, 2, 8, 16, 32, 64, 400]
named = ["1-2", "3-8", "9-16", "17-32", "33-64", "65+"]
band = pd.cut(now["order_days"], edges, labels=named)
by_band = pd.DataFrame(
    {"P(alive)": alive, f"P(purchase in {HORIZON_DAYS} days)": returns, "what happened": returned}
)
by_band = by_band.groupby(band.to_numpy(), observed=True).mean().reindex(named)

figure, (left, right) = plt.subplots(1, 2, figsize=(10, 4.2))
gone = returned == 0
for mask, colour, label in ((~gone, BLUE, "came back"), (gone, ORANGE, "did not")):
    left.scatter(alive[mask], returns[mask], s=14, color=colour, alpha=0.55, linewidth=0, label=label)
left.set(title="One fit, two answers", xlabel="P(alive)", ylabel=f"P(purchase in {HORIZON_DAYS} days)")
left.set_xlim(-0.02, 1.02)
left.set_ylim(-0.02, 1.02)
left.legend(loc="upper left", fontsize=8.5)
for name, colour, style in zip(by_band, (MUTED, BLUE, ORANGE), ("--", "-", "-"), strict=True):
    right.plot(
        named, by_band[name], color=colour, linestyle=style, linewidth=2, marker="o", markersize=5, label=name
    )
right.set(
    title="P(alive) is blind to the rare buyer",
    xlabel="days with a purchase so far",
    ylabel="mean of the group",
)
right.set_ylim(0, 1.05)
right.yaxis.set_major_formatter("{x:.0%}")
right.legend(loc="lower right", fontsize=8.5)
keep(figure, "alive")

for name, said in (("P(alive)", alive), (f"P(purchase in {HORIZON_DAYS} days)", returns)):
    print(f"{name:<26} AUC {roc_auc(returned, said):.3f}   log loss {log_loss(returned, said):.3f}")

# %% [markdown]
# Somebody who bought once is always alive to BG/NBD, however long ago that was: there was no second
# purchase after which to quit. The marketer does not ask about a hidden state, but about the next weeks. So
# **churn is one minus the probability of a purchase within a stated horizon**, everywhere in tiercast, and
# P(alive) is never used to rank.

# %% [markdown]
# ## When do they come back?
#
# The same question for every horizon at once is a survival curve. What was seen (Kaplan-Meier, thin) beside
# what BG/NBD says (thick), by how long the customer has been silent at the cutoff.

# %%
ahead = np.arange(1, 57)
curves = 1.0 - bg_nbd.purchase_probability(ahead.astype(float), **seen)
figure, axes = plt.subplots(figsize=(6.4, 4.4))
groups = ((1, 7, BLUE), (8, 28, GREEN), (29, 400, ORANGE))
for low, high, colour in groups:
    chosen = now["days_since_purchase"].between(low, high).to_numpy()
    happened = kaplan_meier(truth.loc[chosen, "days_to_purchase"], truth.loc[chosen, "observed_days"], ahead)
    label = f"silent {low}-{high} days" if high < 400 else f"silent {low} days or more"
    axes.plot(
        ahead,
        curves[chosen].mean(axis=0),
        color=colour,
        linewidth=2.6,
        alpha=0.75,
        label=f"{label} ({chosen.sum()})",
    )
    axes.step(ahead, happened, where="post", color=colour, linewidth=1)
axes.axvline(HORIZON_DAYS, color=MUTED, linewidth=1, linestyle=(0, (4, 3)))
axes.set(
    title="Who has not bought again yet", xlabel="days after the cutoff", ylabel="share without a purchase"
)
axes.set_xlim(0, 56)
axes.set_ylim(0, 1.02)
axes.yaxis.set_major_formatter("{x:.0%}")
axes.legend(loc="upper right", fontsize=8.5)
keep(figure, "survival")

# %% [markdown]
# ## Do the probabilities come true?
#
# A ranking tells whom to call first; a probability tells whether to call at all. Beside BG/NBD, a plain
# logistic regression on nine features, fitted on the four earlier origins: the newest of them closed its
# window on the cutoff.

# %%
CHOSEN = ["days_since_purchase", "order_days", "order_days_28d", "order_days_91d", "gap_mean_days", "gap_sd_days",
          "customer_age_days", "spend_91d_currency", "categories_91d"]  # fmt: skip
past = panel.where(~at_cutoff)


def squeezed(rows: pd.DataFrame) -> np.ndarray:
    """Logs tame the long tails; who never came back has no gap, and gets the whole silence instead."""
    known = rows[CHOSEN].apply(lambda column: column.fillna(rows["days_since_purchase"]))
    return np.log1p(known.to_numpy())


logistic = make_pipeline(StandardScaler(), LogisticRegression(C=0.1, max_iter=500))
logistic.fit(squeezed(past.features), past.labels["purchased"])
learned = logistic.predict_proba(squeezed(now))[:, 1]

figure, axes = plt.subplots(figsize=(5.6, 4.6))
axes.plot([0, 1], [0, 1], color=MUTED, linewidth=1, linestyle=(0, (4, 3)))
churned = 1.0 - returned
for name, said, colour in (("BG/NBD", 1 - returns, ORANGE), ("logistic, nine features", 1 - learned, BLUE)):
    group = pd.qcut(said, 8, labels=False, duplicates="drop")
    points = pd.DataFrame({"said": said, "happened": churned}).groupby(group).agg(["mean", "size"])
    happened, size = points["happened", "mean"], points["said", "size"]
    error = 1.96 * np.sqrt(happened * (1 - happened) / size)
    axes.errorbar(points["said", "mean"], happened, yerr=error, color=colour, linewidth=2, elinewidth=1, marker="o",
                  markersize=5, label=f"{name}, ECE {expected_calibration_error(churned, said):.3f}")  # fmt: skip
axes.set(title="When we say 30 %, is it 30 %?", xlabel="said: no purchase in 28 days", ylabel="happened")
axes.set_xlim(0, 1)
axes.set_ylim(0, 1)
axes.set_aspect("equal")
axes.legend(loc="upper left", fontsize=8.5)
keep(figure, "calibration")
for name, said in (("BG/NBD", 1 - returns), ("logistic, nine features", 1 - learned)):
    print(f"{name:<26} AUC {roc_auc(churned, said):.3f}   log loss {log_loss(churned, said):.3f}")

# %% [markdown]
# ## Answer
#
# * **Churn is "no purchase in the next 28 days", stated with its horizon.** The horizon comes from how long
#   silences usually last; a "gone for good" cannot be observed here.
# * **P(alive) is not a churn score.** From the very same fit, the probability of a purchase in the window
#   ranks far better and can be held against what happened.
# * **The whole curve is one answer**: churn at 28 days is a point of it, and so is "by when has half of
#   them bought".
# * **Purchase history alone says most of it**; features add some, and calibration has to be looked at, not
#   assumed.

# %%
better = roc_auc(returned, returns) - roc_auc(returned, alive)
assert better > 0.05
assert roc_auc(churned, 1 - learned) > 0.8
print(f"P(purchase in {HORIZON_DAYS} days) ranks {better:.3f} of AUC better than P(alive)")
