"""A policy of your own in one TOML file: classes best first, what each takes, and what each is promised.

A file either declares classes, or says ``like = "pyramid"`` and other ``[terms]`` for a policy that ships. It is checked
whole when it is read: every mistake is told with the file, the class and what to do, before any row is read. See
``docs/tiers.md``.
"""

import difflib
import importlib
import re
import tomllib
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter, ValidationError

from tiercast.collect import collect
from tiercast.serving.conditions import BadRule, Condition
from tiercast.tiers.declare import OTHER, REFUSED, BadPolicy, Cut, Input, Rule, TierClass
from tiercast.tiers.phrases import condition_of
from tiercast.tiers.playbook import PARTS, Playbook
from tiercast.tiers.policy import Policy
from tiercast.tiers.readable import readable_inputs
from tiercast.tiers.terms import Terms

_KEYS = (
    "name", "version", "like", "terms", "classes", "quota", "inputs", "overlaps", "band_share", "dwell_days", "grace_days",
)  # fmt: skip
_OF_A_CLASS = ("key", "name_en", "name_zh", "ladder", "when", "quota", "playbook_en", "playbook_zh")
_NAME = re.compile(r"[a-z][a-z0-9_]{0,39}")


def made_of_terms() -> dict[str, Callable[[Terms], Policy]]:
    """Return what makes each policy that ships from terms: the function of its name, in the file of its name.

    Examples
    --------
    >>> sorted(made_of_terms())
    ['base_types', 'influence_intent', 'ladder', 'price_band', 'pyramid', 'value_satisfaction', 'value_tiers']
    """
    shipped = collect("tiercast.tiers", Policy)
    files = {name: importlib.import_module(f"tiercast.tiers.{name}") for name in shipped}
    return {name: vars(file)[name] for name, file in files.items() if name in vars(file)}


def is_file(name: str | Path) -> bool:
    """Whether a policy is named by its file.

    Examples
    --------
    >>> is_file("my_tiers.toml"), is_file("pyramid")
    (True, False)
    """
    return str(name).endswith(".toml")


def read_policy(path: str | Path, *, extensions: tuple[str, ...] = ()) -> Policy:
    """Return the policy in a TOML file.

    Raises
    ------
    BadPolicy
        The file cannot be read, has a key that no policy has, or its policy contradicts itself.
    """
    place = str(path)
    try:
        stored = tomllib.loads(Path(path).read_text("utf-8"))
    except FileNotFoundError:
        raise BadPolicy(policy=place, problem="there is no such file") from None
    except (OSError, UnicodeDecodeError) as error:
        raise BadPolicy(policy=place, problem=f"cannot be read ({type(error).__name__})") from None
    except tomllib.TOMLDecodeError as error:
        raise BadPolicy(policy=place, problem=f"is not TOML: {error}") from None
    return policy_of(stored, name=place, extensions=extensions)


def policy_of(
    stored: Mapping[str, Any], *, name: str = "in memory", extensions: tuple[str, ...] = ()
) -> Policy:
    """Return the policy that a mapping describes; see :func:`read_policy`.

    Examples
    --------
    >>> file = {"name": "ours", "version": "1", "classes": [
    ...     {"key": "regular", "name_en": "regular", "name_zh": "常客", "when": ["orders >= 5"],
    ...      "playbook_en": "a call", "playbook_zh": "致电"}]}
    >>> [rule.tier for rule in policy_of(file).rules]
    ['regular', 'other']
    >>> policy_of(file | {"grace": 5})
    Traceback (most recent call last):
    ...
    tiercast.tiers.declare.BadPolicy: policy in memory: unknown key 'grace' (did you mean grace_days?); there is: name, ...
    >>> policy_of({"name": "ours", "version": "2", "like": "pyramid", "terms": {"active_days": 90}}).rules[0].conditions[0]
    Condition(input='days_since_purchase', op='<', threshold=91, cut=None)
    """
    _check_keys(name, stored, _KEYS)
    for key in ("name", "version"):
        if not isinstance(stored.get(key), str) or not stored[key]:
            raise BadPolicy(policy=name, problem=f'{key} is missing: say {key} = "…"')
    if not _NAME.fullmatch(stored["name"]):
        raise BadPolicy(
            policy=name,
            problem=f"name {stored['name']!r} needs small letters, digits and _, as in kiosk_club",
        )
    return _like(name, stored) if "like" in stored else _File(name, stored, extensions).policy()


