"""Commands about the tracking store: the ``models`` in it, its ``ui``, and ``relocate`` after a move."""

import json
import os
import shlex
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.text import Text

from tiercast.cli.options import AsJson, Root, Verbose
from tiercast.cli.screen import Screen, facts, table

if TYPE_CHECKING:
    from tiercast.registry import Store, VersionInfo

PANEL = "The store"
SQLITE = "sqlite:///"
TARGETS = ("churn", "repurchase", "lifetime_value", "orders")


def add_to(app: typer.Typer) -> None:
    """Add the commands of this file."""
    app.command(rich_help_panel=PANEL)(models)
    app.command(rich_help_panel=PANEL)(ui)
    app.command(rich_help_panel=PANEL)(relocate)


def models(as_json: AsJson = False, root: Root = None, verbose: Verbose = False) -> None:
    """List the registered versions: which is in charge, what each is made of, when and by which run."""
    screen = Screen(as_json=as_json, verbose=verbose)
    with screen.working("asking the tracking store"):
        from tiercast.errors import without_password
        from tiercast.registry import list_versions, open_store

        store = open_store(root)
        found = [_described(store, each) for each in reversed(list_versions(store))]
        where = without_password(store.uri)
    in_charge = next((each["version"] for each in found if "champion" in each["aliases"]), None)
    rows = [
        (
            f"{each['version']}",
            Text(", ".join(each["aliases"]), style="bold green" if "champion" in each["aliases"] else ""),
            (each["kind"] or "") + ("" if each["judged"] else ", not judged"),
            f"{each['created_at']:%Y-%m-%d %H:%M}",
            ", ".join(dict.fromkeys(each["basis"].values())),
        )
        for each in found
    ]
    columns = ["version", "aliases", "kind", "created (UTC)", "made of"]
    shown = (
        table("", columns, rows, numbers=["version", "created (UTC)"])
        if rows
        else Text("no version is registered; train one with: tiercast train CARD")
    )
    screen.answer(
        {"tracking_uri": where, "champion": in_charge, "versions": found}, facts([("store", where)]), shown
    )


def _described(store: "Store", version: "VersionInfo") -> dict[str, Any]:
    return {
        "name": version.name,
        "version": version.version,
        "aliases": version.aliases,
        "kind": version.tags.get("tiercast.kind"),
        "judged": version.is_judged,
        "basis": _basis(store, version),
        "created_at": version.created_at,
        "run_id": version.run_id,
        "uri": version.uri,
    }


def _basis(store: "Store", version: "VersionInfo") -> dict[str, str]:
    """Return which candidate answers each target; of a remote store only the versions in use are fetched."""
    from tiercast.errors import StoreCorrupt
    from tiercast.registry import bundle_folder

    if store.artifact_root is None and not version.aliases:
        return {}
    try:
        folder = bundle_folder(store, version.version, name=version.name)
    except StoreCorrupt:
        return {"files": "missing"}
    candidates = json.loads((folder / "manifest.json").read_text("utf-8")).get("candidates") or {}
    return {target: str(candidates[target]) for target in TARGETS if target in candidates}


def ui(
    opened: Annotated[
        bool, typer.Option("--open", help="Start it now, instead of printing the command.")
    ] = False,
    port: Annotated[int, typer.Option("--port", min=1, max=65535, help="Where it will answer.")] = 5000,
    as_json: AsJson = False,
    root: Root = None,
    verbose: Verbose = False,
) -> None:
    """Print, or with --open start, the command that opens the MLflow user interface on this store."""
    screen = Screen(as_json=as_json, verbose=verbose)
    from tiercast.errors import without_password
    from tiercast.registry import resolve_store

    uri = resolve_store(root)
    if uri.startswith(("http://", "https://")):
        screen.answer(
            {"url": without_password(uri), "export": None, "command": None}, Text(without_password(uri))
        )
        return
    hidden = without_password(uri) != uri  # then it came by this variable, and is not repeated
    shown = '"$MLFLOW_TRACKING_URI"' if hidden else shlex.quote(uri)
    export = None if hidden else f"export MLFLOW_TRACKING_URI={shown}"
    command = f"mlflow ui --backend-store-uri {shown} --port {port}"
    url = f"http://127.0.0.1:{port}"
    if opened:
        sys.stderr.write(f"{url}  (Ctrl-C ends it)\n")
        sys.stderr.flush()
        program = [sys.executable, "-m", "mlflow", "ui", "--backend-store-uri", uri, "--port", str(port)]
        os.execv(program[0], program)  # noqa: S606
    lines = [*([export] if export else []), command]
    screen.answer(
        {"url": url, "export": export, "command": command},
        "\n".join([*lines, f"# then open {url}"]),
    )


def relocate(
    folder: Annotated[
        Path | None,
        typer.Argument(
            metavar="ROOT", help="The moved project folder, or its mlruns/. Default: from here upwards."
        ),
    ] = None,
    as_json: AsJson = False,
    root: Root = None,
    verbose: Verbose = False,
) -> None:
    """Repair a local store whose folder was moved: MLflow keeps absolute paths. Safe to run again."""
    screen = Screen(as_json=as_json, verbose=verbose)
    with screen.working("looking for paths that moved"):
        from tiercast import registry

        place = _store_folder(folder or root)
        changed = registry.relocate(place)
    total = sum(changed.values())
    told = f"{total} paths now point to {place.absolute()}" if total else "nothing had moved"
    screen.answer({"store": place.absolute(), "changed": changed, "changed_paths": total}, Text(told))


def _store_folder(given: Path | None) -> Path:
    """Return the folder that holds ``mlflow.db``."""
    if given is None:
        here = Path.cwd()
        given = next((each for each in (here, *here.parents) if (each / "mlruns").is_dir()), here)
    return given if (given / "mlflow.db").is_file() else given / "mlruns"
