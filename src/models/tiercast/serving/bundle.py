"""The bundle: everything frozen with one version, from raw touchpoints to a scorecard, for batch, notebook and web.

This is the one implementation of prediction. A batch job calls it per chunk of customers, a notebook on a frame, the
web server on a request; each gets the same numbers.
"""

import json
import threading
from collections.abc import Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from . import history
from .actions import decide
from .attributes import facts_of_request
from .contract import PER_CUSTOMER
from .contributions import RiskContributions
from .conversion import Conversion
from .decision import DecisionStages, DecisionStyle
from .doing import clocks_of, habits_of, next_actions_of
from .enriching import Enriching
from .forecast import Forecast
from .habits import Habits
from .influence import Influence
from .intake import clean_request
from .people import last_of_each, not_known, trimmed
from .reasons import Telling, contributions_from_facts, explain_rows
from .refusals import EmptyInput, MissingColumns, RejectedRows, UnknownChoice
from .scorecard import COLUMNS
from .scores import ChurnBands, Engagement, Rfmcl, Stages
from .segments import Segments
from .standing import Standing
from .tables import Tables
from .tiers import assign

NO_HISTORY = "refused:NO_HISTORY"
NO_PURCHASE = "refused:NO_PURCHASE"
_NOBODY: Mapping[str, Any] = {}


def open_bundle(folder: str | Path) -> "Bundle":
    """Read a bundle's folder: ``manifest.json``, ``features.sql``, ``contract.sql`` and ``parts.json``."""
    root = Path(folder)
    return Bundle(
        manifest=json.loads((root / "manifest.json").read_text("utf-8")),
        parts=json.loads((root / "parts.json").read_text("utf-8")),
        features_sql=(root / "features.sql").read_text("utf-8"),
        contract_sql=(root / "contract.sql").read_text("utf-8"),
    )


