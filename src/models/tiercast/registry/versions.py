"""Registers bundles and finds them again: versions, aliases that say which is in charge, their lineage."""

import importlib.metadata
import shutil
import tempfile
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from tiercast.errors import NoChampion, StoreCorrupt
from tiercast.registry.runs import record_run
from tiercast.registry.staging import MANIFEST
from tiercast.registry.store import Store, advice_ignored, told

BUNDLE_NAME = "tiercast-scorecard"
REQUIRED_AT_SERVING: tuple[str, ...] = ("duckdb", "lightgbm", "mlflow", "numpy", "pandas", "pyarrow", "scipy")
JUDGED_TAG, NOT_JUDGED = "tiercast.judged", "no"
_EXPERIMENT = "tiercast-models"
_ARTIFACT = "bundle"


@dataclass(frozen=True)
class VersionInfo:
    """One registered version: what it is called, which aliases point to it, which run made it."""

    name: str
    version: int
    aliases: tuple[str, ...]
    run_id: str | None
    created_at: datetime
    tags: Mapping[str, str] = field(default_factory=dict)

    @property
    def uri(self) -> str:
        """Address that MLflow loads: ``models:/name/version``."""
        return f"models:/{self.name}/{self.version}"

    @property
    def is_judged(self) -> bool:
        """Whether its answers, or those of its kind, were ever judged out of time; a tag says where not."""
        return self.tags.get(JUDGED_TAG) != NOT_JUDGED


def register_bundle(
    store: Store,
    folder: Path | str,
    *,
    name: str = BUNDLE_NAME,
    run_id: str | None = None,
    requirements: Iterable[str] | None = None,
    tags: Mapping[str, Any] | None = None,
    aliases: Iterable[str] = (),
) -> VersionInfo:
    """Register a staged bundle as the next version of a model, and return that version.

    Nothing is visible under ``name`` before every file is stored.

    Parameters
    ----------
    store : Store
        Where to register.
    folder : path
        A bundle made by ``stage_bundle``. Not changed; the caller may remove it afterwards.
    name : str
        Name of the registered model.
    run_id : str, optional
        The run that made it, for lineage; by default one is recorded for the registration itself.
    requirements : iterable of str, optional
        pip requirements; by default what serving imports, pinned to what is installed.
    tags : mapping, optional
        Lineage and measures, as text.
    aliases : iterable of str
        Set once the version exists.
    """
    with advice_ignored():
        import mlflow.pyfunc
    from mlflow.entities import LoggedModelOutput
    from mlflow.models import Model

    client = store.client
    pinned = list(requirements) if requirements is not None else _pinned(REQUIRED_AT_SERVING)
    said = {key: str(value)[:4000] for key, value in (tags or {}).items()}
    with told(store.uri), advice_ignored(), tempfile.TemporaryDirectory(prefix="staging-") as neutral:
        run_id = run_id or record_run(store, _EXPERIMENT, f"register {name}")
        experiment = client.get_run(run_id).info.experiment_id
        logged = client.create_logged_model(
            experiment, name=_ARTIFACT, source_run_id=run_id, model_type="tiercast"
        )
        try:
            staged = Path(neutral)
            shutil.copytree(folder, staged / _ARTIFACT, ignore=shutil.ignore_patterns("__pycache__"))
            shutil.copyfile(_entry_file(), staged / "entry.py")
            mlflow.pyfunc.save_model(
                path=str(staged / "model"),
                python_model=str(staged / "entry.py"),
                artifacts={_ARTIFACT: str(staged / _ARTIFACT)},
                pip_requirements=pinned,
                signature=_signature(),
                mlflow_model=Model(model_id=logged.model_id, model_uuid=logged.model_id, run_id=run_id),
            )
            for cache in (staged / "model").rglob("__pycache__"):
                shutil.rmtree(cache)
            client.log_model_artifacts(logged.model_id, str(staged / "model"))
        except BaseException:
            client.finalize_logged_model(logged.model_id, "FAILED")
            raise
        client.finalize_logged_model(logged.model_id, "READY")
        client.log_outputs(run_id, [LoggedModelOutput(logged.model_id, step=0)])
        _make_name(store, name)
        remote = urlsplit(store.registry_uri).scheme in ("http", "https", "databricks", "databricks-uc")
        made = client.create_model_version(
            name,
            source=f"models:/{logged.model_id}" if remote else str(logged.artifact_location),
            run_id=run_id,
            tags=said,
            model_id=logged.model_id,
        )
    for alias in aliases:
        set_alias(store, alias, made.version, name=name)
    return _version(store, name, made.version)


def _entry_file() -> Path:
    return Path(__file__).parents[1] / "serving" / "entry.py"


def _pinned(packages: Iterable[str]) -> list[str]:
    return [f"{package}=={importlib.metadata.version(package)}" for package in packages]


def _signature() -> Any:
    """Describe the answer and the params only: MLflow's input schema would misread or refuse real input."""
    from mlflow.models import ModelSignature
    from mlflow.types import ColSpec, DataType, ParamSchema, ParamSpec, Schema

    from tiercast.serving.entry import PARAMS

    params = ParamSchema([ParamSpec(name, DataType.string, default) for name, default in PARAMS.items()])
    outputs = Schema([ColSpec(DataType.string, "customer_id"), ColSpec(DataType.string, "cutoff")])
    return ModelSignature(outputs=outputs, params=params)


