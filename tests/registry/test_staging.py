"""What a bundle holds, and that its name follows its sources."""

import json
from pathlib import Path

import pytest

from tests.registry.toy import REAL, toy_bundle, toy_serving
from tiercast.registry import bundle_hash, stage_bundle


def test_a_bundle_holds_code_files_and_a_manifest(tmp_path: Path) -> None:
    bundle = toy_bundle(tmp_path, "apple", 1)
    manifest = json.loads((bundle / "manifest.json").read_text("utf-8"))
    code = bundle / "code" / manifest["module"]
    assert manifest["module"].startswith("tiercast_served_")
    assert manifest["submodules"] == ["bundle", "contract", "intake", "refusals"]
    assert manifest["made_by"] == "toy"
    assert (code / "bundle.py").is_file()
    assert not (code / "entry.py").exists()
    assert json.loads((bundle / "params.json").read_text("utf-8")) == {"number": 1}


def test_the_name_follows_the_sources_and_the_hash_follows_everything(tmp_path: Path) -> None:
    first, again, other_number, other_code = (
        json.loads((toy_bundle(tmp_path / str(place), word, number) / "manifest.json").read_text("utf-8"))
        for place, (word, number) in enumerate([("apple", 1), ("apple", 1), ("apple", 2), ("pear", 1)])
    )
    assert first == again
    assert first["module"] == other_number["module"] != other_code["module"]
    assert first["content_sha256"] != other_number["content_sha256"]


def test_a_change_in_a_bundle_shows(tmp_path: Path) -> None:
    bundle = toy_bundle(tmp_path, "apple", 1)
    promised = json.loads((bundle / "manifest.json").read_text("utf-8"))["content_sha256"]
    (bundle / "__pycache__").mkdir()
    (bundle / "__pycache__" / "cache.pyc").write_bytes(b"cache")
    assert bundle_hash(bundle) == promised
    (bundle / "params.json").write_text("{}", "utf-8")
    assert bundle_hash(bundle) != promised


@pytest.mark.parametrize("name", ["../outside", "/etc/passwd", "code/evil.py", "manifest.json"])
def test_a_file_cannot_leave_the_bundle_or_replace_its_code(tmp_path: Path, name: str) -> None:
    serving = toy_serving(tmp_path / "serving", "apple")
    with pytest.raises(ValueError, match="cannot hold"):
        stage_bundle(serving, {name: "x"}, {}, into=tmp_path / "bundle")


def test_code_that_imports_tiercast_does_not_travel(tmp_path: Path) -> None:
    serving = toy_serving(tmp_path / "serving", "apple")
    (serving / "more.py").write_text("from tiercast.errors import NoChampion\n", "utf-8")
    with pytest.raises(ValueError, match=r"more\.py imports tiercast"):
        stage_bundle(serving, {}, {})


def test_the_real_serving_folder_can_be_staged(tmp_path: Path) -> None:
    bundle = stage_bundle(REAL, {}, {}, into=tmp_path / "bundle")
    manifest = json.loads((bundle / "manifest.json").read_text("utf-8"))
    assert {"contract", "intake", "refusals"} <= set(manifest["submodules"])
    assert "entry" not in manifest["submodules"]
