"""Print the page of exit codes from the error tree: ``python docs/exit_codes.py > docs/exit_codes.md``."""

import inspect

from tiercast.errors import TiercastError, leaves

HEAD = """# Exit codes

What the command `tiercast` answers to the shell, so that a scheduler can decide. With `--json` the same error is
printed as `{"error_code": …, "message": …, "details": …}`. This page is made from the error tree by
`python docs/exit_codes.py`; a test keeps the two together.

| exit code | `error_code` | meaning | run it again? |
|---|---|---|---|
"""

AGAIN = {
    0: "no need",
    1: "no: report it",
    2: "after mending the command line, the card or the extension",
    3: "after mending the input",
    4: "when there is more history, or after changing the card",
    5: "yes, when the store is back",
    6: "after training and promoting a model",
    7: "yes, when there is room; nothing was replaced",
    130: "yes",
    143: "yes",
}


def page() -> str:
    """Return the whole page as Markdown."""
    rows = [
        (0, "", "done"),
        (1, "", "a fault nobody foresaw"),
        (2, "", "a wrong option or argument on the command line"),
        (3, "", "any other code of a refused request"),
        (130, "", "interrupted from the keyboard"),
        (143, "", "told to end by a signal (SIGTERM)"),
    ]
    for kind in (TiercastError, *leaves()):
        first = (inspect.getdoc(kind) or "").splitlines()[0].rstrip(".").replace("``", "`")
        rows.append((kind.exit_code, f"`{kind.code}`", first[0].lower() + first[1:]))
    rows.sort(key=lambda row: row[0])
    return HEAD + "".join(
        f"| {exit_code} | {code} | {meaning} | {AGAIN[exit_code]} |\n" for exit_code, code, meaning in rows
    )


if __name__ == "__main__":
    print(page(), end="")
