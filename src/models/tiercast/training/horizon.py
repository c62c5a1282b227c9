"""The horizon: asked by the card, kept from the champion, or chosen from how long customers usually stay silent."""

from dataclasses import dataclass
from datetime import date, timedelta

from tiercast.config import TrainCard
from tiercast.engines.engine import Engine
from tiercast.registry import Store, bundle_folder, champion, open_served
from tiercast.schema import History
from tiercast.training.plan import LEAST_WINDOW_DAYS, longest_window, surely_planned_from, trainable_from
from tiercast.training.silence import look_at_silences
from tiercast.windows import Horizon

WEEK_DAYS = 7


@dataclass(frozen=True)
class HorizonRule:
    """How data choose a horizon.

    Parameters
    ----------
    usual_share : float
        The horizon is so long that this share of the returns come within it.
    least_days, most_days : int
        Never shorter, never longer; whole weeks.
    least_customers : int
        So many must have come back, and have been followed through each silence that counts.
    assumed_days : int
        What is taken where fewer came back.
    """

    usual_share: float = 0.9
    least_days: int = 7
    most_days: int = 182
    least_customers: int = 100
    assumed_days: int = 28


RULE = HorizonRule()


@dataclass(frozen=True)
class HorizonChoice:
    """Which window churn and value are about, and why.

    Parameters
    ----------
    days : int
    basis : str
        ``card``, ``champion``, ``data`` or ``assumed``.
    reason : str
        In words.
    warnings : tuple of str
        Codes with a sentence each.
    """

    days: int
    basis: str
    reason: str
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True)
class Kept:
    """The horizon of the version in charge."""

    days: int
    version: int


def champions_horizon(store: Store) -> Kept | None:
    """Return the horizon that the champion answers for, or None while nothing that was judged is in charge.

    A version that was not judged binds nobody: its horizon was as short as its history.

    Raises
    ------
    StoreUnreachable, StoreCorrupt
    """
    before = champion(store)
    if before is None or not before.is_judged:
        return None
    bundle = open_served(bundle_folder(store, before.version))
    return Kept(int(bundle.forecast.horizon_days), before.version)


def choose_horizon(
    card: TrainCard,
    engine: Engine,
    history: History,
    *,
    first_day: date,
    data_ends_on: date,
    kept: Kept | None = None,
    rule: HorizonRule = RULE,
) -> HorizonChoice:
    """Return the card's horizon; where it asks for none, the champion's; where there is none, that of the data.

    The data's is the time within which nine in ten returns come, each customer counting once, in whole weeks
    (:mod:`~tiercast.training.silence`). Only what was known before :func:`known_before_judging` has a say, so no
    window on which candidates are judged does. A horizon that the history cannot judge is shortened to the longest
    that it can; :func:`~tiercast.training.plan.make_plan` carries only what somebody asks for.

    Parameters
    ----------
    first_day, data_ends_on : date
        The history that training uses; ``data_ends_on`` excluded.
    kept : Kept, optional
        The champion's horizon. Another question every week could never be compared with last week's answer.
    """
    if card.horizon_days:
        return HorizonChoice(card.horizon_days, "card", "the card asks for it")
    found = _from_data(card, engine, history, first_day=first_day, data_ends_on=data_ends_on, rule=rule)
    if kept is None:
        return found
    told = (
        f"HORIZON_KEPT: the champion's {kept.days} days; by the data alone it would be {found.days} ({found.reason}): "
        f"horizon_days = {found.days} on the card changes the question",
    )
    return HorizonChoice(
        kept.days,
        "champion",
        f"champion v{kept.version} answers for it, and only the same question can be compared",
        told if found.basis == "data" and found.days != kept.days else (),
    )