def _check_keys(policy: str, stored: Mapping[str, Any], known: tuple[str, ...], where: str = "") -> None:
    for key in stored:
        if key not in known:
            close = difflib.get_close_matches(key, known, 1)
            hint = f" (did you mean {close[0]}?)" if close else ""
            raise BadPolicy(
                policy=policy, problem=f"{where}unknown key {key!r}{hint}; there is: {', '.join(known)}"
            )


def _like(name: str, stored: Mapping[str, Any]) -> Policy:
    from dataclasses import fields, replace

    makes = made_of_terms()
    if not isinstance(stored["like"], str) or stored["like"] not in makes:
        raise BadPolicy(policy=name, problem=f"like {stored['like']!r}: there is: {', '.join(sorted(makes))}")
    if beside := sorted(set(stored) - {"name", "version", "like", "terms"}):
        raise BadPolicy(
            policy=name, problem=f"{beside[0]} does not go with like: a file says like and terms, or classes"
        )
    given = stored.get("terms", {})
    if not isinstance(given, dict):
        raise BadPolicy(policy=name, problem="terms is a table: [terms]")
    _check_keys(name, given, tuple(each.name for each in fields(Terms)), "in terms: ")
    try:
        terms = TypeAdapter(Terms).validate_python(dict(given))
    except ValidationError as error:
        told = "; ".join(f"{'.'.join(map(str, each['loc']))}: {each['msg']}" for each in error.errors())
        raise BadPolicy(policy=name, problem=told) from None
    return replace(makes[stored["like"]](terms), name=stored["name"], version=stored["version"])


