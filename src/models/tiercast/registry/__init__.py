"""Keeps what was tried and what is in charge: runs, model versions, their aliases and where they came from.

The only package that speaks MLflow's client. ``store`` finds and opens the tracking store, ``runs`` records
experiments, ``staging`` packs a bundle, ``versions`` registers and finds bundles, ``served`` opens them,
``relocation`` repairs a moved folder. MLflow itself is imported inside functions, because it takes seconds.
"""

from tiercast.registry.relocation import relocate
from tiercast.registry.runs import RecordedRun, Run, record_run, recorded, run_file, start_run
from tiercast.registry.served import open_served
from tiercast.registry.staging import bundle_hash, stage_bundle
from tiercast.registry.store import Store, open_store, resolve_store, store_exists
from tiercast.registry.versions import (
    BUNDLE_NAME,
    JUDGED_TAG,
    NOT_JUDGED,
    VersionInfo,
    bundle_folder,
    champion,
    clear_alias,
    find_version,
    list_versions,
    model_folder,
    register_bundle,
    set_alias,
    tag_version,
)

__all__ = [
    "BUNDLE_NAME",
    "JUDGED_TAG",
    "NOT_JUDGED",
    "RecordedRun",
    "Run",
    "Store",
    "VersionInfo",
    "bundle_folder",
    "bundle_hash",
    "champion",
    "clear_alias",
    "find_version",
    "list_versions",
    "model_folder",
    "open_served",
    "open_store",
    "record_run",
    "recorded",
    "register_bundle",
    "relocate",
    "resolve_store",
    "run_file",
    "set_alias",
    "stage_bundle",
    "start_run",
    "store_exists",
    "tag_version",
]
