"""The door of a served bundle: the one small file that MLflow runs, the same in every version.

MLflow loads this file by path ("models from code"). It opens the serving code that travels inside the bundle
under a module name of its own, so two versions answer side by side in one process, each as itself, and
neither needs tiercast to be installed. Everything that is refused leaves as a body of exactly ``error_code``,
``message`` and ``details``: no trace, and no echo of what was sent.
"""

import datetime as dt
import importlib
import importlib.util
import json
import math
import sys
import threading
from contextlib import AbstractContextManager
from decimal import Decimal
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pandas as pd
from mlflow.exceptions import MlflowException
from mlflow.models import set_model
from mlflow.protos.databricks_pb2 import BAD_REQUEST, INTERNAL_ERROR
from mlflow.pyfunc.model import PythonModel

PARAMS: dict[str, str] = {"cutoff": "", "policy": "", "language": "en", "rejected": "refuse"}
"""What a request may set beside its touchpoints, with defaults; an empty cutoff is refused by the bundle."""


class Answer(MlflowException):
    """A refusal on its way out: MLflow's server sends its body and status as they are."""

    def __init__(self, body: dict[str, Any], status: int) -> None:
        self.reply = body
        self.status = status
        super().__init__(body["message"], error_code=BAD_REQUEST if status < 500 else INTERNAL_ERROR)

    @property
    def message(self) -> str:
        """What went wrong. It cannot be set: MLflow's server would put the caller's rows into it."""
        return f"{self.reply['error_code']}: {self.reply['message']}"

    @message.setter
    def message(self, _: str) -> None:
        pass

    def __str__(self) -> str:
        return self.message

    def serialize_as_json(self) -> str:
        """Return the reply's body."""
        return json.dumps(self.reply, default=str)

    def get_http_status_code(self) -> int:
        """Return the reply's status."""
        return self.status

    def __reduce__(self) -> tuple[Any, ...]:
        return (MlflowException, (self.message, BAD_REQUEST if self.status < 500 else INTERNAL_ERROR))


def open_vendored(folder: str | Path) -> ModuleType:
    """Return the serving package inside a bundle, loaded by path under the name that its manifest gives.

    All its submodules are loaded at once, because the folder may be gone later. The name contains a hash of
    the sources: a second bundle with the same code shares the package, another version gets its own.
    """
    root = Path(folder)
    manifest = json.loads((root / "manifest.json").read_text("utf-8"))
    name, submodules = str(manifest["module"]), list(manifest["submodules"])
    with _lock():
        if name in sys.modules:
            return sys.modules[name]
        package = root / "code" / name
        spec = importlib.util.spec_from_file_location(
            name, package / "__init__.py", submodule_search_locations=[str(package)]
        )
        if spec is None or spec.loader is None:
            raise ImportError(f"the bundle has no package {name}")
        writes_bytecode, sys.dont_write_bytecode = sys.dont_write_bytecode, True
        try:
            module = importlib.util.module_from_spec(spec)
            sys.modules[name] = module
            spec.loader.exec_module(module)
            for submodule in submodules:
                importlib.import_module(f"{name}.{submodule}")
        except BaseException:
            for loaded in [known for known in sys.modules if known == name or known.startswith(f"{name}.")]:
                del sys.modules[loaded]
            raise
        finally:
            sys.dont_write_bytecode = writes_bytecode
    return module


def _lock() -> AbstractContextManager[Any]:
    """Return the lock shared by every copy of this file in the process."""
    shared: AbstractContextManager[Any] = sys.__dict__.setdefault("_tiercast_served_lock", threading.RLock())
    return shared


