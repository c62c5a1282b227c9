"""A toy bundle: the real intake and refusals, and an answer that names its own version of the code."""

import shutil
from pathlib import Path

from tiercast.registry import stage_bundle

REAL = Path(__file__).parents[2] / "src" / "models" / "tiercast" / "serving"

BUNDLE = '''"""Answers a constant: the word in this code and the number in the bundle's parameters."""

import json
from pathlib import Path

import pandas as pd

from .intake import clean_request
from .refusals import BadCutoff, UnknownChoice

WORD = "{word}"


class Bundle:
    def __init__(self, number):
        self.number = number

    def predict(self, touchpoints, *, cutoff, policy="", language="en", rejected="refuse"):
        if not cutoff:
            raise BadCutoff("a cutoff did not come; send params cutoff, a day such as 2025-02-01")
        if policy == "boom":
            raise ZeroDivisionError("secret row contents")
        if policy not in ("", "pyramid"):
            raise UnknownChoice("there is no such policy; there is: pyramid", there_is=["pyramid"])
        ids = clean_request(touchpoints)["customer_id"].dropna().drop_duplicates().sort_values()
        answer = pd.DataFrame({{"customer_id": ids.to_numpy(), "word": WORD, "number": self.number}})
        answer["cutoff"] = pd.Timestamp(cutoff)
        answer["absent"] = float("nan")
        return answer


def open_bundle(folder):
    return Bundle(json.loads((Path(folder) / "params.json").read_text())["number"])
'''


def toy_serving(folder: Path, word: str) -> Path:
    """Write a serving package whose answers carry a word of their own."""
    folder.mkdir(parents=True, exist_ok=True)
    for name in ("contract.py", "intake.py", "refusals.py"):
        shutil.copyfile(REAL / name, folder / name)
    (folder / "__init__.py").write_text('"""A toy."""\n', encoding="utf-8")
    (folder / "entry.py").write_text(
        "raise RuntimeError('the entry file must not travel')\n", encoding="utf-8"
    )
    (folder / "bundle.py").write_text(BUNDLE.format(word=word), encoding="utf-8")
    return folder


def toy_bundle(folder: Path, word: str, number: float) -> Path:
    """Stage a toy bundle under a folder."""
    serving = toy_serving(folder / "serving", word)
    files: dict[str, bytes | str | Path] = {"params.json": f'{{"number": {number}}}'}
    return stage_bundle(serving, files, {"made_by": "toy"}, into=folder / "bundle")
