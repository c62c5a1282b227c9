"""A table of actions of your own, as a TOML file: actions, cuts, ordered rules, and what is assumed of contacts.

```
name = "mine"
version = "1"

[[actions]]
code = "remind"
name_en = "remind"
name_zh = "提醒"

[[rules]]
name = "due"
action = "remind"
when = ["next_purchase_median_days < 8", "lifecycle_stage == loyal"]
on = "day_before_next_purchase"
reason_en = "the next purchase is due"
reason_zh = "即将再次购买"

[assumptions.effects]
remind = 0.02
```

Without ``[[actions]]`` ours are used; an action ``none`` and a last rule that gives it are added where they are missing.
"""

import difflib
import re
import tomllib
from collections.abc import Mapping
from dataclasses import fields
from pathlib import Path
from typing import Any

from tiercast.actions.assumptions import Assumptions, BadAssumption
from tiercast.actions.next_best import ACTIONS, Action, ActionCut, ActionRule, ActionTable, BadActionTable
from tiercast.serving.conditions import BadRule, Condition

_CONDITION = re.compile(r"\s*([a-z][a-z0-9_]*)\s+(>=|<|==|is_known|is_unknown)(?:\s+(.+?))?\s*")
DECIDED: dict[str, tuple[str, str]] = {
    "tier": ("text", "tier, by the policy in force"),
    "contact_allowed": ("number", "whether the request says that they may be contacted, 0 or 1"),
    "decision_stage": ("text", "stage of the decision they are in"),
    "decision_style": ("text", "how they decide"),
    "decision_basis": ("text", "where the stage of the decision comes from"),
    "deliberation_share": ("number", "how much they weigh before they buy, 0 to 1"),
    "rfmcl": ("text", "the RFMCL letters"),
    "segment_second": ("text", "the second nearest segment"),
    "segment_between": ("number", "whether they are between two segments, 0 or 1"),
    **{
        f"decision_{stage}_probability": ("number", f"chance that the stage of the decision is {stage}")
        for stage in ("need", "search", "evaluation", "purchase", "after")
    },
    **{
        f"engagement_{part}": ("number", f"engagement: {part}, 0 to 1")
        for part in ("recent", "active", "broad", "responsive", "voice")
    },
}
"""What rules of actions may read beside features, predictions and scores."""
_WORDED: dict[Any, str] = {str: "a text", float: "a number", bool: "true or false"}
_SECTIONS = ("name", "version", "actions", "cuts", "rules", "assumptions")
_REST = ActionRule("nothing_due", "none", (), "never", "nothing is due", "暂无需要")


def read_rules(path: str | Path) -> tuple[ActionTable | None, Assumptions]:
    """Return the table and the assumptions in a TOML file; no table where it holds ``[assumptions]`` alone.

    Raises
    ------
    BadActionTable
        The file is not there or is not TOML, names something that does not exist, or contradicts itself.
    BadAssumption
    """
    place = Path(path)
    try:
        stored = tomllib.loads(place.read_text("utf-8"))
    except FileNotFoundError:
        raise BadActionTable(table=place.name, problem="there is no such file") from None
    except (OSError, UnicodeDecodeError) as error:
        raise BadActionTable(table=place.name, problem=f"cannot be read ({type(error).__name__})") from None
    except tomllib.TOMLDecodeError as error:
        raise BadActionTable(table=place.name, problem=f"is not TOML: {error}") from None
    return rules_of(stored, where=place.name)


def rules_of(
    stored: Mapping[str, Any], *, where: str = "in memory"
) -> tuple[ActionTable | None, Assumptions]:
    """Return the table and the assumptions of a mapping, as a TOML file holds them.

    Examples
    --------
    >>> due = {"name": "due", "action": "remind", "when": ["next_purchase_median_days < 8"], "on": "now",
    ...        "reason_en": "due", "reason_zh": "到期"}
    >>> table, assumed = rules_of({"name": "mine", "rules": [due], "assumptions": {"effects": {"remind": 0.02}}})
    >>> [rule.name for rule in table.rules], assumed.effects["remind"].share
    (['due', 'nothing_due'], 0.02)
    >>> rules_of({"rules": [{**due, "when": ["orders > 3"]}]})
    Traceback (most recent call last):
    ...
    tiercast.actions.next_best.BadActionTable: actions in memory: the rule due says 'orders > 3'; a condition is
    `input >= 3`, `input < 3`, `input == word`, `input >= cut NAME`, `input is_known` or `input is_unknown`
    """
    _known(stored, _SECTIONS, where, "the file")
    told = stored.get("assumptions", {})
    assumed = Assumptions().changed(told if isinstance(told, Mapping) else {"assumptions": told})
    if told and not set(stored) & {"actions", "cuts", "rules"}:
        return None, assumed
    actions = tuple(_made(Action, each, where) for each in _list(stored, "actions", where)) or ACTIONS
    if not any(each.code == "none" for each in actions):
        actions = (*actions, Action("none", "nothing", "无需行动"))
    cuts = []
    for each in _list(stored, "cuts", where):
        among = _conditions(
            each.get("among", ()), f"the cut {each.get('name', 'without a name')}: among", where
        )
        cuts.append(_made(ActionCut, {**each, "among": among}, where))
    rules = []
    for each in _list(stored, "rules", where):
        named = f"the rule {each.get('name', 'without a name')}"
        conditions = _conditions(each.get("when", ()), f"{named}: when", where)
        rules.append(_made(ActionRule, {**each, "when": conditions}, where))
    if not rules:
        raise BadActionTable(table=where, problem="it holds no [[rules]]")
    if rules[-1].when or rules[-1].action != "none":
        rules.append(_REST)
    name, version = stored.get("name", where), stored.get("version", "1")
    if not isinstance(name, str) or not isinstance(version, str):
        raise BadActionTable(
            table=where, problem='name and version of the file must be texts, as in name = "mine"'
        )
    table = ActionTable(name, version, actions, tuple(rules), tuple(cuts))
    for action in table.actions:
        if action.code != "none" and action.code not in assumed.effects:
            raise BadAssumption(
                name=f"effects.{action.code}",
                problem="the action needs one: say it under [assumptions.effects]",
            )
    return table, assumed


