"""Customers as a buy-till-you-die model tells them, purchase by purchase: their histories, gaps and futures."""

from typing import Any

import numpy as np

from tiercast.learners.btyd import BtydFit, fit_every_btyd
from tiercast.serving.btyd import MbgCnbd, MbgNbd, ParetoNbd

Columns = dict[str, np.ndarray]


def likeliest(**columns: Any) -> BtydFit:
    """Return the fit of the lowest BIC: regular gaps are a fifth parameter, which costs half a log(customers) more.

    A model that fell back gives way to one that did not; a tie goes to the one named first.
    """
    fits = fit_every_btyd(**columns)
    price = 0.5 * np.log(max(fits[0].customers, 1))
    return max(
        fits,
        key=lambda fit: (fit.fallback is None, fit.log_likelihood - price * isinstance(fit.model, MbgCnbd)),
    )


def simulated(
    truth: Any, customers: int, seed: int, horizon: float
) -> tuple[Columns, np.ndarray, np.ndarray]:
    """Return the histories at an age of 60 to 600 days, the later purchases, and the means of log gaps."""
    random = np.random.default_rng(seed)
    age = random.integers(60, 600, customers).astype(float)
    rate = random.gamma(truth.r, 1 / truth.alpha_days, customers)
    steps = truth.k if isinstance(truth, MbgCnbd) else 1
    clock, x, span, later, logs = (np.zeros(customers) for _ in range(5))
    active = np.ones(customers, dtype=bool)
    leaves_at = np.full(customers, np.inf)
    quits = np.zeros(customers)
    if isinstance(truth, ParetoNbd):
        leaves_at = random.exponential(1 / random.gamma(truth.s, 1 / truth.beta_days, customers))
    else:
        quits = random.beta(truth.a, truth.b, customers)
        if isinstance(truth, (MbgNbd, MbgCnbd)):
            active = random.random(customers) >= quits
    while active.any():
        gap = random.gamma(steps, 1 / rate)
        clock = clock + gap
        active &= (clock <= leaves_at) & (clock <= age + horizon)
        seen = active & (clock <= age)
        x, span, later = x + seen, np.where(seen, clock, span), later + (active & (clock > age))
        logs += np.where(seen, np.log(gap), 0.0)
        active &= random.random(customers) >= quits
    told = np.divide(logs, x, out=np.full(customers, np.nan), where=x > 0)
    return {"repeat_order_days": x, "purchase_span_days": span, "customer_age_days": age}, later, told
