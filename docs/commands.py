"""Print the page of commands from the command line itself: ``python docs/commands.py > docs/commands.md``."""

import re
from collections.abc import Iterator
from typing import Any

import typer

from tiercast.cli import EXIT_CODES, app

HEAD = """# Commands

What `tiercast` can be asked, on the command line. `tiercast COMMAND --help` says the same. This page is made from the
commands by `python docs/commands.py`; a test keeps the two together.

Every command takes these options:

"""
FOOT = """
## Exit codes

| exit code | meaning |
|---|---|
{rows}
[exit_codes.md](exit_codes.md) lists every error with its code. An error is one line `error CODE: message` on standard
error, and with `--json` also the object `{{"error_code": …, "message": …, "details": …}}` on standard output. Never a
stack trace, unless `TIERCAST_DEBUG=1` asks for it.
"""
SHARED = ("--json", "--root", "--verbose")


def page() -> str:
    """Return the whole page as Markdown."""
    commands = dict(_commands(typer.main.get_command(app), "tiercast"))
    told = [
        HEAD,
        _options(next(iter(commands.values())), shared=True),
        "\n| command | what it does |\n|---|---|\n",
    ]
    told += [
        f"| [`{name}`](#{_anchor(name)}) | {_paragraphs(command)[0]} |\n"
        for name, command in commands.items()
    ]
    for name, command in commands.items():
        usage = " ".join(
            [name, *(_argument(each) for each in command.params if _is_argument(each)), "[OPTIONS]"]
        )
        told.append(f"\n## {name}\n\n" + "\n\n".join([*_paragraphs(command), f"`{usage}`"]) + "\n")
        if any(not _is_shared(each) for each in command.params):
            told.append("\n" + _options(command, shared=False))
    codes = re.findall(r"(\d+) ([^,.]+)", EXIT_CODES)
    told.append(FOOT.format(rows="".join(f"| {code} | {meaning} |\n" for code, meaning in codes)))
    return "".join(told)


def _commands(group: Any, path: str) -> Iterator[tuple[str, Any]]:
    for name, command in group.commands.items():
        if hasattr(command, "commands"):
            yield from _commands(command, f"{path} {name}")
        else:
            yield f"{path} {name}", command


def _options(command: Any, *, shared: bool) -> str:
    rows = ["| option | meaning | default |\n|---|---|---|\n"]
    for each in command.params:
        if _is_shared(each) is shared:
            default = each.default if each.default not in (None, "", False) else ""
            named = _argument(each) if _is_argument(each) else ", ".join(reversed(each.opts))
            value = "" if _is_argument(each) or each.is_flag else f" {each.metavar or 'N'}"
            meaning = str(each.help).replace("|", "\\|")
            rows.append(f"| `{named}{value}` | {meaning} | {f'`{default}`' if default != '' else ''} |\n")
    return "".join(rows).replace("en|zh`", "en\\|zh`").replace("SOURCE|CARD`", "SOURCE\\|CARD`")


def _paragraphs(command: Any) -> list[str]:
    return [" ".join(part.split()) for part in str(command.help).split("\n\n")]


def _is_argument(parameter: Any) -> bool:
    return parameter.param_type_name == "argument"


def _argument(parameter: Any) -> str:
    name = str(parameter.metavar or parameter.name.upper())
    return name if parameter.required else f"[{name}]"


def _is_shared(parameter: Any) -> bool:
    return any(name in SHARED for name in parameter.opts)


def _anchor(name: str) -> str:
    return name.replace(" ", "-")


if __name__ == "__main__":
    print(page(), end="")
