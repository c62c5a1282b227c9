"""Opens a bundle with the code that travels in it, checks that it is whole, and lets its refusals be ours.

A bundle's code is a package of its own, so its errors are classes of their own: whoever catches the package's
``Refused`` would miss them. Here they come back as the package's class of the same name.
"""

import functools
import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tiercast.errors import StoreCorrupt
from tiercast.registry.staging import MANIFEST, bundle_hash
from tiercast.registry.store import advice_ignored
from tiercast.serving import refusals


class Served:
    """An opened bundle: everything it has, with refusals of the package's own classes."""

    def __init__(self, bundle: Any, refused: type[Exception]) -> None:
        self._bundle = bundle
        self._refused = refused

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):  # copying and pickling ask for these before there is a bundle
            raise AttributeError(name)
        found = getattr(self._bundle, name)
        return _ours(found, self._refused) if callable(found) else found

    def __repr__(self) -> str:
        return f"Served({self._bundle!r})"


def open_served(folder: Path | str) -> Any:
    """Open a bundle with the code that travels in it, as the served model does, and return its ``Bundle``.

    Parameters
    ----------
    folder : path
        A folder from ``bundle_folder`` or ``stage_bundle``.

    Raises
    ------
    StoreCorrupt
        Its files are not those that were registered.
    """
    with advice_ignored():
        from tiercast.serving.entry import open_vendored

    require_whole(Path(folder))
    module = open_vendored(folder)
    opened = sys.modules[f"{module.__name__}.bundle"].open_bundle(str(folder))
    return Served(opened, sys.modules[f"{module.__name__}.refusals"].Refused)


def require_whole(folder: Path) -> None:
    """Refuse a bundle that was damaged or changed since it was staged.

    Raises
    ------
    StoreCorrupt
    """
    try:
        told = json.loads((folder / MANIFEST).read_text("utf-8"))["content_sha256"]
    except (OSError, ValueError, KeyError, TypeError) as fault:
        raise _damaged(folder, f"its manifest cannot be read ({type(fault).__name__})") from fault
    if told != bundle_hash(folder):
        raise _damaged(folder, "its files are not those that were registered")


def _damaged(folder: Path, problem: str) -> StoreCorrupt:
    return StoreCorrupt(
        tracking_uri=str(folder),
        problem=f"the bundle is damaged: {problem}",
        fix="restore the folder from a backup, or point the alias to another version",
    )


def _ours(method: Callable[..., Any], refused: type[Exception]) -> Callable[..., Any]:
    @functools.wraps(method)
    def asked(*given: Any, **named: Any) -> Any:
        try:
            return method(*given, **named)
        except refused as refusal:
            raise _translated(refusal) from None

    return asked


def _translated(refusal: Any) -> refusals.Refused:
    kind = getattr(refusals, type(refusal).__name__, refusals.Refused)
    ours = kind(refusal.message, **refusal.details)
    ours.code = refusal.code
    return ours
