"""A local store and two toy versions in it, made once for all tests of the registry."""

from pathlib import Path

import pytest

from tests.registry.toy import toy_bundle
from tiercast.registry import Store, VersionInfo, open_store, register_bundle, start_run


@pytest.fixture(scope="session")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a project folder whose name needs care: a space and a letter beyond ASCII."""
    return tmp_path_factory.mktemp("café shop")


@pytest.fixture(scope="session")
def store(shop: Path) -> Store:
    """Return an opened local store of the project."""
    with pytest.MonkeyPatch.context() as patch:
        patch.delenv("MLFLOW_TRACKING_URI", raising=False)
        opened = open_store(shop)
    return opened


@pytest.fixture(scope="session")
def versions(store: Store, tmp_path_factory: pytest.TempPathFactory) -> tuple[VersionInfo, VersionInfo]:
    """Return two registered versions with different code: apple is champion, pear is challenger."""
    with start_run(store, "toys", "make two") as run:
        made = tuple(
            register_bundle(
                store,
                toy_bundle(tmp_path_factory.mktemp(word), word, number),
                run_id=run.run_id,
                tags={"word": word},
                aliases=[alias],
            )
            for word, number, alias in (("apple", 1.5, "champion"), ("pear", 2.5, "challenger"))
        )
    return made[0], made[1]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Except MLflow's own calls into SQLAlchemy, and its advice about type hints, from warnings as errors."""
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.filterwarnings("ignore:The ``noload`` loader strategy"))
            item.add_marker(pytest.mark.filterwarnings(r"ignore:(?s).*type hint:UserWarning"))
