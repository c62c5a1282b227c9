"""Job cards: one flat TOML file a scheduled run, checked before any data is read."""

import difflib
import re
import tomllib
from dataclasses import fields
from datetime import date
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, ConfigDict, Field, TypeAdapter, ValidationError
from pydantic.dataclasses import dataclass

from tiercast.errors import CardError, SourceError, UnknownName
from tiercast.mapping.spoken import with_map
from tiercast.newest import MOST_SILENT_DAYS
from tiercast.sides import spoken_sides

FROZEN = ConfigDict(extra="forbid", strict=False)
MOST_KEYS = 15


def a_day(text: str | None) -> str | None:
    """Return the text of a day that exists, or of ``latest``.

    Raises
    ------
    ValueError
    """
    if text not in (None, "latest"):
        date.fromisoformat(text)
    return text


def usable_weights(weights: tuple[float, ...]) -> tuple[float, ...]:
    """Return weights of which each is 0 or more, and one above 0.

    Raises
    ------
    ValueError
    """
    if not all(0 <= each < float("inf") for each in weights) or not any(weights):
        raise ValueError("each weight must be 0 or more, and one above 0")
    return weights


Day = Annotated[str, AfterValidator(a_day)]
RfmclWeights = Annotated[tuple[float, float, float, float, float], AfterValidator(usable_weights)]


@dataclass(frozen=True, config=FROZEN)
class TrainCard:
    """What ``tiercast train`` reads.

    Parameters
    ----------
    source : str
        Where touchpoints come from, as in ``parquet:FILE``.
    map : str
        A column map for the source, a TOML file; the same as ``?map=FILE`` after it.
    sides : tuple of str
        Side tables, as in ``products=csv:products.csv``.
    horizon_days : int
        The window that churn and value are about; 0 keeps the champion's, and while there is none, the data choose
        (:mod:`tiercast.training.horizon`).
    gap_days : int
        Days between the cutoff and the window, when acting on scores takes time.
    step_days : int
        Days between training origins.
    test_origins : int
        Newest origins with mature labels, never tuned on.
    first_origin_after_days : int
        History before the first training origin.
    until : str
        Nothing on or after this day is used; default: the last day of the data, taken as incomplete.
    active_days : int
        Cohort: customers with a purchase in this many days before the origin; 0 is all who ever bought.
    tuning_trials, tuning_seconds : int
        Most trials of each learner that can be tuned, and the time for all of them together, shared evenly; 0 trials
        keeps the defaults.
    clusters : int
        Segments; 0 chooses by stability and separation.
    rfmcl_third_letter : str
        What C of RFMCL means: ``breadth``, ``discount`` or ``clumpiness``.
    rfmcl_weights : tuple of float
        How much R, F, M, C and L count in the score, each 0 or more, one above 0.
    policy : str
        The default tier policy of the bundle: a name, or a TOML file of your own.
    policies : tuple of str
        TOML files with further policies of your own; every policy there is goes into the bundle.
    actions : str
        A TOML file of next best actions instead of ours; its assumptions are for plans.
    extensions : tuple of str
        Modules with features, learners, policies and sources of your own.
    margin_share : float
        What is left of a unit of net revenue, above 0 and at most 1: the value that is told is multiplied by it; 1 tells
        revenue. Learning and judging stay in net revenue.
    discount_yearly_share : float
        At least 0 and below 1: money that comes a year after the cutoff counts one over one plus this; 0 counts it whole.
    audit : bool
        Look for leaks first, as ``tiercast audit`` does, and train nothing where there is one.
    seed : int
    """

    job: Literal["train"]
    source: str
    horizon_days: int = Field(default=0, ge=0, le=365)
    gap_days: int = Field(default=0, ge=0, le=60)
    step_days: int = Field(default=14, ge=1, le=91)
    test_origins: int = Field(default=3, ge=1, le=12)
    first_origin_after_days: int = Field(default=84, ge=1)
    until: Day | None = Field(default=None, pattern=r"^\d{4}-\d{2}-\d{2}$")
    active_days: int = Field(default=0, ge=0)
    tuning_trials: int = Field(default=8, ge=0, le=500)
    tuning_seconds: int = Field(default=60, ge=1)
    clusters: int = Field(default=0, ge=0, le=50)
    rfmcl_third_letter: Literal["breadth", "discount", "clumpiness"] = "breadth"
    rfmcl_weights: RfmclWeights = (1.0, 1.0, 1.0, 1.0, 1.0)
    policy: str = "pyramid"
    policies: tuple[str, ...] = ()
    actions: str = ""
    extensions: tuple[str, ...] = ()
    seed: int = Field(default=7, ge=0)
    map: str = ""
    sides: tuple[str, ...] = ()
    margin_share: float = Field(default=1.0, gt=0, le=1, allow_inf_nan=False)
    discount_yearly_share: float = Field(default=0.0, ge=0, lt=1, allow_inf_nan=False)
    audit: bool = False

    def __post_init__(self) -> None:
        object.__setattr__(self, "source", with_map(self.source, self.map))
        spoken_sides(self.sides)  # a typo is refused before anything is read


