"""How well a buy-till-you-die model explains the purchase histories seen, and in which direction it improves.

Each function returns the log-likelihood of every distinct history and its gradient in the *logarithms* of the
parameters. Time may be in any unit; a change of unit only adds ``repeats · log(unit)``.
"""

import numpy as np
from scipy.special import betaln, gammaln, psi

from tiercast.learners.btyd_histories import Histories
from tiercast.serving.btyd_arithmetic import BLOCK_CELLS, Floats, race_nodes
from tiercast.serving.btyd_erlang import step_terms

_NODES = 32


def nbd(log_parameters: Floats, seen: Histories) -> tuple[Floats, Floats]:
    """NBD (Ehrenberg 1959): a steady personal rate, nobody ever leaves. Parameters log r, log alpha."""
    r, alpha = np.exp(log_parameters)
    x, rate = seen.repeats, alpha + seen.age
    value = gammaln(r + x) - gammaln(r) - r * np.log1p(seen.age / alpha) - x * np.log(rate)
    by_r = psi(r + x) - psi(r) - np.log1p(seen.age / alpha)
    by_alpha = r / alpha - (r + x) / rate
    return value, np.stack([r * by_r, alpha * by_alpha])


def quits_after_purchase(
    log_parameters: Floats, seen: Histories, *, may_quit_at_first: bool
) -> tuple[Floats, Floats]:
    """BG/NBD or, when the first purchase may be the last, MBG/NBD. Parameters log r, log alpha, log a, log b.

    Fader, Hardie & Lee (2005), eq. 6; Batislam, Denizel & Filiztekin (2007).
    """
    r, alpha, a, b = np.exp(log_parameters)
    x, shape = seen.repeats, r + seen.repeats
    chances = x + float(may_quit_at_first)
    could_quit = chances > 0
    before = np.where(could_quit, b + chances - 1, 1.0)
    log_active = betaln(a, b + chances) - betaln(a, b) - shape * np.log(alpha + seen.age)
    log_quit = np.where(
        could_quit,
        betaln(a + 1, before) - betaln(a, b) - shape * np.log(alpha + seen.span),
        -np.inf,
    )
    both = np.logaddexp(log_active, log_quit)
    active = np.exp(log_active - both)
    quit_ = 1.0 - active
    value = gammaln(shape) - gammaln(r) + r * np.log(alpha) + both
    log_rate = active * np.log(alpha + seen.age) + quit_ * np.log(alpha + seen.span)
    by_r = psi(shape) - psi(r) + np.log(alpha) - log_rate
    by_alpha = r / alpha - shape * (active / (alpha + seen.age) + quit_ / (alpha + seen.span))
    by_a = psi(a + b) - psi(a + b + chances) + quit_ / a
    by_b = psi(a + b) - psi(a + b + chances) - psi(b) + active * psi(b + chances) + quit_ * psi(before)
    return value, np.stack([r * by_r, alpha * by_alpha, a * by_a, b * by_b])


def regular_quits_after_purchase(log_parameters: Floats, seen: Histories, *, k: int) -> tuple[Floats, Floats]:
    """MBG/CNBD-k. Parameters log r, log alpha, log a, log b; with k = 1 it is MBG/NBD.

    Reutterer, Platzer & Schröder (2021), without the factor that only k and the gaps decide: see
    :meth:`~.btyd_histories.Histories.rhythm_evidence`.
    """
    r, alpha, a, b = np.exp(log_parameters)
    x, shape = seen.repeats, r + k * seen.repeats
    late, last = alpha + seen.age, alpha + seen.span
    steps = step_terms(shape, (seen.age - seen.span) / late, k)
    silent = steps.sum(axis=1)
    log_active = betaln(a, b + x + 1) - betaln(a, b) - shape * np.log(late) + np.log(silent)
    log_quit = betaln(a + 1, b + x) - betaln(a, b) - shape * np.log(last)
    both = np.logaddexp(log_active, log_quit)
    active = np.exp(log_active - both)
    quit_ = 1.0 - active
    value = gammaln(shape) - gammaln(r) + r * np.log(alpha) + both
    j = np.arange(k)
    share = steps / silent[:, None]
    more_steps = np.concatenate(
        [np.zeros((len(x), 1)), np.cumsum(1.0 / (shape[:, None] + j[:-1]), axis=1)], axis=1
    )
    log_rate = active * np.log(late) + quit_ * np.log(last) - active * (share * more_steps).sum(axis=1)
    by_r = psi(shape) - psi(r) + np.log(alpha) - log_rate
    taken = share @ j
    by_alpha = r / alpha - (active * (shape + taken) / late + quit_ * shape / last)
    by_a = psi(a + b) - psi(a + b + x + 1) + quit_ / a
    by_b = psi(a + b) - psi(a + b + x + 1) - psi(b) + active * psi(b + x + 1) + quit_ * psi(b + x)
    return value, np.stack([r * by_r, alpha * by_alpha, a * by_a, b * by_b])


def pareto_nbd(log_parameters: Floats, seen: Histories) -> tuple[Floats, Floats]:
    """Pareto/NBD (Schmittlein, Morrison & Colombo 1987). Parameters log r, log alpha, log s, log beta.

    The unknown moment of leaving is integrated by Gauss points between the last purchase and the cutoff,
    with one more point for "still active at the cutoff"; the gradient is the mean over the same points.
    """
    value, gradient = np.empty(len(seen.repeats)), np.empty((4, len(seen.repeats)))
    step = max(1, BLOCK_CELLS // (4 * _NODES))
    for start in range(0, len(seen.repeats), step):
        part = slice(start, start + step)
        block = seen.at(part)
        value[part], gradient[:, part] = _pareto_nbd_block(log_parameters, block)
    return value, gradient


def _pareto_nbd_block(log_parameters: Floats, seen: Histories) -> tuple[Floats, Floats]:
    r, alpha, s, beta = np.exp(log_parameters)
    x, shape = seen.repeats, r + seen.repeats
    rate, left_rate = alpha + seen.span, beta + seen.span
    times, weights = race_nodes(rate, left_rate, shape, np.full_like(shape, s), seen.age - seen.span, _NODES)
    times = np.concatenate([times, (seen.age - seen.span)[:, None]], axis=1)
    buying, leaving = rate[:, None] + times, left_rate[:, None] + times
    log_buying, log_leaving = np.log(buying), np.log(leaving)
    left = np.ones_like(times)
    left[:, -1] = 0.0
    with np.errstate(divide="ignore"):
        log_weights = np.log(np.concatenate([weights * s, np.ones((len(x), 1))], axis=1))
    terms = log_weights - shape[:, None] * log_buying - (s + left) * log_leaving
    top = terms.max(axis=1)
    share = np.exp(terms - top[:, None])
    total = share.sum(axis=1)
    share /= total[:, None]
    value = gammaln(shape) - gammaln(r) + r * np.log(alpha) + s * np.log(beta) + top + np.log(total)
    by_r = psi(shape) - psi(r) + np.log(alpha) - (share * log_buying).sum(axis=1)
    by_alpha = r / alpha - shape * (share / buying).sum(axis=1)
    by_s = np.log(beta) - (share * log_leaving).sum(axis=1) + (1.0 - share[:, -1]) / s
    by_beta = s / beta - (share * (s + left) / leaving).sum(axis=1)
    return value, np.stack([r * by_r, alpha * by_alpha, s * by_s, beta * by_beta])
