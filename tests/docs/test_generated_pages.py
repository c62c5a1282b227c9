"""Pages that are made from declarations say what the declarations say today."""

import re
import runpy
from pathlib import Path

import pytest

from tiercast.serving.contract import REJECTIONS
from tiercast.serving.scorecard import COLUMNS

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize("name", ["features", "scorecard", "sides"])
def test_a_page_made_from_declarations_agrees_with_them(name: str) -> None:
    page = runpy.run_path(str(ROOT / "docs" / f"{name}.py"))["page"]()
    assert (ROOT / "docs" / f"{name}.md").read_text(encoding="utf-8") == page, (
        f"run: python docs/{name}.py > docs/{name}.md"
    )


def test_the_page_of_the_scorecard_has_every_column_in_its_order() -> None:
    page = (ROOT / "docs" / "scorecard.md").read_text(encoding="utf-8")
    assert tuple(re.findall(r"^\| `([a-z_0-9]+)` \|", page, flags=re.MULTILINE)) == COLUMNS


def test_the_page_of_features_names_at_least_sixty_once_each() -> None:
    page = (ROOT / "docs" / "features.md").read_text(encoding="utf-8")
    named = re.findall(r"^\| `([a-z_0-9]+)` \|", page, flags=re.MULTILINE)
    assert len(named) == len(set(named)) >= 60


def test_the_page_on_serving_names_every_reason_for_a_rejected_row() -> None:
    page = (ROOT / "docs" / "serving.md").read_text(encoding="utf-8")
    unresolved = {"NULL_CUSTOMER"}
    assert not [code for code in REJECTIONS if code not in unresolved and f"`{code}`" not in page]


def test_the_table_of_job_cards_has_every_card() -> None:
    page = (ROOT / "pipelines" / "README.md").read_text(encoding="utf-8")
    cards = sorted(card.name for card in (ROOT / "pipelines").glob("*.toml"))
    assert cards == sorted(set(re.findall(r"\[([a-z_0-9]+\.toml)\]", page)))


def test_the_page_of_job_cards_names_every_key() -> None:
    from dataclasses import fields

    from tiercast.config import KINDS

    page = (ROOT / "pipelines" / "README.md").read_text(encoding="utf-8")
    keys = {field.name for card in KINDS.values() for field in fields(card)}
    assert not [key for key in sorted(keys) if f"`{key}`" not in page]


def test_the_table_of_notebooks_has_every_notebook() -> None:
    page = (ROOT / "notebooks" / "README.md").read_text(encoding="utf-8")
    assert not [book.name for book in (ROOT / "notebooks").glob("*.py") if f"({book.name})" not in page]


def test_the_page_on_stages_tells_the_graph_as_it_is_declared() -> None:
    from tiercast.serving.lifecycle import EDGES

    page = (ROOT / "docs" / "segments.md").read_text(encoding="utf-8")
    told = dict(re.findall(r"^\| ([a-z]+) \| ([a-z, ]+) \|$", page, flags=re.MULTILINE))
    assert told.pop("from") == "may lead to"
    assert {stage: set(after.split(", ")) for stage, after in told.items()} == {
        stage: set(after) for stage, after in EDGES.items()
    }
