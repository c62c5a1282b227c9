"""Finds the place where runs and models are kept, and says at once when it does not answer.

``MLFLOW_TRACKING_URI`` always wins. Without it the store is ``mlruns/mlflow.db`` of the project, always as an
absolute address: a relative one would make an empty database in whatever folder a command is started from.
"""

import logging
import os
import socket
import sqlite3
import warnings
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from tiercast.errors import StoreCorrupt, StoreUnreachable

if TYPE_CHECKING:
    from mlflow import MlflowClient

ROOT_TAG = "tiercast.artifact_root"
_SQLITE = "sqlite:///"
_SECONDS_TO_CONNECT = 3
_SECONDS_TO_ANSWER = 10
_PORTS = {"http": 80, "https": 443, "postgresql": 5432, "mysql": 3306, "mssql": 1433}


def resolve_store(root: Path | str | None = None) -> str:
    """Return the absolute address of the tracking store, without opening it.

    Parameters
    ----------
    root : path, optional
        The project's folder, which holds ``mlruns/``. By default the nearest folder, upwards from the current
        one, that has an ``mlruns`` folder; else the current one.

    Returns
    -------
    str
        ``MLFLOW_TRACKING_URI`` if set (a relative SQLite address made absolute), else the local database's.

    Examples
    --------
    >>> import os
    >>> before = os.environ.pop("MLFLOW_TRACKING_URI", None)
    >>> resolve_store("/srv/shop")
    'sqlite:////srv/shop/mlruns/mlflow.db'
    >>> os.environ.update({"MLFLOW_TRACKING_URI": before} if before else {})
    """
    given = os.environ.get("MLFLOW_TRACKING_URI", "").strip()
    if given:
        path = _sqlite_path(given)
        return f"{_SQLITE}{path.absolute()}" if path is not None else given
    project = Path(root) if root is not None else _project_folder(Path.cwd())
    return f"{_SQLITE}{project.absolute() / 'mlruns' / 'mlflow.db'}"


def store_exists(root: Path | str | None = None) -> bool:
    """Return whether there may be a store to open: False only for a local database that nobody has made yet.

    Examples
    --------
    >>> import os
    >>> before = os.environ.pop("MLFLOW_TRACKING_URI", None)
    >>> store_exists("/srv/no/such/shop")
    False
    >>> os.environ.update({"MLFLOW_TRACKING_URI": before} if before else {})
    """
    path = _sqlite_path(resolve_store(root))
    return path is None or path.is_file()


def _project_folder(start: Path) -> Path:
    return next((folder for folder in (start, *start.parents) if (folder / "mlruns").is_dir()), start)


def _sqlite_path(uri: str) -> Path | None:
    if not uri.startswith(_SQLITE):
        return None
    return Path(uri[len(_SQLITE) :].split("?")[0])


@dataclass(frozen=True)
class Store:
    """A tracking store that answered: its address and, when it is a local one, its artifact folder.

    Parameters
    ----------
    uri : str
        Absolute address, as ``export MLFLOW_TRACKING_URI=…`` wants it.
    artifact_root : path or None
        Folder of a local store's artifacts; None when the server decides.
    """

    uri: str
    artifact_root: Path | None

    @cached_property
    def client(self) -> "MlflowClient":
        """MLflow's client for this store; no global address is set."""
        from mlflow import MlflowClient

        return MlflowClient(tracking_uri=self.uri, registry_uri=self.registry_uri)

    @property
    def registry_uri(self) -> str:
        """Address of the model registry: ``MLFLOW_REGISTRY_URI``, else the tracking store."""
        return os.environ.get("MLFLOW_REGISTRY_URI") or self.uri

    def experiment_id(self, name: str) -> str:
        """Return the id of an experiment, made if it does not exist; two processes may do so at once."""
        from mlflow.exceptions import MlflowException

        with told(self.uri):
            found = self.client.get_experiment_by_name(name)
            if found is None:
                place = None if self.artifact_root is None else str(self.artifact_root / _slug(name))
                tags = {} if self.artifact_root is None else {ROOT_TAG: str(self.artifact_root)}
                try:
                    return str(self.client.create_experiment(name, artifact_location=place, tags=tags))
                except MlflowException:
                    found = self.client.get_experiment_by_name(name)
                    if found is None:
                        raise
            if found.lifecycle_stage == "deleted":
                self.client.restore_experiment(found.experiment_id)
            return str(found.experiment_id)


def _slug(name: str) -> str:
    return (
        "".join(letter if letter.isalnum() or letter in "-_." else "-" for letter in name).strip(".")
        or "runs"
    )


