"""The commands about segments and stages answer for people and for machines, also where there is next to nothing."""

from pathlib import Path

from tests.cli.running import answer, run


def test_stages_are_counted_for_people_and_for_machines(shop: Path) -> None:
    told = answer("stages", "history.csv", "--looks", "3", "--every", "14")
    assert sum(each["customers"] for each in told["counts"]) == told["customers"]
    assert {"transitions", "dwell", "impossible", "decisions", "styles"} <= set(told)
    assert (told["every_days"], told["decision_basis"]) == (14, "rule")
    done = run("stages", "history.csv")
    assert done.exit_code == 0
    for expected in ("new", "新客户", "Deciding now", "Style of deciding"):
        assert expected in done.stdout


def test_a_segmentation_draws_its_pictures_keeps_its_labels_and_tells_what_it_cannot_do(shop: Path) -> None:
    told = answer("segment", "history.csv", "--plots", "pictures", "--out", "who.csv")
    assert (told["chosen"], told["how"]) == (1, "too_few")
    assert "segments_sizes.png" in [Path(each).name for each in told["plots"]]
    assert all(Path(each).stat().st_size > 1000 for each in told["plots"])
    assert (shop / "who.csv").exists()
    assert "labels kept" in run("segment", "history.csv", "--previous", told["run_id"]).stdout
    (shop / "taken").write_text("", encoding="utf-8")
    refused = answer("segment", "history.csv", "--plots", "taken", exit_code=7)
    assert refused["error_code"] == "UNWRITABLE_OUTPUT"
    refused = answer("segment", "history.csv", "--previous", "x.json", exit_code=3)
    assert refused["error_code"] == "UNREADABLE_SOURCE"


def test_an_algorithm_that_there_is_not_is_refused(shop: Path) -> None:
    assert (
        answer("segment", "history.csv", "--algorithm", "dbscan", exit_code=2)["error_code"] == "UNKNOWN_NAME"
    )
