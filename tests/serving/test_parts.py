"""Every type of part that a bundle may hold is restored by its own class, and writes its own type."""

import json

import pytest

from tiercast.serving.parts import TYPES, restore
from tiercast.serving.refusals import UnknownChoice
from tiercast.serving.rules import Column


def test_each_class_is_there_once() -> None:
    classes = [restorer.__self__ for restorer in TYPES.values()]  # type: ignore[attr-defined]
    assert len(set(classes)) == len(TYPES)


def test_parts_survive_real_json() -> None:
    assert restore(json.loads(json.dumps(Column("orders").to_json()))) == Column("orders")


@pytest.mark.parametrize("stored", [{}, {"type": "oracle"}, {"type": None}])
def test_an_unknown_type_is_refused_with_what_there_is(stored: dict[str, object]) -> None:
    with pytest.raises(UnknownChoice) as refused:
        restore(stored)
    assert "trees" in refused.value.details["there_is"]