class Bundle:
    """One version's frozen features, models, segments, policies and words.

    Parameters
    ----------
    manifest : mapping
        ``content_sha256`` (its first 12 digits are the version), ``currency``, ``tables``, ``families``,
        ``attributes``, ``default_policy``, …
    parts : mapping
        The fitted parts as JSON.
    features_sql, contract_sql : str
        The frozen texts.
    """

    def __init__(
        self, *, manifest: Mapping[str, Any], parts: Mapping[str, Any], features_sql: str, contract_sql: str
    ) -> None:
        self.manifest = manifest
        self.features_sql = features_sql
        self.contract_sql = contract_sql
        self.version = str(manifest["content_sha256"])[:12]
        self.forecast = Forecast.from_json(parts["forecast"])
        stored = parts.get("conversion")
        self.conversion = None if stored is None else Conversion.from_json(stored)
        self.segments = Segments.from_json(parts["segments"])
        self.rfmcl = Rfmcl.from_json(parts["rfmcl"])
        self.engagement = Engagement.from_json(parts["engagement"])
        self.influence = Influence.from_json(parts["influence"])
        self.stages = Stages.from_json(parts["stages"])
        self.decision_stages = DecisionStages.from_json(parts.get("decision_stages", {}))
        self.decision_style = DecisionStyle.from_json(parts.get("decision_style", {}))
        self.bands = ChurnBands.from_json(parts["churn_bands"])
        self.risk_levels = np.asarray(parts["churn_percentiles"], dtype=float)
        self.policies: dict[str, Any] = dict(parts["policies"])
        self.actions = parts["actions"]
        self.telling = Telling.from_json(parts.get("telling", {}))
        self.habits = Habits.from_json(parts["habits"]) if "habits" in parts else None
        self.risk = RiskContributions(self.forecast.activity, manifest["families"])
        self.tables = Tables.from_json(manifest["tables"])
        self.attributes: list[dict[str, str]] = list(manifest["attributes"])
        self.enriching = Enriching(
            self.forecast, self.segments, self.rfmcl, self.engagement, self.influence, self.decision_stages,
            self.decision_style, self.stages, self.bands,
            [term for field, term, _ in self.tables.vocabulary if field == "channel"],
        )  # fmt: skip
        self._root: Any = None
        self._per_thread = threading.local()
        self._opening = threading.Lock()

    def features(
        self, touchpoints: pd.DataFrame, *, cutoff: date, people: Mapping[str, Any] = _NOBODY
    ) -> pd.DataFrame:
        """Return the frozen features of a frame of touchpoints at a cutoff, ordered by customer.

        ``people`` holds the tables about customers, ``attributes`` and ``assignments``, where they are known.
        """
        _, standing = self._standing()
        found = standing.answer(self.features_sql, touchpoints, cutoff=cutoff, people=Tables(people))
        return arrange(found, cutoff, unknown=self.unknown(people))

    @property
    def reads(self) -> list[str]:
        """The side tables about customers that this version reads."""
        return ["customers"] * bool(self.attributes) + ["assignments"] * bool(self.unknown({}))

    def unknown(self, people: Mapping[str, Any]) -> list[str]:
        """Return the features that cannot be known without the tables about customers that did not come."""
        return not_known(self.manifest["families"], people)

    def verdicts(self, touchpoints: pd.DataFrame) -> dict[str, int]:
        """Return how many rows the contract accepted, left unresolved and rejected, by code."""
        _, standing = self._standing()
        counted = standing.answer(
            f"SELECT verdict, COUNT(*) AS rows FROM ({self.contract_sql}) AS contract GROUP BY verdict",
            touchpoints,
        )
        return {str(code): int(rows) for code, rows in zip(counted["verdict"], counted["rows"], strict=True)}

    def _refuse_rejected(self, touchpoints: pd.DataFrame) -> None:
        counted = self.verdicts(touchpoints).items()
        bad = {code: count for code, count in counted if code not in {"ACCEPTED", "NULL_CUSTOMER"}}
        if bad:
            told = ", ".join(f"{count} × {code}" for code, count in sorted(bad.items()))
            raise RejectedRows(
                f"rows break the contract: {told}; mend them, or send rejected = skip to go on without them",
                rejected=bad,
            )

    def predict(
        self,
        touchpoints: pd.DataFrame,
        *,
        cutoff: str | date,
        policy: str = "",
        language: str = "en",
        rejected: str = "refuse",
    ) -> pd.DataFrame:
        """Return the scorecard of every customer id in the touchpoints.

        Parameters
        ----------
        touchpoints : pandas.DataFrame
            Rows of the touchpoint contract, with optional ``tier_before``, ``tier_since_on``, ``tier_below_since_on`` and the
            version's attributes per customer: one value a customer, of several the last.
        cutoff : str or date
            Midnight UTC; nothing on or after it is used.
        policy : str
            Tier policy; the bundle's default when empty.
        language : str
            ``en`` or ``zh``, for ``tier_reason``.
        rejected : str
            ``refuse`` (any rejected row refuses the request) or ``skip`` (go on without rejected rows).

        Returns
        -------
        pandas.DataFrame
            The columns of :data:`~tiercast.serving.scorecard.SCORECARD`, ordered by customer; a customer without
            usable history comes back with ``refused:NO_HISTORY``.

        Raises
        ------
        Refused
            One of its classes, with a code.
        """
        day = history.parse_cutoff(cutoff)
        if rejected not in {"refuse", "skip"}:
            raise UnknownChoice("rejected must be refuse or skip", there_is=["refuse", "skip"])
        rows = trimmed(clean_request(touchpoints, {each["column"]: each["kind"] for each in self.attributes}))
        self.policy(policy)
        if not len(rows):
            raise EmptyInput("no rows came: send at least one touchpoint", rows=0)
        asked = pd.DataFrame({"customer_id": rows["customer_id"].dropna().astype(object).unique()})
        if asked.empty:
            raise EmptyInput(
                "no row says whose it is: send a customer_id with each touchpoint", rows=len(rows)
            )
        columns = [each["column"] for each in self.attributes if each["column"] in rows]
        per_customer = last_of_each(rows, [name for name in PER_CUSTOMER if name in rows])
        on_record = last_of_each(rows, columns)
        events = rows.drop(columns=[*per_customer.columns[1:], *columns])
        people = {}
        if columns:
            skip = rejected == "skip"
            people["attributes"] = facts_of_request(
                self._standing()[0], on_record, self.attributes, skip=skip
            )
        if rejected == "refuse":
            self._refuse_rejected(events)
        seen = self.features(events, cutoff=day, people=people)
        placed = asked.merge(seen.drop(columns="cutoff"), on="customer_id", how="left")
        placed.insert(1, "cutoff", pd.Series([day] * len(placed), dtype=object))
        if len(per_customer.columns) > 1:
            placed = placed.merge(per_customer, on="customer_id", how="left")
        placed = placed.sort_values("customer_id", kind="stable", ignore_index=True)
        return self.predict_features(placed, policy=policy, language=language)

    def predict_features(
        self, features: pd.DataFrame, *, policy: str = "", language: str = "en"
    ) -> pd.DataFrame:
        """Return the scorecard of rows of features (``customer_id``, ``cutoff`` and the frozen columns).

        A row without ``touchpoints`` has no usable history.

        Raises
        ------
        Refused
            A frozen column did not come, or the policy or language does not exist.
        """
        return self.answer(features, policy=policy, language=language)[0]

    def answer(
        self,
        features: pd.DataFrame,
        *,
        policy: str = "",
        language: str = "en",
        enriched: pd.DataFrame | None = None,
    ) -> tuple[pd.DataFrame, pd.DataFrame]:
        """Return the scorecard, and of the same rows all that the tier policy says (see :func:`~.tiers.assign`).

        ``enriched`` is what :meth:`enriched` said of these rows, where the caller has asked already.
        """
        missing = [
            name for name in ("customer_id", "cutoff", *self.manifest["families"]) if name not in features
        ]
        if missing:
            raise MissingColumns(f"frozen features did not come: {', '.join(missing)}", missing=missing)
        chosen = self.policy(policy)
        if language not in {"en", "zh"}:
            raise UnknownChoice("language must be en or zh", there_is=["en", "zh"])
        rows = features.reset_index(drop=True)
        known = rows["touchpoints"].notna().to_numpy()
        frame = self.enriched(rows) if enriched is None else enriched
        tiers = assign(chosen, frame, language=language)
        actions = decide(self.actions, frame.assign(tier=tiers["tier"]))
        bought = frame["order_days"].to_numpy(float) > 0
        card = pd.DataFrame({"customer_id": rows["customer_id"], "cutoff": rows["cutoff"]})
        card["version"] = self.version
        for question in ("churn", "repurchase", "value"):
            held = np.where(bought, self.forecast.basis[question], np.where(known, NO_PURCHASE, NO_HISTORY))
            card[f"basis_{question}"] = pd.Series(held, dtype=object)
        card["churn_horizon_days"] = self.forecast.horizon_days
        risk = frame["churn_probability"].to_numpy(float)
        lower = np.searchsorted(self.risk_levels, risk, side="left") / max(len(self.risk_levels), 1)
        card["churn_probability"] = risk
        card["churn_percentile"] = np.where(np.isnan(risk), np.nan, 100.0 * lower)
        card["churn_band"] = frame["churn_band"]
        for name, source in (("on", "median"), ("from", "from"), ("until", "until")):
            card[f"next_purchase_{name}"] = self._dates(rows["cutoff"], frame[f"next_purchase_{source}_days"])
        copied = [name for name in COLUMNS if name in frame and name not in card]
        card = pd.concat([card, frame[copied]], axis=1)
        card["value_horizon_days"] = self.forecast.horizon_days
        card["currency"] = self.manifest["currency"]
        card["value_measure"] = self.forecast.measure.name
        card["conversion_probability"], wait = self._conversion(rows)
        card["conversion_on"] = self._dates(rows["cutoff"], wait)
        card["policy"] = chosen["policy"]
        card["policy_version"] = chosen["version"]
        for name in ("tier", "tier_basis", "tier_before", "tier_reason"):
            card[name] = tiers[name]
        for name in ("next_action", "next_action_on"):
            card[name] = actions[name]
        contributions = self.contributions(rows)
        for tongue in ("en", "zh"):
            told = explain_rows(contributions, rows, tongue, telling=self.telling)
            card[f"reasons_{tongue}"] = pd.Series(told, dtype=object)
        card["tier_basis"] = card["tier_basis"].where(pd.Series(known), NO_HISTORY)
        card.loc[~known, ["tier", "tier_reason", "next_action", "lifecycle_stage", "engagement",
                          "reasons_en", "reasons_zh"]] = None  # fmt: skip
        return card[list(COLUMNS)], tiers

    def clocks(self, touchpoints: pd.DataFrame, *, cutoff: str | date) -> pd.DataFrame:
        """Return when what each customer bought runs out; see :func:`~.doing.clocks_of`."""
        return clocks_of(self, touchpoints, history.parse_cutoff(cutoff))

    def habits_of(self, touchpoints: pd.DataFrame, *, cutoff: str | date) -> pd.DataFrame:
        """Return own channel, weekday, hour, price and what is due next of each customer; see :func:`~.doing.habits_of`."""
        return habits_of(self, touchpoints, history.parse_cutoff(cutoff))

    def next_actions(
        self, features: pd.DataFrame, *, policy: str = "", table: Mapping[str, Any] | None = None
    ) -> pd.DataFrame:
        """Return the next action of each row with day, reason, names and tier; see :func:`~.doing.next_actions_of`."""
        return next_actions_of(self, features, self.policy(policy), table or self.actions)

    def enriched(self, rows: pd.DataFrame) -> pd.DataFrame:
        """Return features, predictions, segment, scores with their parts, and decisions: what policies and actions read."""
        return self.enriching.apply(rows)

    def _conversion(self, rows: pd.DataFrame) -> tuple[pd.Series, pd.Series]:
        """Return the chance of a first purchase and its median wait; NaN for buyers, and where the version tells none."""
        if self.conversion is None:
            nothing = pd.Series(np.nan, index=rows.index)
            return nothing, nothing
        told = self.conversion.predict(rows)
        return told["conversion_probability"], told["conversion_median_days"]

    def contributions(self, rows: pd.DataFrame) -> pd.DataFrame:
        """Return what raised each customer's risk, by family of features, in log odds."""
        bought = rows["order_days"].to_numpy(float) > 0
        facts = contributions_from_facts(rows)
        if not bought.any():
            return facts
        found = self.risk.by_family(self.forecast.wide(rows.loc[bought]))
        return facts if found is None else found.reindex(rows.index, fill_value=0.0)

    def policy(self, name: str = "") -> Any:
        """Return a frozen tier policy; the version's default one without a name."""
        wanted = name or str(self.manifest["default_policy"])
        if wanted not in self.policies:
            raise UnknownChoice(
                f"this version has no such policy; there is: {', '.join(sorted(self.policies))}",
                there_is=sorted(self.policies),
            )
        return self.policies[wanted]

    def _dates(self, cutoffs: pd.Series, days: pd.Series) -> pd.Series:
        """Return the day on which a wait of 1, 2, … days ends: day 1 is the first day of the window."""
        wait = days.to_numpy(float)
        known = ~np.isnan(wait)
        start = cutoffs.to_numpy().astype("datetime64[D]")
        ahead = np.where(known, wait, 1.0).astype(np.int64) - 1 + self.forecast.gap_days
        dates = (start + ahead.astype("timedelta64[D]")).astype(object)
        dates[~known] = None
        return pd.Series(dates, dtype=object)

    def selected(self, text: str, touchpoints: pd.DataFrame, cutoff: date) -> pd.DataFrame:
        """Return what a frozen text selects of a frame of touchpoints at a cutoff."""
        return self._standing()[1].answer(text, touchpoints, cutoff=cutoff)

    def _standing(self) -> tuple[Any, Standing]:
        """Return this thread's connection, and the questions that stand on it."""
        if not hasattr(self._per_thread, "standing"):
            with self._opening:
                if self._root is None:
                    self._root = history.connect(threads=1)
                    history.lock(self._root)
            cursor = self._root.cursor()
            self._per_thread.standing = cursor, Standing(cursor, self.tables)
        return self._per_thread.standing


def arrange(found: pd.DataFrame, cutoff: date, *, unknown: Sequence[str] = ()) -> pd.DataFrame:
    """Return what the features' text selected, ordered by customer, with the cutoff as a date and ``unknown`` absent."""
    rows = found.sort_values("customer_id", kind="stable", ignore_index=True).drop(columns="cutoff_day")
    rows.insert(1, "cutoff", pd.Series([cutoff] * len(rows), dtype=object))
    return rows.assign(**dict.fromkeys(unknown, np.nan))
