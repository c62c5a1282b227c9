"""Packs a bundle: the serving code under its own name, the fitted parts beside it, a manifest over both."""

import ast
import hashlib
import json
import tempfile
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

MANIFEST = "manifest.json"
PREFIX = "tiercast_served_"
_LEFT_OUT = ("entry.py",)


def stage_bundle(
    serving_folder: Path | str,
    files: Mapping[str, bytes | str | Path],
    manifest: Mapping[str, Any],
    *,
    into: Path | str | None = None,
) -> Path:
    """Return a new folder that holds a whole bundle, ready to be registered.

    Parameters
    ----------
    serving_folder : path
        The package whose ``*.py`` files travel, except ``entry.py``; inside itself it imports relatively.
    files : mapping
        Path inside the bundle to its content: bytes, text, or the path of a file to copy.
    manifest : mapping
        Facts for ``manifest.json``; ``module``, ``submodules`` and ``content_sha256`` are added here.
    into : path, optional
        Folder to make, which must not exist or be empty. By default a temporary one named ``bundle``; the
        caller removes its parent when done.

    Returns
    -------
    Path
        The bundle: ``manifest.json``, the files, ``code/tiercast_served_<hash of the sources>/``.

    Raises
    ------
    ValueError
        If a file's path leads outside the bundle or into its code, or a source imports what does not travel.
    """
    folder = Path(into) if into is not None else Path(tempfile.mkdtemp(prefix="staging-")) / "bundle"
    folder.mkdir(parents=True, exist_ok=True)
    if any(folder.iterdir()):
        raise ValueError(f"{folder} is not empty")
    sources = _sources(Path(serving_folder))
    module = PREFIX + _hash_of(sources)[:12]
    for name, content in sources.items():
        _write(folder / "code" / module / name, content)
    for name, given in files.items():
        place = Path(name)
        if place.is_absolute() or ".." in place.parts or place.parts[:1] in [(), ("code",), (MANIFEST,)]:
            raise ValueError(f"a bundle cannot hold a file at {name!r}")
        _write(folder / place, _bytes_of(given))
    facts = dict(manifest) | {
        "module": module,
        "submodules": sorted(_module_name(name) for name in sources if name != "__init__.py"),
        "content_sha256": bundle_hash(folder),
    }
    _write(folder / MANIFEST, json.dumps(facts, ensure_ascii=False, indent=1, sort_keys=True).encode("utf-8"))
    return folder


def bundle_hash(folder: Path | str) -> str:
    """Return the SHA-256 over every file of a bundle and its path, except the manifest and Python's caches.

    A registered bundle is intact when this equals its manifest's ``content_sha256``.
    """
    root = Path(folder)
    kept = {
        path.relative_to(root).as_posix(): path.read_bytes()
        for path in root.rglob("*")
        if path.is_file() and "__pycache__" not in path.parts and path != root / MANIFEST
    }
    return _hash_of(kept)


def _sources(serving_folder: Path) -> dict[str, bytes]:
    found = {
        path.relative_to(serving_folder).as_posix(): path.read_bytes()
        for path in sorted(serving_folder.rglob("*.py"))
        if path.relative_to(serving_folder).as_posix() not in _LEFT_OUT
    }
    if "__init__.py" not in found:
        raise ValueError(f"{serving_folder} is not a package: it has no __init__.py")
    for name, content in found.items():
        if _imports_tiercast(content):
            raise ValueError(
                f"{name} imports tiercast, which does not travel with a bundle; import relatively"
            )
    return found


@cache
def _imports_tiercast(source: bytes) -> bool:
    for node in ast.walk(ast.parse(source)):
        named = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
        if isinstance(node, ast.ImportFrom) and node.level == 0 and node.module:
            named = [node.module]
        if any(name.split(".")[0] == "tiercast" for name in named):
            return True
    return False


def _module_name(path: str) -> str:
    return path.removesuffix(".py").removesuffix("/__init__").replace("/", ".")


def _hash_of(files: Mapping[str, bytes]) -> str:
    digest = hashlib.sha256()
    for name in sorted(files):
        digest.update(f"{name}\0{len(files[name])}\0".encode())
        digest.update(files[name])
    return digest.hexdigest()


def _bytes_of(content: bytes | str | Path) -> bytes:
    if isinstance(content, str):
        return content.encode("utf-8")
    return content if isinstance(content, bytes) else content.read_bytes()


def _write(place: Path, content: bytes) -> None:
    place.parent.mkdir(parents=True, exist_ok=True)
    place.write_bytes(content)
