"""Proposing a column map: what the columns of a table are probably meant for, with a remark on each guess."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from tiercast.mapping.known_names import COLUMNS, KnownTable
from tiercast.mapping.known_values import CHANNEL_WORDS, FELL_THROUGH, KIND_WORDS, meaning_of
from tiercast.mapping.looks import Look, looks_of
from tiercast.mapping.picking import known_table, picks_of, plain
from tiercast.mapping.toml import UNSURE, written
from tiercast.serving.contract import CHANNELS, KINDS, NAMES, REQUIRED

AS_NAMED = (
    "customer_id", "event_id", "order_id", "store_id", "product_id", "category", "campaign_id", "unit_cost", "rating",
)  # fmt: skip
CEILING = 1e7
LEAST_ROWS = 20
SYMBOLS = {"€": "EUR", "£": "GBP", "¥": "CNY", "元": "CNY", "$": "USD"}
CODES = ("EUR", "USD", "GBP", "CNY", "CHF", "JPY", "BRL", "INR", "SEK", "NOK", "DKK", "PLN", "CAD", "AUD")


@dataclass(frozen=True)
class Proposal:
    """A column map that somebody should look at before it is used.

    Parameters
    ----------
    told : dict
        The map, as :func:`tiercast.mapping.reading.map_of` takes it.
    remarks : dict of str to str
        By dotted key; guesses begin with ``??``.
    lacking : tuple of str
        Required columns for which nothing was found.
    finding : str
        What kind of table it seems to be, in one sentence.
    """

    told: dict[str, Any]
    remarks: dict[str, str]
    lacking: tuple[str, ...]
    finding: str

    def text(self, source: str, rows: int) -> str:
        """Return it as TOML, ready to save."""
        head = (
            f"Column map for {source}, proposed from {rows:,} rows. {self.finding}\n"
            f"Lines with {UNSURE} are guesses: look at them."
        )
        return written(self.told, self.remarks, head)


def propose_map(sample: pd.DataFrame, held: Mapping[str, str]) -> Proposal:
    """Return a map for the table that a sample of rows came from.

    Parameters
    ----------
    sample : pandas.DataFrame
        Rows as they are.
    held : mapping of str to str
        What each column holds: text, integer, float, bool, date, time, time_zoned or other.

    Examples
    --------
    >>> rows = pd.DataFrame({"Kunde": ["a", "b"], "Datum": ["31.1.2024", "1.2.2024"], "Vorgang": ["Kauf", "Retoure"],
    ...                      "Betrag": ["1.250,00", "9,90"]})
    >>> found = propose_map(rows, dict.fromkeys(rows, "text"))
    >>> found.told["columns"]["occurred_at"], found.told["decimal"]
    ({'column': 'Datum', 'format': '%d.%m.%Y'}, ',')
    >>> propose_map(pd.DataFrame({"customer_id": [1, 2, 3], "spend": [5, 6, 7]}), {"customer_id": "integer",
    ...             "spend": "integer"}).finding
    'It has one row a customer and no times: a list of customers, no touchpoints.'
    """
    looks = looks_of(sample, held)
    table = known_table(looks)
    return _Draft(sample, looks, table, picks_of(looks, table)).proposal()


class _Draft:
    """A map in the making."""

    def __init__(
        self,
        sample: pd.DataFrame,
        looks: dict[str, Look],
        table: KnownTable | None,
        picked: dict[str, str],
    ) -> None:
        self.sample = sample
        self.looks = looks
        self.table = table
        self.picked = picked
        self.top: dict[str, Any] = {}
        self.columns: dict[str, Any] = {}
        self.remarks: dict[str, str] = {}
        self.exclude: list[dict[str, Any]] = []

    def proposal(self) -> Proposal:
        for name in AS_NAMED:
            self._as_named(name)
        self._times()
        self._money()
        self._kind()
        self._channel()
        self._currency()
        self._status()
        told = {**self.top, "columns": {name: self.columns[name] for name in NAMES if name in self.columns}}
        told |= {"exclude": self.exclude} if self.exclude else {}
        there = {*self.columns, *(name for name in self.looks if name in NAMES)} - set(
            self.top.get("ignore", ())
        )
        lacking = tuple(name for name in REQUIRED if name not in there)
        return Proposal(told, self.remarks, lacking, self._finding(lacking))

    def _finding(self, lacking: tuple[str, ...]) -> str:
        if self.table is not None:
            return f"It looks like {self.table.name}."
        timeless = not any(look.when for look in self.looks.values())
        who = self.looks.get(self.picked.get("customer_id", ""))
        if timeless and who is not None and who.unique:
            return "It has one row a customer and no times: a list of customers, no touchpoints."
        if timeless:
            return "No column holds times: these are no touchpoints."
        if "customer_id" in lacking:
            return "No column seems to say who the customer is."
        return "It looks like touchpoints under other names."

    def _look(self, what: str) -> Look | None:
        return self.looks.get(self.picked.get(what, ""))

    def _say(self, name: str, rule: Any, remark: str = "") -> None:
        """Take a rule for a column of the contract; a column that needs none is left to itself."""
        if rule != name:
            self.columns[name] = rule
        if remark and (rule != name or remark.startswith(UNSURE)):
            self.remarks[f"columns.{name}"] = remark

    def _as_named(self, name: str) -> None:
        look = self._look(name)
        if look is None:
            return
        remark = ""
        if name == "customer_id" and (
            "mail" in plain(look.name) or any("@" in value for value in look.values)
        ):
            remark = f"{UNSURE} e-mail addresses are personal data: take a customer number when there is one"
        elif name == "customer_id" and look.unique and look.rows >= LEAST_ROWS:
            remark = f"{UNSURE} every row has another one: is it the customer's number, or the row's?"
        elif name == "customer_id" and plain(look.name) not in map(plain, COLUMNS["customer_id"]):
            remark = f"{UNSURE} by its name"
        self._say(name, look.name, remark)

    def _times(self) -> None:
        for name in ("occurred_at", "known_at"):
            look = self._look(name)
            if look is None or look.when is None:
                continue
            local = {"zone": self.table.zone} if self.table and self.table.zone and look.when.clock else {}
            rule = {"column": look.name, **look.when.told, **local} if look.when.told or local else look.name
            self.top |= local
            remark = ""
            if not look.when.certain:
                remark = f"{UNSURE} day or month first? every value fits both"
            elif (
                not local
                and look.when.clock
                and look.held != "time_zoned"
                and "unit" not in look.when.told
                and "%z" not in str(rule)
            ):
                remark = 'read as UTC; for local times: {column = …, zone = "Europe/Berlin"}'
            self._say(name, rule, remark)
        others = [each.name for each in self.looks.values() if each.when and each.held != "integer"]
        others = [name for name in others if name not in self.picked.values()]
        if others:
            self.remarks["columns.other times"] = f"{UNSURE} other times, not used: {', '.join(others[:6])}"

    def _money(self) -> None:
        quantity, price, amount = (self._look(name) for name in ("quantity", "unit_price", "amount"))
        if quantity is not None:
            self._number("quantity", quantity)
        discount = self._look("discount")
        if discount is not None:
            self._number("discount", discount)
        if amount is not None:
            self._amount(amount)
        elif price is not None and quantity is not None:
            rule: dict[str, Any] = {"product": [quantity.name, price.name], **_scale(price)}
            if quantity.share(quantity.numbers < 0) or price.share(price.numbers < 0):
                rule["absolute"] = True
            self._marks(price)
            self._say("amount", rule, f"{UNSURE} taken as cents, by its name" if "scale" in rule else "")
        elif price is not None:
            self._number("amount", price, f"{UNSURE} taken as what was paid for the line")

    def _amount(self, amount: Look) -> None:
        zero = amount.share(amount.numbers == 0)
        if zero > 0.9:
            self.remarks["columns.amount"] = (
                f"{UNSURE} {amount.name} is zero in {100 * zero:.0f} % of its rows, hardly what was paid: left out"
            )
            if amount.name in NAMES:
                self.top["ignore"] = [amount.name]
            return
        remark = (
            f"{UNSURE} amounts above ten million of what has cents are rejected; has it none, say minor_per_major = 1"
            if np.nanmax(np.abs(amount.numbers)) > CEILING
            else ""
        )
        self._number("amount", amount, remark)

    def _number(self, name: str, look: Look, remark: str = "") -> None:
        rule: dict[str, Any] = {"column": look.name, **_scale(look)}
        if "scale" in rule:
            remark = f"{UNSURE} taken as cents, by its name"
        if look.share(look.numbers < 0):
            rule["absolute"] = True
        self._marks(look)
        self._say(name, rule if len(rule) > 1 else look.name, remark)

    def _marks(self, look: Look) -> None:
        plain = {"decimal": ".", "thousands": "", "symbol": ""}
        self.top |= {key: mark for key, mark in look.marks.items() if mark != plain[key]}

    def _kind(self) -> None:
        look, quantity = self._look("kind"), self._look("quantity")
        amount = self._look("amount") or self._look("unit_price")
        signed = next((each for each in (amount, quantity) if each and each.share(each.numbers < 0)), None)
        if look is not None:
            rule, remark = _translated(look, KIND_WORDS, KINDS)
            if signed is not None and not self._all_returns(look, signed):
                below: dict[str, Any] = {"column": signed.name, "negative": "return"}
                rule = below | {"otherwise": rule if isinstance(rule, dict) else {"column": look.name}}
                remark = f"{UNSURE} rows below zero are taken as returns, whatever they are called"
            self._say("kind", rule, remark)
        elif signed is not None:
            self._say("kind", *self._by_sign(signed))
        elif quantity is not None or amount is not None or "order_id" in self.picked:
            sure = self.table is not None
            self._say(
                "kind", {"value": "purchase"}, "" if sure else f"{UNSURE} every row is taken as a purchase"
            )

    def _all_returns(self, look: Look, signed: Look) -> bool:
        """Return whether the words for what happened call every row below zero a return."""
        words = self.sample[look.name][signed.numbers < 0].dropna().astype(str).unique()
        return all(meaning_of(KIND_WORDS, word) == "return" for word in words)

    def _by_sign(self, signed: Look) -> tuple[dict[str, Any], str]:
        """Return the rule for returns: by the letters that begin an order's number, where these tell, else by sign."""
        below: dict[str, Any] = {"column": signed.name, "negative": "return", "otherwise": "purchase"}
        order = self.picked.get("order_id")
        if order is None:
            return below, f"{UNSURE} rows below zero are taken as returns"
        negative = pd.Series(signed.numbers < 0, index=self.sample.index)
        letters = self.sample[order].astype(str).str.extract(r"^\s*([A-Za-z]+)", expand=False).fillna("")
        always = negative.groupby(letters).all()
        telling = [str(each) for each in always.index[always] if each]
        if not telling:
            return below, f"{UNSURE} rows below zero are taken as returns"
        rule: dict[str, Any] = {"column": order, "prefixes": dict.fromkeys(telling, "return")}
        if not (negative & ~letters.isin(telling)).any():
            return rule | {"otherwise": "purchase"}, f"{UNSURE} every row of these is below zero"
        rest = {"column": signed.name, "negative": "adjustment", "otherwise": "purchase"}
        return rule | {
            "otherwise": rest
        }, f"{UNSURE} below zero without these letters: taken as adjustments, no returns"

    def _channel(self) -> None:
        look = self._look("channel")
        if look is not None:
            rule, remark = _translated(look, CHANNEL_WORDS, CHANNELS)
            if look.filled < look.rows:
                rule = {"column": look.name, "otherwise": "keep"} if isinstance(rule, str) else rule
                rule |= {"empty": "unknown"}
            self._say("channel", rule, remark)
            return
        store = "store" if "store_id" in self.picked else ""
        value = store or (self.table.channel if self.table else "") or "web"
        self._say("channel", {"value": value}, f"{UNSURE} the table does not say where: name the channel")

    def _currency(self) -> None:
        look = self._look("currency")
        told = list(look.values) if look is not None else []
        if look is not None:
            self._say("currency", look.name)
        name = self.picked.get("amount", self.picked.get("unit_price", "")).upper()
        name += str(self.top.get("symbol", ""))
        found = [code for mark, code in SYMBOLS.items() if mark in name]
        found += [code for code in CODES if code in re.split("[^A-Z]+", name)]
        if self.table is not None and self.table.currency:
            self.top["currency"] = self.table.currency
        elif told:
            self.top["currency"] = told[0].upper()
            if len(told) > 1:
                self.remarks["currency"] = (
                    f"{UNSURE} rows in other currencies are rejected: {', '.join(told[1:5])}"
                )
        elif found:
            self.top["currency"] = found[0]
            self.remarks["currency"] = f"{UNSURE} by how amounts are named or written"
        elif "amount" in self.columns or "amount" in self.looks:
            self.remarks["currency"] = f'currency = "EUR"  {UNSURE} USD is assumed when nothing is said'

    def _status(self) -> None:
        look = self._look("order_status")
        fell = [value for value in (look.values if look else {}) if value.casefold() in FELL_THROUGH]
        given_back = [
            value for value in (look.values if look else {}) if meaning_of(KIND_WORDS, value) == "return"
        ]
        if given_back and "columns.kind" not in self.remarks:
            told = f"{UNSURE} orders that are {given_back[0]} count as purchases: no row says when they were given back"
            self.remarks["columns.kind"] = told
        if look is not None and fell:
            self.exclude.append({"reason": "the order fell through", "column": look.name, "values": fell})


def _scale(look: Look) -> dict[str, Any]:
    return {"scale": 0.01} if re.search(r"cents?$|_ct$|minor", look.name.casefold()) else {}


def _translated(look: Look, words: dict[str, tuple[str, ...]], known: tuple[str, ...]) -> tuple[Any, str]:
    """Return the rule that translates a column's words, and a remark on those that nobody knows."""
    meant = {value: meaning_of(words, value) for value in look.values}
    strange = [value for value, meaning in meant.items() if not meaning]
    remark = f"{UNSURE} kept under their own names: {', '.join(strange[:8])}" if strange else ""
    values = {value: meaning for value, meaning in meant.items() if meaning and value.casefold() != meaning}
    if not values:
        return look.name, remark
    return {"column": look.name, "values": values, "otherwise": "keep"}, remark
