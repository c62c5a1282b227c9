"""Writing a column map: TOML with a remark beside each line that somebody should look at."""

import json
import re
from collections.abc import Mapping
from typing import Any

UNSURE = "??"
UNSEEN = re.compile(
    r"[\x00-\x1f\x7f-\x9f\u200e\u200f\u2028-\u202e\u2066-\u2069]"
)  # they move a terminal's cursor


def written(told: Mapping[str, Any], remarks: Mapping[str, str], head: str) -> str:
    """Return a map as TOML.

    Parameters
    ----------
    told : mapping
        What :func:`tiercast.mapping.reading.map_of` takes.
    remarks : mapping of str to str
        By dotted key; one whose key is not told becomes a line of its own.
    head : str
        Lines that open the file.

    Examples
    --------
    >>> print(written({"currency": "EUR", "columns": {"kind": {"value": "purchase"}}}, {"columns.kind": "?? always"}, "A map."))
    # A map.
    <BLANKLINE>
    currency = "EUR"
    <BLANKLINE>
    [columns]
    kind = {value = "purchase"}  # ?? always
    <BLANKLINE>
    """
    remarks = {key: UNSEEN.sub("·", remark) for key, remark in remarks.items()}
    lines = [f"# {UNSEEN.sub('·', line)}" for line in head.split("\n")] + [""]
    tables = {key: value for key, value in told.items() if isinstance(value, Mapping)}
    lines += [
        f"{key} = {value_of(value)}{_beside(key, remarks)}" for key, value in told.items() if _is_plain(value)
    ]
    lines += [f"# {remark}" for key, remark in remarks.items() if "." not in key and key not in told]
    for name, table in tables.items():
        lines += ["", f"[{name}]"]
        long = {key: value for key, value in table.items() if isinstance(value, Mapping) and _is_long(value)}
        for key, value in table.items():
            if key not in long:
                lines.append(f"{_key(key)} = {value_of(value)}{_beside(f'{name}.{key}', remarks)}")
        lines += [
            f"# {remark}"
            for key, remark in remarks.items()
            if key.startswith(f"{name}.") and key.split(".", 1)[1] not in table
        ]
        for key, value in long.items():
            lines += _section(f"{name}.{_key(key)}", value, remarks.get(f"{name}.{key}", ""))
    for each in told.get("exclude", []):
        lines += ["", "[[exclude]]", *(f"{key} = {value_of(value)}" for key, value in each.items())]
    return "\n".join(lines) + "\n"


def value_of(value: object) -> str:
    """Return a value as TOML on one line.

    Examples
    --------
    >>> print(value_of({"column": "a b", "values": {"C": True, "ü": 0.01}}))
    {column = "a b", values = {C = true, "ü" = 0.01}}
    """
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{_key(key)} = {value_of(each)}" for key, each in value.items()) + "}"
    if isinstance(value, list | tuple):
        return "[" + ", ".join(map(value_of, value)) + "]"
    if isinstance(value, str):
        text = json.dumps(value, ensure_ascii=False)
        return UNSEEN.sub(lambda letter: f"\\u{ord(letter[0]):04x}", text)
    return str(value).lower() if isinstance(value, bool) else str(value)


def _section(name: str, table: Mapping[str, Any], remark: str) -> list[str]:
    lines = ["", *([f"# {remark}"] if remark else []), f"[{name}]"]
    inner = {key: value for key, value in table.items() if key == "values" and len(value) > 3}
    lines += [f"{_key(key)} = {value_of(value)}" for key, value in table.items() if key not in inner]
    for key, values in inner.items():
        lines += [
            "",
            f"[{name}.{key}]",
            *(f"{_key(each)} = {value_of(meant)}" for each, meant in values.items()),
        ]
    return lines


def _is_plain(value: object) -> bool:
    return not isinstance(value, Mapping) and not (
        isinstance(value, list) and value and isinstance(value[0], Mapping)
    )


def _is_long(value: Mapping[str, Any]) -> bool:
    return len(value_of(value)) > 80


def _beside(key: str, remarks: Mapping[str, str]) -> str:
    return f"  # {remarks[key]}" if key in remarks else ""


def _key(key: str) -> str:
    return key if re.fullmatch("[A-Za-z0-9_-]+", key) else value_of(key)