def check_inputs(table: ActionTable, known: Mapping[str, tuple[str, str]]) -> None:
    """Refuse rules that read what nothing feeds, or compare a text with a number: they would never be met.

    Parameters
    ----------
    known : mapping of str to (kind, meaning)
        What there is beside :data:`DECIDED`: as :func:`tiercast.tiers.readable.readable_inputs` returns it; a kind is ``text`` or
        ``number``.

    Raises
    ------
    BadActionTable

    Examples
    --------
    >>> due = {"name": "due", "action": "remind", "when": ["ordrs >= 2"], "on": "now", "reason_en": "d", "reason_zh": "d"}
    >>> check_inputs(rules_of({"rules": [due]})[0], {"orders": ("number", "orders so far")})
    Traceback (most recent call last):
    ...
    tiercast.actions.next_best.BadActionTable: actions in memory: the rule due reads ordrs, which is no feature, prediction
    or score (did you mean orders?); see: tiercast features, docs/features.md
    """
    there = dict(known) | DECIDED
    read = [(f"the rule {rule.name}", each) for rule in table.rules for each in rule.when]
    for cut in table.cuts:
        read += [(f"the cut {cut.name}", each) for each in (*cut.among, Condition(cut.input, "is_known"))]
    for named, condition in read:
        if condition.input not in there:
            close = difflib.get_close_matches(condition.input, list(there), 3)
            hint = f" (did you mean {', '.join(close)}?)" if close else ""
            raise BadActionTable(
                table=table.name,
                problem=f"{named} reads {condition.input}, which is no feature, prediction or score{hint};"
                " see: tiercast features, docs/features.md",
            )
        text = there[condition.input][0] == "text"
        if text is not isinstance(condition.threshold, str):
            raise BadActionTable(
                table=table.name,
                problem=f"{named}: {condition.input} is a {'text: compare it with == word' if text else 'number'}"
                + ("" if text else ": compare it with a number"),
            )


def _conditions(told: Any, named: str, where: str) -> tuple[Condition, ...]:
    if not isinstance(told, list | tuple):
        raise BadActionTable(
            table=where, problem=f'{named} must be a list of conditions, as in ["orders >= 3"], not {told!r}'
        )
    return tuple(condition_of(text, named.rsplit(":", 1)[0], where) for text in told)


def condition_of(text: Any, named: str, where: str) -> Condition:
    """Return the condition that a line of text says."""
    found = _CONDITION.fullmatch(text) if isinstance(text, str) else None
    if found is None or (found[3] is None) != found[2].startswith("is_"):
        raise BadActionTable(
            table=where,
            problem=f"{named} says {text!r}; a condition is `input >= 3`, `input < 3`, `input == word`,"
            " `input >= cut NAME`, `input is_known` or `input is_unknown`",
        )
    column, op, against = found[1], found[2], found[3]
    try:
        if against is None:
            return Condition(column, op)
        if against.startswith("cut "):
            return Condition(column, op, cut=against.removeprefix("cut ").strip())
        try:
            return Condition(column, op, float(against))
        except ValueError:
            return Condition(column, op, against.strip("\"'"))
    except BadRule as error:
        raise BadActionTable(table=where, problem=f"{named}: {error.message}") from None


def _list(stored: Mapping[str, Any], name: str, where: str) -> list[Mapping[str, Any]]:
    held = stored.get(name, [])
    if not isinstance(held, list) or not all(isinstance(each, Mapping) for each in held):
        raise BadActionTable(table=where, problem=f"{name} must be tables, each under [[{name}]]")
    return held


def _made(kind: Any, told: Mapping[str, Any], where: str) -> Any:
    names = [each.name for each in fields(kind)]
    for each in fields(kind):
        wanted = _WORDED.get(each.type, "")
        if wanted and each.name in told and not _is_of(told[each.name], each.type):
            entry = told.get("name", told.get("code", "an entry"))
            raise BadActionTable(
                table=where, problem=f"{entry}: {each.name} must be {wanted}, not {told[each.name]!r}"
            )
    _known(told, names, where, f"[[{kind.__name__.removeprefix('Action').lower() or 'action'}s]]")
    try:
        return kind(**told)
    except TypeError as error:
        missing = ", ".join(re.findall(r"'(\w+)'", str(error)))
        entry = told.get("name", told.get("code", "an entry"))
        raise BadActionTable(table=where, problem=f"{entry} lacks {missing}") from None


def _is_of(value: Any, kind: Any) -> bool:
    if kind is float:
        return isinstance(value, int | float) and not isinstance(value, bool)
    return isinstance(value, kind)


def _known(told: Mapping[str, Any], names: Any, where: str, what: str) -> None:
    for key in told:
        if key not in names:
            close = difflib.get_close_matches(key, list(names), 1)
            hint = f" (did you mean {close[0]}?)" if close else ""
            there_is = ", ".join(names)
            raise BadActionTable(
                table=where, problem=f"{what} has an unknown key {key!r}{hint}; there is: {there_is}"
            )
