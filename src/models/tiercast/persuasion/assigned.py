"""Experiments from touchpoints: who was assigned to a campaign's arms, what was known of them then, what they did after."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from tiercast.engines.engine import Engine
from tiercast.errors import SourceError
from tiercast.features.catalogue import Catalogue, build_catalogue, look
from tiercast.features.contract import contract_sql
from tiercast.features.described import LEFT_ALONE
from tiercast.intake import require_usable, take_stock
from tiercast.panels import features_at
from tiercast.persuasion.experiment import Experiment, read_experiment
from tiercast.persuasion.refusals import BadExperiment, BadProbability, NoControlArm, listed
from tiercast.schema import History
from tiercast.serving.contract import FAMILIES
from tiercast.sidetable import SideTable, days_of
from tiercast.windows import day_number, day_of

MOST_CUTOFFS = 26
OUTCOMES: tuple[str, ...] = ("bought", "spent_currency", "showed_interest")
"""Within the horizon: any purchase (0 or 1), net spend, and any touchpoint of attention or intent (0 or 1)."""
CHANCE = "probability of treatment"
ARM = "arm that was drawn"


@dataclass(frozen=True)
class Asked:
    """Which campaign, which arms, over how many days; empty names are chosen where there is no choice."""

    campaign: str = ""
    treatment: str = ""
    control: str = ""
    horizon_days: int = 28
    outcomes: tuple[str, ...] = ("bought", "spent_currency")


def drawn_from(
    engine: Engine, history: History, asked: Asked, *, extensions: tuple[str, ...] = ()
) -> tuple[Experiment, Catalogue]:
    """Return the experiment that the table ``assignments`` of a history tells of, and the catalogue of its features.

    What was known is taken at the last of at most 26 cutoffs on or before the day of the assignment, so nothing of the
    day itself or after it is among the features. Outcomes run over ``[day, day + horizon)``, the day included; who was
    assigned too late for the data to hold all of it is left out and counted. Of several assignments of one customer to
    the campaign, the first counts.

    Parameters
    ----------
    engine : Engine
        With the history attached.

    Raises
    ------
    SourceError
        There is no table of assignments.
    BadExperiment, BadProbability, NoControlArm, ContractError
    """
    if "assignments" not in history.sides:
        raise SourceError(
            source=history.name,
            problem="no table of assignments came with it, so nobody is known to have been left alone by lot",
            fix="give one with --side assignments=FILE, or a table of one row a customer with --arm COLUMN",
        )
    unknown = sorted(set(asked.outcomes) - set(OUTCOMES))
    if unknown or not asked.outcomes:
        raise BadExperiment(
            f"no outcome of touchpoints is named {listed(unknown)}; there is: {listed(OUTCOMES)}",
            there_is=list(OUTCOMES),
        )
    account = take_stock(engine, history, repeats=False)
    require_usable(account)
    rows, left_out = _assignments(history.sides["assignments"], asked)
    last = day_number(account.last_day) if account.last_day else 0
    mature = (rows["day"] + asked.horizon_days <= last).to_numpy()
    if not mature.any():
        raise BadExperiment(
            f"none of {len(rows):,} assignments was followed for {asked.horizon_days} days: the data end on "
            f"{account.last_day}; take a shorter horizon, or wait",
            rows=len(rows),
        )
    if not mature.all():
        left_out["not followed to the end of the horizon"] = int((~mature).sum())
    rows = rows.loc[mature].reset_index(drop=True)
    grid = _grid(rows["day"].to_numpy())
    rows["cutoff_day"] = grid[np.searchsorted(grid, rows["day"].to_numpy(), side="right") - 1]
    catalogue = build_catalogue(look(engine.run, history, day_of(int(grid[0]))), extensions=extensions)
    known = []
    for day, part in rows.groupby("cutoff_day", sort=True):
        seen = features_at(engine, history, catalogue, [day_of(int(str(day)))]).drop(columns="cutoff")
        known.append(part.merge(seen, on="customer_id", how="left", validate="one_to_one"))
    wide = pd.concat(known, ignore_index=True)
    wide = wide.assign(**_outcomes(engine, history, wide, asked))
    experiment = read_experiment(
        wide,
        arm=ARM,
        control=_control(wide[ARM], asked.control),
        treatment=asked.treatment,
        outcomes=asked.outcomes,
        features=catalogue.names,
        probability=CHANCE if CHANCE in wide else None,
        name=f"campaign {asked.campaign or 'of ' + history.name}",
    )
    for reason, count in left_out.items():
        experiment.left_out[reason] = count
    return experiment, catalogue


def _assignments(table: SideTable, asked: Asked) -> tuple[pd.DataFrame, dict[str, int]]:
    """Return the first assignment of each customer to the campaign: ``customer_id``, arm, day and probability."""
    campaigns = table.frame["campaign_id"].astype("str").where(table.frame["campaign_id"].notna(), "")
    there_is = sorted(campaigns.unique())
    if (asked.campaign and asked.campaign not in there_is) or not there_is:
        raise BadExperiment(
            f"nobody was assigned to the campaign {asked.campaign!r}; there is: {listed(there_is)}",
            there_is=there_is,
        )
    if not asked.campaign and len(there_is) > 1:
        raise BadExperiment(
            f"customers were assigned to {len(there_is)} campaigns: name the one to judge; there is: {listed(there_is)}",
            there_is=there_is,
        )
    rows = table.frame.loc[(campaigns == (asked.campaign or there_is[0])).to_numpy()]
    found = pd.DataFrame(
        {
            "customer_id": rows["customer_id"].astype("str"),
            ARM: rows["arm"].astype("str"),
            "day": days_of(rows["assigned_us"], 0),
            "own": rows["probability"].astype("float64"),
            "at": rows["assigned_us"].astype("float64"),
        }
    ).sort_values(["customer_id", "at", ARM], kind="stable", ignore_index=True)
    first = found.drop_duplicates("customer_id", ignore_index=True)
    again = len(found) - len(first)
    control = _control(first[ARM], asked.control)
    chance = _chances(first, control, asked.treatment)
    kept = first.drop(columns=["own", "at"])
    return (kept if chance is None else kept.assign(**{CHANCE: chance})), (
        {"assigned again": again} if again else {}
    )


def _control(arms: pd.Series, asked: str) -> str:
    """Return the arm that was left alone: the one that is named, or the only one that says so itself."""
    if asked:
        return asked
    counts = {str(arm): int(rows) for arm, rows in arms.value_counts().sort_index().items()}
    alone = [arm for arm in counts if arm.lower() in LEFT_ALONE]
    if len(alone) != 1:
        raise NoControlArm(missing=" or ".join(sorted(LEFT_ALONE)), there_is=counts)
    return alone[0]


def _chances(rows: pd.DataFrame, control: str, treatment: str) -> np.ndarray | None:
    """Return the probability of the treatment from that of the arm that was drawn; None where none came.

    With more than two arms, the probability among the two that are compared follows only where each arm's is the same
    for everybody.
    """
    own = rows["own"].to_numpy(float)
    if np.isnan(own).all():
        return None
    arms = rows[ARM].to_numpy(dtype=object)
    others = sorted(set(arms) - {control})
    compared = np.isin(arms.astype(str), [control, treatment or (others[0] if others else control)])
    bad = int((~((own > 0.0) & (own < 1.0)))[compared].sum())
    if bad:
        raise BadProbability(
            f"{bad:,} of {int(compared.sum()):,} assignments have a probability of 0, 1 or none", rows=bad
        )
    if len(others) <= 1:
        return np.asarray(np.where(arms == control, 1.0 - own, own))
    held = {arm: np.unique(np.round(own[arms == arm], 9)) for arm in (control, treatment or others[0])}
    if any(len(values) != 1 for values in held.values()):
        raise BadProbability(
            f"the campaign has {len(others) + 1} arms and probabilities that differ between customers, so the chance of "
            "one arm rather than another is not known"
        )
    given, kept = float(held[treatment or others[0]][0]), float(held[control][0])
    return np.full(len(rows), given / (given + kept))


def _grid(days: np.ndarray) -> np.ndarray:
    """Return the days at which features are computed: all of them, or 26 that begin with the first.

    Examples
    --------
    >>> _grid(np.array([5, 3, 5])).tolist(), len(_grid(np.arange(400))), int(_grid(np.arange(400))[0])
    ([3, 5], 26, 0)
    """
    distinct = np.unique(days)
    if distinct.size <= MOST_CUTOFFS:
        return np.asarray(distinct)
    return np.asarray(distinct[np.linspace(0, distinct.size - 1, MOST_CUTOFFS).astype(np.intp)])


def _outcomes(engine: Engine, history: History, rows: pd.DataFrame, asked: Asked) -> dict[str, np.ndarray]:
    """Return the outcomes of each assignment over its horizon."""
    contract = contract_sql(currency=history.currency, minor_per_major=history.minor_per_major)
    interest = ", ".join(f"'{kind}'" for kind in FAMILIES["attention"] + FAMILIES["intent"])
    found = engine.run(
        f"""SELECT customer_id, day,
          MAX(CASE WHEN kind = 'purchase' THEN 1 ELSE 0 END) AS bought,
          MAX(CASE WHEN kind IN ({interest}) THEN 1 ELSE 0 END) AS showed_interest,
          SUM(CASE WHEN kind = 'purchase' THEN COALESCE(amount_minor, 0)
                   WHEN kind = 'return' THEN -COALESCE(amount_minor, 0) ELSE 0 END) AS net_minor
        FROM ({contract}) AS contract
        WHERE verdict = 'ACCEPTED' AND day >= {int(rows["day"].min())}
          AND day < {int(rows["day"].max()) + asked.horizon_days}
        GROUP BY customer_id, day"""
    )
    asked_days = rows[["customer_id", "day"]].rename(columns={"day": "from_day"})
    after = asked_days.assign(place=np.arange(len(rows))).merge(found, on="customer_id", how="inner")
    inside = (after["day"] >= after["from_day"]) & (after["day"] < after["from_day"] + asked.horizon_days)
    after = after.loc[inside]
    place = after["place"].to_numpy(dtype=np.intp)
    size = len(rows)
    net = np.bincount(place, after["net_minor"].to_numpy(float), size) / history.minor_per_major
    made = {
        "bought": np.minimum(np.bincount(place, after["bought"].to_numpy(float), size), 1.0),
        "spent_currency": net,
        "showed_interest": np.minimum(
            np.bincount(place, after["showed_interest"].to_numpy(float), size), 1.0
        ),
    }
    return {name: made[name] for name in asked.outcomes}
