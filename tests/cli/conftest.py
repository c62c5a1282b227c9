"""A shop to stand in: a small history, two cards, and a store of its own."""

import shutil
from pathlib import Path

import pytest

from tests.cli.running import HISTORY, SCORE_CARD, TRAIN_CARD, WIDTH


@pytest.fixture
def shop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A working folder with a small history, two cards and an empty store of its own."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("MLFLOW_TRACKING_URI", f"sqlite:///{tmp_path / 'mlruns' / 'mlflow.db'}")
    monkeypatch.setenv("COLUMNS", str(WIDTH))
    monkeypatch.setenv("NO_COLOR", "1")
    monkeypatch.delenv("TIERCAST_DEBUG", raising=False)
    (tmp_path / "history.csv").write_text(HISTORY, encoding="utf-8")
    (tmp_path / "pipelines").mkdir()
    (tmp_path / "pipelines" / "train.toml").write_text(TRAIN_CARD, encoding="utf-8")
    (tmp_path / "pipelines" / "score.toml").write_text(SCORE_CARD, encoding="utf-8")
    return tmp_path


@pytest.fixture(scope="session")
def new_store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The database of a store without anything in it; making one takes MLflow seconds."""
    from tiercast.registry import open_store

    folder = tmp_path_factory.mktemp("store")
    with pytest.MonkeyPatch.context() as patch:
        patch.delenv("MLFLOW_TRACKING_URI")
        open_store(folder)
    return folder / "mlruns" / "mlflow.db"


@pytest.fixture
def kept(shop: Path, new_store: Path) -> Path:
    """The shop, with a store that is ready."""
    (shop / "mlruns").mkdir()
    shutil.copyfile(new_store, shop / "mlruns" / "mlflow.db")
    return shop