def _make_name(store: Store, name: str) -> None:
    from mlflow.exceptions import MlflowException

    try:
        store.client.create_registered_model(name)
    except MlflowException as fault:
        if fault.error_code != "RESOURCE_ALREADY_EXISTS":
            raise


def set_alias(store: Store, alias: str, version: int | str, *, name: str = BUNDLE_NAME) -> None:
    """Point an alias to a version. A reader sees the old version or the new one, never none."""
    with told(store.uri):
        store.client.set_registered_model_alias(name, alias, str(version))


def clear_alias(store: Store, alias: str, *, name: str = BUNDLE_NAME) -> None:
    """Take an alias away; nothing happens if it does not exist."""
    with told(store.uri):
        store.client.delete_registered_model_alias(name, alias)


def tag_version(
    store: Store, version: int | str, tags: Mapping[str, Any], *, name: str = BUNDLE_NAME
) -> None:
    """Add facts to a version, for instance why it was promoted."""
    with told(store.uri):
        for key, value in tags.items():
            store.client.set_model_version_tag(name, str(version), key, str(value)[:4000])


def champion(store: Store, *, name: str = BUNDLE_NAME) -> VersionInfo | None:
    """Return the version in charge, or None when there is none yet."""
    return find_version(store, "champion", name=name)


def find_version(store: Store, reference: str | int, *, name: str = BUNDLE_NAME) -> VersionInfo | None:
    """Return the version that an alias, a number or a ``models:/`` address means, or None.

    Parameters
    ----------
    store : Store
        Where to look.
    reference : str or int
        ``"champion"``, ``3``, ``"models:/tiercast-scorecard@champion"``, ``"models:/tiercast-scorecard/3"``.
    name : str
        Name of the registered model, unless the address gives it.
    """
    from mlflow.exceptions import MlflowException

    wanted = str(reference)
    if wanted.startswith("models:/"):
        name, _, wanted = wanted.removeprefix("models:/").replace("@", "/").partition("/")
    with told(store.uri):
        try:
            number = (
                wanted
                if wanted.isdecimal()
                else store.client.get_model_version_by_alias(name, wanted).version
            )
            return _version(store, name, number)
        except MlflowException as fault:
            if fault.error_code in ("RESOURCE_DOES_NOT_EXIST", "INVALID_PARAMETER_VALUE", "NOT_FOUND"):
                return None
            raise


def list_versions(store: Store, *, name: str = BUNDLE_NAME) -> list[VersionInfo]:
    """Return every version of a model, oldest first; empty when the model does not exist."""
    with told(store.uri):
        found: list[Any] = []
        token: str | None = None
        quoted = name.replace("'", "")
        while token != "":
            page = store.client.search_model_versions(f"name = '{quoted}'", page_token=token)
            found += page
            token = page.token or ""
        pointing: dict[int, list[str]] = {}
        if found:
            for alias, number in store.client.get_registered_model(name).aliases.items():
                pointing.setdefault(int(number), []).append(alias)
    told_of = [_described(version, pointing.get(int(version.version), [])) for version in found]
    return sorted(told_of, key=lambda version: version.version)


def _version(store: Store, name: str, number: int | str) -> VersionInfo:
    found = store.client.get_model_version(name, str(number))
    return _described(found, found.aliases)


def _described(found: Any, aliases: Iterable[str]) -> VersionInfo:
    return VersionInfo(
        name=str(found.name),
        version=int(found.version),
        aliases=tuple(sorted(aliases)),
        run_id=found.run_id or None,
        created_at=datetime.fromtimestamp(found.creation_timestamp / 1000, UTC),
        tags=dict(found.tags),
    )


def model_folder(store: Store, reference: str | int = "champion", *, name: str = BUNDLE_NAME) -> Path:
    """Return the local folder of a registered MLflow model, downloaded first if its store is remote.

    Raises
    ------
    NoChampion
        If no version is meant by ``reference``.
    StoreCorrupt
        If the version is registered but its files are gone.
    """
    found = find_version(store, reference, name=name)
    if found is None:
        raise NoChampion(registered_model=name, tracking_uri=store.uri, alias=str(reference))
    with told(store.uri):
        place = str(store.client.get_model_version_download_uri(found.name, str(found.version)))
        parts = urlsplit(place)
        if parts.scheme in ("", "file"):
            folder = Path(unquote(parts.path) if parts.scheme else place)
            if not folder.is_dir():
                raise StoreCorrupt(
                    tracking_uri=store.uri,
                    problem=f"the files of {found.uri} are not where it says",
                    fix="if the folder was moved, run: tiercast relocate",
                )
            return folder
        from mlflow.artifacts import download_artifacts

        return Path(
            download_artifacts(artifact_uri=place, tracking_uri=store.uri, registry_uri=store.registry_uri)
        )


def bundle_folder(store: Store, reference: str | int = "champion", *, name: str = BUNDLE_NAME) -> Path:
    """Return the local folder of a bundle, meant by alias, version, ``models:/`` address or path.

    Parameters
    ----------
    store : Store
        Where to look; not asked when ``reference`` is the path of a bundle or of an MLflow model.
    reference : str or int
        See ``find_version``; or a path.
    name : str
        Name of the registered model.
    """
    given = Path(str(reference))
    if (given / MANIFEST).is_file():
        return given
    root = given if (given / "MLmodel").is_file() else model_folder(store, reference, name=name)
    folder = root / "artifacts" / _ARTIFACT
    if not (folder / MANIFEST).is_file():
        raise StoreCorrupt(tracking_uri=store.uri, problem=f"{reference} holds no tiercast bundle")
    return folder
