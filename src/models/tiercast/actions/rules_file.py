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
        among = tuple(condition_of(text, "the cut", where) for text in each.get("among", ()))
        cuts.append(_made(ActionCut, {**each, "among": among}, where))
    rules = []
    for each in _list(stored, "rules", where):
        named = f"the rule {each.get('name', 'without a name')}"
        when = each.get("when", ())
        if not isinstance(when, list | tuple):
            raise BadActionTable(table=where, problem=f"{named}: when must be a list of conditions")
        conditions = tuple(condition_of(text, named, where) for text in when)
        rules.append(_made(ActionRule, {**each, "when": conditions}, where))
    if not rules:
        raise BadActionTable(table=where, problem="it holds no [[rules]]")
    if rules[-1].when or rules[-1].action != "none":
        rules.append(_REST)
    name, version = str(stored.get("name", where)), str(stored.get("version", "1"))
    table = ActionTable(name, version, actions, tuple(rules), tuple(cuts))
    for action in table.actions:
        if action.code != "none" and action.code not in assumed.effects:
            raise BadAssumption(
                name=f"effects.{action.code}",
                problem="the action needs one: say it under [assumptions.effects]",
            )
    return table, assumed


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
    _known(told, names, where, f"[[{kind.__name__.removeprefix('Action').lower() or 'action'}s]]")
    try:
        return kind(**told)
    except TypeError as error:
        missing = ", ".join(re.findall(r"'(\w+)'", str(error)))
        entry = told.get("name", told.get("code", "an entry"))
        raise BadActionTable(table=where, problem=f"{entry} lacks {missing}") from None


def _known(told: Mapping[str, Any], names: Any, where: str, what: str) -> None:
    for key in told:
        if key not in names:
            close = difflib.get_close_matches(key, list(names), 1)
            hint = f" (did you mean {close[0]}?)" if close else ""
            there_is = ", ".join(names)
            raise BadActionTable(
                table=where, problem=f"{what} has an unknown key {key!r}{hint}; there is: {there_is}"
            )