def known_before_judging(
    card: TrainCard, *, first_day: date, data_ends_on: date, rule: HorizonRule = RULE
) -> date:
    """Return the day before which a choice may look: the middle of the history, or the first test origin if earlier.

    The first test origin is that of the longest horizon there could be; a shorter one is judged later.

    Examples
    --------
    >>> card = TrainCard(job="train", source="parquet:x")
    >>> known_before_judging(card, first_day=date(2017, 1, 1), data_ends_on=date(2018, 1, 1))
    datetime.date(2017, 7, 2)
    """
    middle = first_day + (data_ends_on - first_day) // 2
    most = most_judged_days(card, first_day=first_day, data_ends_on=data_ends_on, rule=rule)
    last_test = data_ends_on - timedelta(days=card.gap_days + most)
    return min(middle, last_test - timedelta(days=card.step_days * (card.test_origins - 1)))


def most_judged_days(
    card: TrainCard, *, first_day: date, data_ends_on: date, rule: HorizonRule = RULE
) -> int:
    """Return the longest horizon, in whole weeks, of which the history holds three windows.

    Never less than the shortest window that is planned: then the plan refuses, and says from when on.

    Examples
    --------
    >>> card = TrainCard(job="train", source="parquet:x")
    >>> most_judged_days(card, first_day=date(2017, 1, 1), data_ends_on=date(2018, 1, 1))
    77
    """
    longest = longest_window(
        Horizon(rule.most_days, card.gap_days),
        days=(data_ends_on - first_day).days,
        step_days=card.step_days,
        test_origins=card.test_origins,
        history_days=card.first_origin_after_days,
    )
    return max(longest.days // WEEK_DAYS * WEEK_DAYS, LEAST_WINDOW_DAYS)


def _from_data(
    card: TrainCard,
    engine: Engine,
    history: History,
    *,
    first_day: date,
    data_ends_on: date,
    rule: HorizonRule,
) -> HorizonChoice:
    span = {"first_day": first_day, "data_ends_on": data_ends_on}
    known_until = known_before_judging(card, **span, rule=rule)
    most = most_judged_days(card, **span, rule=rule)
    seen = look_at_silences(engine, history, known_until=known_until, least_customers=rule.least_customers)
    usual = seen.within(rule.usual_share)
    if usual is None or seen.repeat_customers < rule.least_customers:
        days = min(rule.assumed_days, most)
        had = f"{seen.repeat_customers:,} of {seen.customers:,} customers had come back before {known_until}"
        return HorizonChoice(
            days,
            "assumed",
            f"{had}, too few to tell their rhythm",
            (
                f"HORIZON_ASSUMED: {had}, {rule.least_customers} are needed to choose a horizon from the data: {days} days "
                "are assumed; horizon_days on the card states another",
            ),
        )
    reason = (
        f"{rule.usual_share:.0%} of returns come within {usual} days: {seen.repeat_customers:,} customers who came back, "
        f"each counting once, known before {known_until} and followed for {seen.seen_days} days"
    )
    weeks_days = -(-usual // WEEK_DAYS) * WEEK_DAYS
    wanted = min(max(weeks_days, rule.least_days), rule.most_days)
    if weeks_days > rule.most_days:
        reason += f", and no more than {rule.most_days} are asked"
    if wanted <= most:
        return HorizonChoice(wanted, "data", reason)
    surely = surely_planned_from(
        first_day,
        horizon=Horizon(wanted, card.gap_days),
        step_days=card.step_days,
        test_origins=card.test_origins,
        history_days=card.first_origin_after_days,
    )
    least = Horizon(min(most, LEAST_WINDOW_DAYS), card.gap_days)
    rolling = {"step_days": card.step_days, "test_origins": card.test_origins}
    ready = trainable_from(first_day, horizon=least, history_days=card.first_origin_after_days, **rolling)
    can, of = f"the history can judge {most}", f"of {wanted} the history can judge {most}"
    if data_ends_on < ready:
        can = of = f"no more than {most} are asked while the history can judge nothing"
    return HorizonChoice(
        most,
        "data",
        f"{reason}; {can}",
        (
            f"HORIZON_SHORTENED: {usual} days are usual, and {of}; {wanted} can be judged "
            f"from {surely} on, {(surely - data_ends_on).days} more days, or are carried where the card states them",
        ),
    )
