"""Every fenced block in README.md and docs/ runs: an example that nobody runs is already wrong.

What a block is, is said by the words after its fence:

============== ==============================================================================================
``python``     runs; one namespace for all blocks of a page, in order; a block of ``>>>`` lines is a doctest
``bash run``   runs in the page's workspace and must succeed
``console run``  the lines after ``$`` run; what is shown below them must be what they print (``...`` matches any text)
``toml``       must parse
``json``       must parse
``text``       is shown, and neither runs nor parses: output, drawings, commands that CI runs in another way
============== ==============================================================================================

Any other fence fails, so that a block is never skipped by accident. The workspace of a page is an empty folder with
a copy of ``pipelines/`` and a tracking store of its own.
"""

import doctest
import json
import os
import re
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]
PAGES = sorted(page for page in [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")] if page.is_file())
FENCE = re.compile(r"^(?P<indent> *)(?P<fence>`{3,}|~{3,})(?P<info>[^`]*)$")
MATCHING = doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE
SECONDS = 600


@dataclass(frozen=True)
class Block:
    """One fenced block: what its fence says, its text, and the line of the page where the text starts."""

    info: str
    text: str
    line: int


def blocks(page: str) -> Iterator[Block]:
    """Yield the fenced blocks of a page, in order; a fence that is never closed is a mistake."""
    opened: re.Match[str] | None = None
    start, lines = 0, []
    for number, line in enumerate(page.splitlines(), start=1):
        found = FENCE.match(line)
        if opened is None:
            if found:
                opened, start, lines = found, number + 1, []
        elif found and found["fence"].startswith(opened["fence"]) and not found["info"].strip():
            yield Block(" ".join(opened["info"].split()), "\n".join(lines) + "\n", start)
            opened = None
        else:
            lines.append(line.removeprefix(opened["indent"]))
    assert opened is None, f"the fence above line {start} is never closed"


def run(block: Block, page: str, namespace: dict[str, Any], workspace: Path) -> None:
    """Do with a block what its fence says."""
    match block.info.split():
        case ["python"] if block.text.lstrip().startswith(">>>"):
            example = doctest.DocTestParser().get_doctest(block.text, namespace, page, page, block.line - 1)
            said: list[str] = []
            runner = doctest.DocTestRunner(optionflags=MATCHING)
            runner.run(example, out=said.append, clear_globs=False)
            namespace.update(example.globs)
            assert not said, "".join(said)
        case ["python"]:
            exec(compile("\n" * (block.line - 1) + block.text, page, "exec"), namespace)
        case ["bash", "run"]:
            _shell(block.text, workspace)
        case ["console", "run"]:
            for command, expected in _dialogue(block.text):
                printed = _shell(command, workspace)
                shown = not expected.strip() or doctest.OutputChecker().check_output(
                    expected, printed, MATCHING
                )
                assert shown, f"$ {command}\nthe page shows:\n{expected}\nit prints:\n{printed}"
        case ["toml"]:
            tomllib.loads(block.text)
        case ["json"]:
            json.loads(block.text)
        case ["text"]:
            pass
        case _:
            raise AssertionError(
                f"fence {block.info!r}: write python, bash run, console run, toml, json or text"
            )


def _shell(script: str, workspace: Path) -> str:
    done = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", script],
        cwd=workspace,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=SECONDS,
        check=False,
    )
    assert done.returncode == 0, f"exit {done.returncode}:\n{script}\n{done.stdout}{done.stderr}"
    return done.stdout


def _dialogue(text: str) -> Iterator[tuple[str, str]]:
    """Yield each command of a console block with the output that is shown below it."""
    for part in re.split(r"^\$ ", text, flags=re.MULTILINE)[1:]:
        lines = part.splitlines(keepends=True)
        last = next((at for at, line in enumerate(lines) if not line.rstrip().endswith("\\")), len(lines) - 1)
        yield "".join(lines[: last + 1]), "".join(lines[last + 1 :])


@pytest.fixture
def workspace(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder to run a page in, with the cards, the installed commands and a store of its own."""
    if (ROOT / "pipelines").is_dir():
        shutil.copytree(ROOT / "pipelines", tmp_path / "pipelines")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("MLFLOW_TRACKING_URI", f"sqlite:///{tmp_path / 'mlflow.db'}")
    monkeypatch.setenv("PATH", str(Path(sys.executable).parent), prepend=os.pathsep)
    return tmp_path


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_block_of_a_page_does_what_it_shows(page: Path, workspace: Path) -> None:
    namespace: dict[str, Any] = {"__name__": "__main__"}
    for block in blocks(page.read_text(encoding="utf-8")):
        try:
            run(block, str(page), namespace, workspace)
        except BaseException as error:
            error.add_note(f"in the block at {page.relative_to(ROOT)}:{block.line}")
            raise


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_link_to_a_file_leads_somewhere(page: Path) -> None:
    prose = re.sub(
        r"^( *)(```|~~~).*?^\1\2", "", page.read_text(encoding="utf-8"), flags=re.MULTILINE | re.DOTALL
    )
    targets = re.findall(r"\]\(([^)#\s]+)(?:#[^)]*)?\)", prose)
    lost = [
        to
        for to in targets
        if "://" not in to and not to.startswith("mailto:") and not (page.parent / to).exists()
    ]
    assert not lost


GOOD = """
```python
basket = [1, 2]
```
- a list
  ```python
  >>> sum(basket)
  3
  ```
```bash run
echo touched > here.txt
```
```console run
$ cat \\
  here.txt
tou...
$ true
```
~~~toml
horizon_days = 28
~~~
````text
```
anything
```
````
"""


def test_the_runner_runs_each_language_in_one_workspace(workspace: Path) -> None:
    namespace: dict[str, Any] = {}
    found = list(blocks(GOOD))
    for block in found:
        run(block, "page.md", namespace, workspace)
    assert [block.info for block in found] == ["python", "python", "bash run", "console run", "toml", "text"]
    assert (workspace / "here.txt").read_text() == "touched\n"


@pytest.mark.parametrize(
    ("info", "text"),
    [
        ("python", "1 / 0"),
        ("python", ">>> 1 + 1\n3"),
        ("bash run", "false | true"),
        ("console run", "$ echo one\ntwo"),
        ("toml", "horizon_days = "),
        ("json", "{'a': 1}"),
        ("bash", "true"),
        ("", "true"),
        ("sql", "select 1"),
    ],
)
def test_the_runner_refuses_what_does_not_hold_or_would_be_skipped(
    info: str, text: str, workspace: Path
) -> None:
    with pytest.raises((AssertionError, ZeroDivisionError, ValueError)):
        run(Block(info, text + "\n", 1), "page.md", {}, workspace)


def test_a_fence_that_is_never_closed_is_a_mistake() -> None:
    with pytest.raises(AssertionError, match="never closed"):
        list(blocks("```python\nx = 1\n"))
