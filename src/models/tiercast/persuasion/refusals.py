"""Why an experiment cannot answer who is persuadable: each fault of a draw has a code and says what to mend."""

from collections.abc import Iterable

from tiercast.serving.refusals import Refused


class BadExperiment(Refused, ValueError):
    """The table of an experiment cannot be read as one: a customer twice, an outcome that is no number, no feature."""

    code = "BAD_EXPERIMENT"


class RunTooOld(Refused, ValueError):
    """A run of an experiment kept too little to tell other customers what it taught.

    Examples
    --------
    >>> raise RunTooOld(run_id="4f2a")
    Traceback (most recent call last):
    tiercast.persuasion.refusals.RunTooOld: the run 4f2a did not keep the currency and the columns of its features, so another
    history could be mistaken without anybody seeing it; run the experiment again with: tiercast uplift
    """

    code = "RUN_TOO_OLD"

    def __init__(self, *, run_id: str) -> None:
        super().__init__(
            f"the run {run_id} did not keep the currency and the columns of its features, so another history could be "
            "mistaken without anybody seeing it; run the experiment again with: tiercast uplift",
            run_id=run_id,
        )


class NoControlArm(Refused, ValueError):
    """One of the two arms that are compared has nobody in it.

    Examples
    --------
    >>> raise NoControlArm(missing="none", there_is={"mail": 120})
    Traceback (most recent call last):
    tiercast.persuasion.refusals.NoControlArm: nobody was drawn into the arm 'none', so what a contact changes cannot be
    told from what happens anyway; there is: mail (120)
    """

    code = "NO_CONTROL_ARM"

    def __init__(self, *, missing: str, there_is: dict[str, int]) -> None:
        listed = ", ".join(f"{arm} ({customers:,})" for arm, customers in there_is.items()) or "none"
        super().__init__(
            f"nobody was drawn into the arm {missing!r}, so what a contact changes cannot be told from what happens "
            f"anyway; there is: {listed}",
            missing=missing,
            there_is=dict(there_is),
        )


class SampleRatioMismatch(Refused, ValueError):
    """The arms are not as large as their probabilities say: rows were lost or added after the draw.

    Examples
    --------
    >>> raise SampleRatioMismatch(treated=600, control=400, expected_treated=500.0, p_value=2.5e-10)
    Traceback (most recent call last):
    tiercast.persuasion.refusals.SampleRatioMismatch: 600 of 1,000 were treated where 500.0 were expected (p = 2.5e-10):
    the draw was not as told, or rows were lost from one arm; find out why, or give the probabilities that were used
    """

    code = "SAMPLE_RATIO_MISMATCH"

    def __init__(self, *, treated: int, control: int, expected_treated: float, p_value: float) -> None:
        super().__init__(
            f"{treated:,} of {treated + control:,} were treated where {expected_treated:,.1f} were expected "
            f"(p = {p_value:.2g}): the draw was not as told, or rows were lost from one arm; find out why, or give the "
            "probabilities that were used",
            treated=treated,
            control=control,
            expected_treated=expected_treated,
            p_value=p_value,
        )


class UnbalancedArms(Refused, ValueError):
    """The arms differed in what was known before: the contact was not drawn by lot, or a column tells of the outcome."""

    code = "UNBALANCED_ARMS"

    def __init__(self, *, columns: dict[str, float]) -> None:
        listed = ", ".join(f"{name} ({gap:+.2f} sd)" for name, gap in columns.items())
        super().__init__(
            f"the arms differ in what was known before the draw: {listed}; a column that tells what happened afterwards "
            "is to be named as an outcome, and a contact that was not drawn by lot needs the probabilities that were used",
            columns=dict(columns),
        )


class TooFewOutcomes(Refused, ValueError):
    """Too few customers of an arm had the outcome to learn from."""

    code = "TOO_FEW_OUTCOMES"

    def __init__(self, *, outcome: str, arm: str, has: int, needs: int) -> None:
        super().__init__(
            f"{outcome}: {has:,} customers of the arm {arm!r} had it and {needs:,} are needed; take a more frequent "
            "outcome, a longer horizon or more customers",
            outcome=outcome,
            arm=arm,
            has=has,
            needs=needs,
        )


class BadProbability(Refused, ValueError):
    """A probability of having been contacted is not between 0 and 1: who had no chance of an arm has nobody to compare with."""

    code = "BAD_ASSIGNMENT_PROBABILITY"

    def __init__(self, problem: str, *, rows: int = 0) -> None:
        super().__init__(
            f"{problem}; a probability of an arm lies above 0 and below 1, for everybody who is compared",
            rows=rows,
        )


class NoOverlap(Refused, ValueError):
    """An arm is too small to tell of anybody, or few of its customers carry all of its weight."""

    code = "NO_OVERLAP"

    def __init__(self, *, arm: str, effective: float, needs: int) -> None:
        super().__init__(
            f"the arm {arm!r} tells as much as {effective:,.0f} equally weighted customers and {needs:,} are needed; take "
            "more customers, or leave out those with hardly a chance of one arm",
            arm=arm,
            effective=effective,
            needs=needs,
        )


def listed(names: Iterable[object], most: int = 12) -> str:
    """Return names as a list for people, the first of them only where there are many.

    Examples
    --------
    >>> listed(["a", "b"]), listed([])
    ('a, b', 'none')
    """
    told = [str(name) for name in names]
    return ", ".join(told[:most]) + (", …" if len(told) > most else "") or "none"