def open_store(root: Path | str | None = None) -> Store:
    """Return the tracking store, made ready if it is a new local one.

    Parameters
    ----------
    root : path, optional
        The project's folder; see ``resolve_store``.

    Raises
    ------
    StoreUnreachable
        If a server does not answer within seconds, or a local folder cannot be written.
    StoreCorrupt
        If it answers, but not as a tracking store.
    """
    uri = resolve_store(root)
    os.environ.setdefault("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "3")
    os.environ.setdefault("MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR", "false")
    path = _sqlite_path(uri)
    if path is not None:
        return _open_sqlite(uri, path)
    scheme = urlsplit(uri).scheme.split("+")[0]
    if scheme in _PORTS:
        _knock(uri, scheme)
        if scheme in ("http", "https"):
            _greet(uri)
    elif scheme not in ("databricks", "databricks-uc"):
        raise StoreCorrupt(
            tracking_uri=uri,
            problem="MLflow keeps no store in a plain folder any more",
            fix="use sqlite:////absolute/path/mlflow.db, a database address or a server's http address",
        )
    with told(uri):
        store = Store(uri, None)
        store.client.search_experiments(max_results=1)
    return store


def _open_sqlite(uri: str, path: Path) -> Store:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with _alone(path.parent / ".opening"):
            _check_sqlite(uri, path)
            with told(uri):
                from mlflow.store.tracking.sqlalchemy_store import SqlAlchemyStore

                root = path.parent / "artifacts"
                if not path.exists() or path.stat().st_size == 0:
                    new_store: Any = SqlAlchemyStore
                    logging.getLogger("mlflow.store.db.utils").setLevel(logging.WARNING)
                    new_store(uri, str(root))
                store = Store(uri, root)
                store.client.search_experiments(max_results=1)
                return store
    except OSError as fault:
        if isinstance(fault, StoreUnreachable):
            raise
        raise StoreUnreachable(
            tracking_uri=uri, problem=f"{path.parent}: {fault.strerror or fault}"
        ) from fault


@contextmanager
def _alone(lock: Path) -> Iterator[None]:
    """Let one process at a time make the tables; the lock ends with its process."""
    try:
        with closing(sqlite3.connect(lock, timeout=60, isolation_level=None)) as gate:
            gate.execute("BEGIN EXCLUSIVE")
            yield
    except sqlite3.Error as fault:
        raise OSError(None, f"cannot lock {lock.name}: {fault}") from fault


def _check_sqlite(uri: str, path: Path) -> None:
    if not path.exists():
        return
    fix = f"restore {path} from a backup, or move it away to begin an empty store"
    try:
        with closing(sqlite3.connect(f"{path.as_uri()}?mode=ro", uri=True, timeout=20)) as database:
            tables = {
                name for (name,) in database.execute("SELECT name FROM sqlite_master WHERE type = 'table'")
            }
            if not tables:
                return
            if not {"alembic_version", "experiments", "runs"} <= tables:
                raise StoreCorrupt(tracking_uri=uri, problem="it is a database, but not MLflow's", fix=fix)
            database.execute("SELECT count(*) FROM experiments").fetchone()
            database.execute("SELECT version_num FROM alembic_version").fetchone()
    except sqlite3.OperationalError as fault:
        if "malformed" in str(fault) or "disk image" in str(fault):
            raise StoreCorrupt(tracking_uri=uri, problem=str(fault), fix=fix) from fault
        raise StoreUnreachable(tracking_uri=uri, problem=str(fault)) from fault
    except sqlite3.DatabaseError as fault:
        raise StoreCorrupt(tracking_uri=uri, problem=str(fault), fix=fix) from fault


def _knock(uri: str, scheme: str) -> None:
    """Open a connection for a moment: MLflow itself would retry a dead address for minutes."""
    where = urlsplit(uri)
    try:
        port = where.port or _PORTS[scheme]
        with closing(
            socket.create_connection((where.hostname or "localhost", port), timeout=_SECONDS_TO_CONNECT)
        ):
            return
    except (OSError, ValueError) as fault:
        problem = getattr(fault, "strerror", None) or str(fault) or type(fault).__name__
        raise StoreUnreachable(tracking_uri=uri, problem=problem) from fault


def _greet(uri: str) -> None:
    from mlflow.tracking._tracking_service import utils as service
    from mlflow.utils import rest_utils

    ask: Any = rest_utils.http_request
    credentials: Any = vars(service)["get_default_host_creds"]
    try:
        reply = ask(
            credentials(uri),
            "/health",
            "GET",
            max_retries=0,
            timeout=_SECONDS_TO_ANSWER,
            raise_on_status=False,
        )
    except Exception as fault:
        raise StoreUnreachable(tracking_uri=uri, problem=f"no reply ({type(fault).__name__})") from fault
    if reply.status_code >= 500:
        raise StoreUnreachable(tracking_uri=uri, problem=f"it replies with status {reply.status_code}")


@contextmanager
def advice_ignored() -> Iterator[None]:
    """Keep MLflow's advice about type hints and input examples off the screen (MLflow 3.17, November 2026)."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message=r"(?s).*(type hint|input example)", category=UserWarning)
        yield


@contextmanager
def told(uri: str) -> Iterator[None]:
    """Turn a store's failure inside the block into one of ours; other errors pass through."""
    from mlflow.exceptions import MlflowException
    from sqlalchemy.exc import DatabaseError, OperationalError

    try:
        yield
    except MlflowException as fault:
        said = str(fault)
        if "out-of-date database schema" in said or "Can't locate revision" in said:
            fix = f"make a backup, then run: mlflow db upgrade {uri}"
            raise StoreCorrupt(
                tracking_uri=uri, problem="its tables are of another MLflow", fix=fix
            ) from fault
        if "malformed" in said or "not a database" in said or "no such table" in said:
            raise StoreCorrupt(tracking_uri=uri, problem="the database is damaged") from fault
        if "API request to" in said and "failed" in said:
            raise StoreUnreachable(tracking_uri=uri, problem="it stopped answering") from fault
        if "OperationalError" in said:
            raise StoreUnreachable(
                tracking_uri=uri, problem="the database does not answer (locked?)"
            ) from fault
        raise
    except OperationalError as fault:
        raise StoreUnreachable(tracking_uri=uri, problem="the database does not answer") from fault
    except DatabaseError as fault:
        raise StoreCorrupt(tracking_uri=uri, problem="the database is damaged") from fault