@dataclass(frozen=True, config=FROZEN)
class ScoreCard:
    """What ``tiercast score`` reads when it runs from a card.

    ``cutoff`` may be ``latest``: the last day of the data. A history whose newest touchpoint is more than
    ``newest_within_days`` before the cutoff is refused.
    """

    job: Literal["score"]
    source: str
    out: str
    cutoff: Day = Field(default="latest", pattern=r"^(latest|\d{4}-\d{2}-\d{2})$")
    model: str = "champion"
    policy: str = ""
    language: Literal["en", "zh"] = "en"
    extensions: tuple[str, ...] = ()
    map: str = ""
    sides: tuple[str, ...] = ()
    newest_within_days: int = Field(default=MOST_SILENT_DAYS, ge=1)

    def __post_init__(self) -> None:
        object.__setattr__(self, "source", with_map(self.source, self.map))
        spoken_sides(self.sides)  # a typo is refused before anything is read


@dataclass(frozen=True, config=FROZEN)
class SegmentCard:
    """What ``tiercast segment`` reads.

    ``clusters = 0`` chooses, with ``trials`` looks of Optuna within each ``algorithm`` (``auto``: all compete);
    ``previous`` is an older fit whose labels are kept; ``predictions`` a version whose predictions take part; ``plots`` a
    folder for pictures.
    """

    job: Literal["segment"]
    source: str
    cutoff: Day = Field(default="latest", pattern=r"^(latest|\d{4}-\d{2}-\d{2})$")
    clusters: int = Field(default=0, ge=0, le=50)
    algorithm: Literal["auto", "kmeans", "mixture", "hdbscan"] = "auto"
    trials: int = Field(default=6, ge=0, le=500)
    previous: str = ""
    predictions: str = ""
    plots: str = ""
    out: str = ""
    extensions: tuple[str, ...] = ()
    seed: int = Field(default=7, ge=0)
    map: str = ""
    sides: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        object.__setattr__(self, "source", with_map(self.source, self.map))
        spoken_sides(self.sides)  # a typo is refused before anything is read


@dataclass(frozen=True, config=FROZEN)
class AddCard:
    """What ``tiercast add`` reads: files of ``source`` that are new go into the touchpoint store ``to``."""

    job: Literal["add"]
    source: str
    to: str
    batch: str = ""
    extensions: tuple[str, ...] = ()
    map: str = ""

    def __post_init__(self) -> None:
        object.__setattr__(self, "source", with_map(self.source, self.map))


Card = TrainCard | ScoreCard | SegmentCard | AddCard
KINDS: dict[str, type[TrainCard] | type[ScoreCard] | type[SegmentCard] | type[AddCard]] = {
    "add": AddCard,
    "train": TrainCard,
    "score": ScoreCard,
    "segment": SegmentCard,
}


def read_card(path: str | Path, *, job: str | None = None) -> Card:
    """Return the card in a TOML file.

    Parameters
    ----------
    path : path
    job : str, optional
        The job it must be for.

    Raises
    ------
    CardError
        The file is not there, is not TOML, has a key no card has, or a value out of bounds; the message says which
        and what there is. Nothing else has been read by then.
    """
    place = Path(path)
    try:
        stored = tomllib.loads(place.read_text("utf-8"))
    except FileNotFoundError:
        raise CardError(card=place, problem="there is no such file") from None
    except (OSError, UnicodeDecodeError) as error:
        raise CardError(card=place, problem=f"cannot be read ({type(error).__name__})") from None
    except tomllib.TOMLDecodeError as error:
        raise CardError(card=place, problem=f"is not TOML: {error}") from None
    return card_of(stored, name=place, job=job)


def card_of(stored: dict[str, Any], *, name: str | Path = "in memory", job: str | None = None) -> Card:
    """Return the card that a mapping describes; see :func:`read_card`.

    Examples
    --------
    >>> card_of({"job": "train", "source": "parquet:x", "horizon_days": 28}).horizon_days
    28
    >>> card_of({"job": "train", "source": "parquet:x", "horizon": 28})
    Traceback (most recent call last):
    ...
    tiercast.errors.CardError: card in memory: unknown key 'horizon' (did you mean horizon_days?); there is: ...
    """
    wanted = stored.get("job")
    if wanted not in KINDS:
        raise CardError(card=name, problem=f"job is {wanted!r}", there_is=sorted(KINDS))
    if job is not None and wanted != job:
        raise CardError(card=name, problem=f"is for the job {wanted}, not {job}")
    kind = KINDS[str(wanted)]
    known = [field.name for field in fields(kind)]
    if len(stored) > MOST_KEYS:
        raise CardError(card=name, problem=f"has {len(stored)} keys; a card has at most {MOST_KEYS}")
    for key, value in stored.items():
        if key not in known:
            close = difflib.get_close_matches(key, known, 1)
            hint = f" (did you mean {close[0]}?)" if close else ""
            raise CardError(card=name, problem=f"unknown key {key!r}{hint}", there_is=known)
        if isinstance(value, dict):
            raise CardError(card=name, problem=f"{key} is a table; a card is flat")
    try:
        return TypeAdapter(kind).validate_python(stored)
    except ValidationError as error:
        told = "; ".join(f"{'.'.join(map(str, each['loc']))}: {each['msg']}" for each in error.errors())
        raise CardError(card=name, problem=re.sub(r"\s+", " ", told)) from None
    except (SourceError, UnknownName) as error:
        raise CardError(card=name, problem=str(error)) from None
