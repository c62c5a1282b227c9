"""Repairs a local store whose folder was moved or copied.

MLflow keeps absolute paths, so after a move every alias still resolves, but to files that are not there.
"""

import sqlite3
from contextlib import closing
from pathlib import Path

from tiercast.errors import StoreCorrupt, StoreUnreachable
from tiercast.registry.store import ROOT_TAG

_COLUMNS = (
    ("experiments", "artifact_location"),
    ("runs", "artifact_uri"),
    ("logged_models", "artifact_location"),
    ("model_versions", "storage_location"),
    ("model_versions", "source"),
)


def relocate(store_root: Path | str) -> dict[str, int]:
    """Point every stored path of a moved ``mlruns`` folder to where it is now, in one transaction.

    Parameters
    ----------
    store_root : path
        The ``mlruns`` folder as it is now: it holds ``mlflow.db`` and ``artifacts``.

    Returns
    -------
    dict
        ``table.column`` to how many paths were changed; all 0 when nothing had moved, so it can be run again.

    Raises
    ------
    StoreUnreachable
        If there is no ``mlflow.db`` in the folder, or another process holds it.
    StoreCorrupt
        If it is not MLflow's database.
    """
    database = Path(store_root).absolute() / "mlflow.db"
    uri = f"sqlite:///{database}"
    if not database.is_file():
        raise StoreUnreachable(tracking_uri=uri, problem="there is no mlflow.db in this folder")
    now = str(database.parent / "artifacts")
    try:
        with closing(sqlite3.connect(database, timeout=30, isolation_level=None)) as opened:
            opened.execute("BEGIN IMMEDIATE")
            changed = _move(opened, now)
            opened.execute("COMMIT")
    except sqlite3.OperationalError as fault:
        if "no such table" in str(fault):
            raise StoreCorrupt(tracking_uri=uri, problem="it is a database, but not MLflow's") from fault
        raise StoreUnreachable(tracking_uri=uri, problem=str(fault)) from fault
    except sqlite3.DatabaseError as fault:
        raise StoreCorrupt(tracking_uri=uri, problem=str(fault)) from fault
    return changed


def _move(opened: sqlite3.Connection, now: str) -> dict[str, int]:
    tagged = opened.execute(
        "SELECT DISTINCT value FROM experiment_tags WHERE key = ?", (ROOT_TAG,)
    ).fetchall()
    roots = [root for (root,) in tagged if root != now]
    changed = dict.fromkeys((f"{table}.{column}" for table, column in _COLUMNS), 0)
    for before in sorted(roots, key=len, reverse=True):
        for table, column in _COLUMNS:
            for scheme in ("", "file://"):
                old, new = f"{scheme}{before}", f"{scheme}{now}"
                moved = opened.execute(
                    f"UPDATE {table} SET {column} = ? || substr({column}, ?) "
                    f"WHERE {column} = ? OR substr({column}, 1, ?) = ?",
                    (new, len(old) + 1, old, len(old) + 1, f"{old}/"),
                )
                changed[f"{table}.{column}"] += moved.rowcount
        opened.execute(
            "UPDATE experiment_tags SET value = ? WHERE key = ? AND value = ?", (now, ROOT_TAG, before)
        )
    return changed