class Door(PythonModel):
    """Answers requests with the bundle of the context it is given, never with another's."""

    def __init__(self) -> None:
        self._opened: dict[str, tuple[ModuleType, Any]] = {}

    def load_context(self, context: Any) -> None:
        """Open the context's bundle."""
        self._open(context)

    def _open(self, context: Any) -> tuple[ModuleType, Any]:
        folder = str(context.artifacts["bundle"])
        with _lock():
            if folder not in self._opened:
                module = open_vendored(folder)
                self._opened[folder] = (module, sys.modules[f"{module.__name__}.bundle"].open_bundle(folder))
            return self._opened[folder]

    def predict(  # pyright: ignore[reportIncompatibleMethodOverride]
        self, context: Any, model_input: pd.DataFrame, params: dict[str, Any] | None = None
    ) -> pd.DataFrame:
        """Return one row of answers per customer; a list of records or a dict of lists is a table too."""
        try:
            module, bundle = self._open(context)
        except Exception as fault:
            raise _internal(fault) from None
        refused = sys.modules[f"{module.__name__}.refusals"].Refused
        try:
            asked = _asked(params, sys.modules[f"{module.__name__}.refusals"].UnknownChoice)
            return plain_answers(bundle.predict(model_input, **asked))
        except refused as refusal:
            raise Answer(refusal.body(), refusal.http_status) from None
        except Exception as fault:
            raise _internal(fault) from None


def _asked(params: dict[str, Any] | None, unknown_choice: type[Exception]) -> dict[str, str]:
    given = dict(params or {})
    if unknown := sorted(str(name) for name in given if name not in PARAMS):
        raise unknown_choice(f"there are {len(unknown)} unknown params; there is: {', '.join(PARAMS)}")
    return PARAMS | {name: "" if value is None else str(value) for name, value in given.items()}


def _internal(fault: Exception) -> Answer:
    body = {
        "error_code": "INTERNAL",
        "message": "the bundle failed on this request; nothing was answered",
        "details": {"fault": type(fault).__name__},
    }
    return Answer(body, 500)


def plain_answers(answers: pd.DataFrame) -> pd.DataFrame:
    """Return answers as strict JSON needs them: ``None`` when absent, ISO dates, finite numbers only.

    Raises
    ------
    ValueError
        If a number is infinite.

    Examples
    --------
    >>> plain_answers(pd.DataFrame({"tier": ["gold", None], "spend": [1.5, float("nan")]})).to_dict("list")
    {'tier': ['gold', None], 'spend': [1.5, None]}
    """
    return pd.DataFrame({name: _plain(answers[name], str(name)) for name in answers.columns}, dtype=object)


def _plain(cells: pd.Series, name: str) -> pd.Series:
    if getattr(cells.dtype, "kind", "O") == "M":
        cells = pd.Series([*map(_iso_moment if name.endswith("_at") else _iso_day, cells)], dtype=object)
    elif cells.dtype == object:
        cells = pd.Series([*map(_cell, cells)], dtype=object)
    elif cells.dtype.kind == "f" and np.isinf(cells.to_numpy(dtype="float64", na_value=np.nan)).any():
        raise ValueError("a number is infinite")
    held = cells.astype(object).to_numpy(copy=True)
    held[cells.isna().to_numpy()] = None
    return pd.Series(held, dtype=object)


def _iso_day(moment: Any) -> str | None:
    return None if moment is pd.NaT else moment.date().isoformat()


def _iso_moment(moment: Any) -> str | None:
    return None if moment is pd.NaT else moment.isoformat()


def _cell(cell: Any) -> Any:
    if cell is None or isinstance(cell, str | bool) or cell is pd.NaT or cell is pd.NA:
        return cell if isinstance(cell, str | bool) else None
    if isinstance(cell, np.ndarray | list | tuple):
        return [_cell(inner) for inner in cell]
    if isinstance(cell, np.generic):
        return _cell(cell.item())
    if isinstance(cell, Decimal):
        cell = float(cell)
    if isinstance(cell, float) and not math.isfinite(cell):
        if math.isnan(cell):
            return None
        raise ValueError("a number is infinite")
    if isinstance(cell, dt.date):
        return cell.isoformat()
    return cell


if __name__ != "tiercast.serving.entry":
    set_model(Door())