class _File:
    """One file while it is read."""

    def __init__(self, name: str, stored: Mapping[str, Any], extensions: tuple[str, ...]) -> None:
        self.name = name
        self.stored = stored
        self.known = readable_inputs(extensions)
        self.read: dict[str, None] = {}
        self.cuts: list[Cut] = []
        self.taken = 0.0

    def policy(self) -> Policy:
        """Return the policy."""
        listed = self.stored.get("classes")
        if not isinstance(listed, list) or not listed or not all(isinstance(each, dict) for each in listed):
            raise self.bad("classes are missing: write [[classes]], best first")
        quota = self.table(self.stored, "quota", ("by", "among"), "quota: ")
        among = self.conditions("quota", quota.get("among", []))
        classes, rules = [], []
        for each in listed:
            made, rule = self.class_of(each, str(quota.get("by", "")), among)
            classes.append(made)
            rules.append(rule)
        if classes[-1].key != OTHER.key:
            classes, rules = [*classes, OTHER], [*rules, Rule(OTHER.key)]
        numbers = {
            name: self.stored[name]
            for name in ("band_share", "dwell_days", "grace_days")
            if name in self.stored
        }
        for name, value in numbers.items():
            if isinstance(value, bool) or not isinstance(value, float if name == "band_share" else int):
                raise self.bad(
                    f"{name} needs a {'share such as 0.10' if name == 'band_share' else 'number of days'}"
                )
        return Policy(
            self.stored["name"],
            self.stored["version"],
            tuple(classes),
            self.inputs(),
            tuple(rules),
            tuple(self.cuts),
            overlaps=str(self.stored.get("overlaps", REFUSED)),
            **numbers,
        )

    def class_of(
        self, each: Mapping[str, Any], by: str, among: tuple[Condition, ...]
    ) -> tuple[TierClass, Rule]:
        """Return one class and the rule that fills it."""
        key = each.get("key")
        if not isinstance(key, str) or not key:
            raise self.bad('a class has no key: say key = "gold"')
        where = f"the class {key}"
        _check_keys(self.name, each, _OF_A_CLASS, f"{where}: ")
        conditions = self.conditions(where, each.get("when", []))
        if "quota" in each:
            conditions += self.quota(where, key, each["quota"], by, among)
        books = [self.playbook(where, each, f"playbook_{language}") for language in ("en", "zh")]
        named = [each.get(f"name_{language}") for language in ("en", "zh")]
        if not all(isinstance(name, str) and name for name in named):
            raise self.bad(f"{where} needs name_en and name_zh")
        rungs = each.get("ladder")
        if rungs is not None and (not isinstance(rungs, str) or not rungs):
            raise self.bad(f'{where}: ladder is a name that its neighbours share, as in ladder = "club"')
        made = TierClass(key, str(named[0]), str(named[1]), books[0], books[1], rungs)
        return made, Rule(key, conditions)

    def quota(
        self, where: str, key: str, share: Any, by: str, among: tuple[Condition, ...]
    ) -> tuple[Condition, ...]:
        """Return the conditions of the next best share; quotas add up from the best class down."""
        if not by:
            raise self.bad(f'{where} has a quota, but of what? say [quota] by = "expected_value_currency"')
        if isinstance(share, bool) or not isinstance(share, int | float) or not 0 < share <= 1:
            raise self.bad(f"{where} needs a quota above 0 and at most 1 (0.05 is 5 %)")
        self.taken = round(self.taken + share, 12)
        if self.taken > 1:
            raise self.bad(f"{where} takes the quotas to {self.taken:.0%}: they hold 100 % at most")
        self.check_input(where, Condition(by, "is_known"))
        self.read[by] = None
        if self.taken == 1:
            return (*among, Condition(by, "is_known"))
        self.cuts.append(Cut(key, by, self.taken, among))
        return (*among, Condition(by, ">=", cut=key))

    def conditions(self, where: str, phrases: Any) -> tuple[Condition, ...]:
        """Return conditions from phrases, all of which must hold."""
        if not isinstance(phrases, list) or not all(isinstance(each, str) for each in phrases):
            raise self.bad(f'{where}: conditions are a list of texts, as in ["orders >= 3"]')
        found = []
        for phrase in phrases:
            try:
                condition = condition_of(phrase)
            except BadRule as error:
                raise self.bad(f"{where}: {error}") from None
            except ValueError as error:
                raise self.bad(f"{where}: {error}") from None
            self.check_input(where, condition)
            self.read[condition.input] = None
            found.append(condition)
        return tuple(found)

    def check_input(self, where: str, condition: Condition) -> None:
        """Refuse an input that does not exist, or that is of another kind than what it is compared with."""
        if condition.input not in self.known:
            close = difflib.get_close_matches(condition.input, self.known, 3)
            hint = f"did you mean {', '.join(close)}? " if close else ""
            raise self.bad(
                f"{where} reads {condition.input}, which is no feature, prediction or score; {hint}"
                "see: tiercast features, docs/features.md and docs/tiers.md"
            )
        text = self.known[condition.input][0] == "text"
        if text is not isinstance(condition.threshold, str):
            needs = '== "…"' if text else "a number"
            raise self.bad(
                f"{where}: {condition.input} is a {'text' if text else 'number'}: compare it with {needs}"
            )

    def playbook(self, where: str, each: Mapping[str, Any], key: str) -> Playbook:
        """Return what a class is promised in one language."""
        given = each.get(key)
        if isinstance(given, str) and given:
            return Playbook.of(given)
        if not isinstance(given, dict) or not given.get("contact"):
            raise self.bad(f"{where} needs {key}: at least its contact, or one sentence")
        _check_keys(self.name, given, PARTS, f"{where}, {key}: ")
        return Playbook(**{name: str(said) for name, said in given.items()})

    def table(
        self, stored: Mapping[str, Any], key: str, known: tuple[str, ...], where: str
    ) -> Mapping[str, Any]:
        """Return a table of the file, empty where it is not there."""
        given = stored.get(key, {})
        if not isinstance(given, dict):
            raise self.bad(f"{key} is a table: [{key}]")
        _check_keys(self.name, given, known, where)
        return given

    def inputs(self) -> tuple[Input, ...]:
        """Return all inputs that are read, with their meanings; ``[inputs]`` may word them in both languages."""
        worded = self.table(self.stored, "inputs", tuple(self.read), "inputs: ")
        found = []
        for name in self.read:
            words = worded.get(name, [self.known[name][1]] * 2)
            if (
                not isinstance(words, list)
                or len(words) != 2
                or not all(isinstance(each, str) for each in words)
            ):
                raise self.bad(
                    f'inputs: {name} needs its meaning in English and Chinese, as in ["orders", "订单数"]'
                )
            found.append(Input(name, words[0], words[1], required=False))
        return tuple(found)

    def bad(self, problem: str) -> BadPolicy:
        """Return the refusal."""
        return BadPolicy(policy=self.name, problem=problem)
