"""The real ``mlflow models serve`` on loopback, and how to ask it."""

import json
import os
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import pandas as pd
import pytest


@contextmanager
def serving(uri: str, folder: Path, model: str = "models:/tiercast-scorecard@champion") -> Iterator[str]:
    """Serve a model from a product team's folder, which has a ``models.py`` of its own; yield its address."""
    (folder / "models.py").write_text("raise RuntimeError('ours was imported')\n", "utf-8")
    with closing(socket.socket()) as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [
        sys.executable, "-m", "mlflow", "models", "serve", "-m", model, "--env-manager", "local",
        "--host", "127.0.0.1", "--port", str(port), "--workers", "1",
    ]  # fmt: skip
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    environment = {**os.environ, "MLFLOW_TRACKING_URI": uri, "PATH": path, "OMP_NUM_THREADS": "1"}
    with (folder / "log").open("wb") as log:
        server = subprocess.Popen(
            command, cwd=folder, env=environment, stdout=log, stderr=log, start_new_session=True
        )
    try:
        _wait(server, f"http://127.0.0.1:{port}/ping", folder / "log")
        yield f"http://127.0.0.1:{port}/invocations"
    finally:
        os.killpg(server.pid, 15)
        server.wait(30)


def _wait(server: subprocess.Popen[bytes], ping: str, log: Path) -> None:
    deadline = time.monotonic() + 120
    while time.monotonic() < deadline and server.poll() is None:
        try:
            with urllib.request.urlopen(ping, timeout=1):
                return
        except OSError:
            time.sleep(0.2)
    raise RuntimeError(log.read_text("utf-8", "replace")[-3000:])


def ask(address: str, body: Any, *, timeout: float = 120) -> tuple[int, Any]:
    """Post a body as JSON; return the status and the reply, which must be strict JSON."""
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    request = urllib.request.Request(address, content, {"Content-Type": "application/json"})
    try:
        with urllib.request.urlopen(request, timeout=timeout) as reply:
            status, text = reply.status, reply.read()
    except urllib.error.HTTPError as refused:
        status, text = refused.code, refused.read()
    return status, json.loads(text, parse_constant=lambda word: pytest.fail(f"{word} is no JSON"))


def split(rows: pd.DataFrame) -> dict[str, Any]:
    """Return touchpoints as ``dataframe_split``: times as ISO text, absent cells as null."""
    plain = rows.copy()
    for name in ("occurred_at", "known_at"):
        if name in plain and plain[name].dtype.kind == "M":
            plain[name] = plain[name].dt.strftime("%Y-%m-%dT%H:%M:%S.%fZ")
    held = plain.astype(object).where(plain.notna(), None)
    return {"columns": list(plain.columns), "data": held.to_numpy().tolist()}
