"""Conversion in one call: when will prospects buy for the first time, by first channel and one by one?"""

from collections.abc import Callable, Sequence
from pathlib import Path

from tiercast.registry import open_store
from tiercast.serving.refusals import WrongType
from tiercast.sources.given import Day, Sides, Source
from tiercast.sources.opening import open_source
from tiercast.training.converting import ConversionResult, Question, convert
from tiercast.windows import Horizon, parse_cutoff

Progress = Callable[[str], None]


def conversion(
    source: Source,
    *,
    horizon_days: int = 28,
    gap_days: int = 0,
    step_days: int = 14,
    test_origins: int = 3,
    judged_at: Sequence[Day] = (),
    until: Day | None = None,
    sides: Sides | None = None,
    extensions: Sequence[str] = (),
    seed: int = 7,
    root: str | Path | None = None,
    progress: Progress = lambda _: None,
) -> ConversionResult:
    """Learn when prospects first buy, without anything about repeat purchases, and record the run.

    A training does the same where a history has prospects; this is for histories of prospects and first purchases alone.

    Parameters
    ----------
    horizon_days, gap_days, step_days, test_origins : int
        As on a card.
    judged_at : sequence of str or date
        Test origins by name, where the newest ones tell little: when no new prospects came any more, say.
    until : str or date, optional
        Nothing on or after it is used; default: the last day of the data.

    Raises
    ------
    NotTrainable
        Fewer than 100 prospects bought for the first time, or did not, or the history is too short.
    SourceError, ContractError, BadCutoff, WrongType
    """
    whole = {"horizon_days": (horizon_days, 1), "gap_days": (gap_days, 0), "step_days": (step_days, 1)}
    for name, (value, least) in {**whole, "test_origins": (test_origins, 1)}.items():
        if value < least:
            raise WrongType(f"{name} is at least {least}, not {value}", name=name)
    question = Question(
        Horizon(horizon_days, gap_days),
        step_days,
        test_origins,
        tuple(parse_cutoff(day) for day in judged_at),
        None if until is None else parse_cutoff(until),
        seed,
    )
    history = open_source(source, sides=sides, extensions=tuple(extensions))
    return convert(history, question, store=open_store(root), extensions=extensions, progress=progress)
