"""Two checks of what training learns from: labels and folds by an independent checker, and the frozen vocabulary."""

from tiercast.auditing.futures import truncated
from tiercast.auditing.report import Finding, listed
from tiercast.auditing.subject import KEY, Subject
from tiercast.evaluation.splits_check import LeakySplit, check_folds, check_split
from tiercast.features.catalogue import build_catalogue, look
from tiercast.panels import as_of

LABELS = ["purchased", "order_days_future", "value_currency"]
CHECK = "Is every training label known by the day on which the model is judged?"


def check_label_windows(subject: Subject) -> Finding:
    """Recompute every window of the plan, and every training label from what was known at the first test origin."""
    plan = subject.ready.plan
    window = {"gap_days": plan.window.gap_days, "horizon_days": plan.window.days}
    try:
        if plan.folds:  # a short history has none
            check_folds(
                [(tuple(sorted({*fold.train, fold.calibrate})), fold.test) for fold in plan.folds],
                known_until=plan.data_ends_on,
                **window,
            )
        for fold in plan.folds:
            check_split(fold.train, fold.calibrate, **window)
        for origin in plan.origins:
            check_split([origin], plan.data_ends_on, **window)
    except LeakySplit as leak:
        return Finding("LABEL_IN_WINDOW", CHECK, False, str(leak))
    end = plan.folds[0].test if plan.folds else plan.data_ends_on
    where = f"at the first test origin {end}" if plan.folds else f"where the data end, on {end},"
    trained = as_of(subject.ready.panel, end, plan.window)
    rows = trained.features[KEY].assign(**{name: trained.labels[name] for name in LABELS})
    rows = rows.loc[rows["customer_id"].isin(subject.events["customer_id"].unique())].reset_index(drop=True)
    known = subject.labels_of(truncated(subject.events, end), rows, data_ends_on=end)
    differing = (rows[LABELS] != known[LABELS]).any(axis=1)
    if differing.any():
        return Finding(
            "LABEL_IN_WINDOW",
            CHECK,
            False,
            f"{int(differing.sum()):,} of {len(rows):,} training labels {where} are others when "
            "only what was known by then is read",
        )
    return Finding(
        "LABEL_IN_WINDOW",
        CHECK,
        True,
        f"{len(plan.folds)} folds and {len(plan.origins)} label windows are purged and inside the data, and "
        f"{len(rows):,} training labels were known at {end}",
    )


def check_vocabulary(subject: Subject, extensions: tuple[str, ...]) -> Finding:
    """Look again at the first test origin: the frozen vocabulary must hold nothing that was seen only later."""
    cutoff = subject.ready.plan.words_end_on
    frozen = subject.ready.catalogue
    seen = look(subject.engine.run, subject.ready.history, cutoff)
    honest = build_catalogue(seen, extensions=extensions)
    blamed = tuple(name for name in frozen.names if name not in set(honest.names))
    holds = seen == frozen.seen and not blamed
    return Finding(
        "VOCABULARY",
        "Is the vocabulary fixed on what was seen before the first test origin?"
        if subject.ready.plan.folds
        else "Is the vocabulary fixed on what was seen before the window that is learned from?",
        holds,
        f"{len(frozen.vocabulary)} terms were all seen before {cutoff}"
        if holds
        else f"the vocabulary is not the one that was visible at {cutoff}"
        + (f": {listed(blamed)} would not be there" if blamed else ""),
        blamed,
    )
