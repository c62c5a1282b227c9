"""Except MLflow's own warnings in the tests of the whole path."""

from pathlib import Path

import pytest


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Except MLflow's calls into SQLAlchemy and its advice about type hints from warnings as errors."""
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.filterwarnings("ignore:The ``noload`` loader strategy"))
            item.add_marker(pytest.mark.filterwarnings(r"ignore:(?s).*type hint:UserWarning"))
