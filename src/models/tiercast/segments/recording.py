"""The record of a segmentation in MLflow: a run, a nested run a candidate, the part itself, tables and pictures."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tiercast.errors import OutputError
from tiercast.registry import Store, record_run, start_run
from tiercast.segments.earlier import KEPT_AS
from tiercast.segments.plots import pictures_of
from tiercast.segments.report import SegmentReport
from tiercast.segments.running import Segmented

EXPERIMENT = "tiercast-segments"
JUDGED = (
    "silhouette", "stability", "lasting", "value_gain", "smallest_share", "agreement", "placed", "separation",
)  # fmt: skip
ASKED = ("algorithm", "clusters", "style_weight", "smallest_share_asked", "neighbours")


def record(store: Store, made: Segmented, *, name: str, params: Mapping[str, Any]) -> str:
    """Keep a segmentation: what a later ``--previous`` reads is among its files. Returns the run's id."""
    report = made.report
    with start_run(store, EXPERIMENT, name, tags={"tiercast.kind": "segments"}) as run:
        run.log(
            params={**params, "clusters": report.chosen, "how": report.how, "algorithm": report.algorithm},
            metrics=figures_of(report),
        )
        run.text(json.dumps(made.part.to_json(), ensure_ascii=False), KEPT_AS)
        run.text(report.profile.to_csv(index=False), "segments/profile.csv")
        run.text(report.indexes.to_csv(index=False), "segments/indexes.csv")
        if len(report.migration):
            run.text(report.migration.to_csv(index=False), "segments/migration.csv")
        for title, figure in pictures_of(report).items():
            run.figure(figure, f"plots/{title}.png")
        for candidate in report.tried.to_dict("records"):
            record_run(
                store,
                EXPERIMENT,
                f"{candidate['algorithm']} {candidate['clusters']}",
                parent=run,
                params={each: candidate[each] for each in ASKED},
                metrics={each: candidate[each] for each in JUDGED},
                tags={"tiercast.kind": "segments candidate", "tiercast.holds": candidate["holds"]},
            )
        return run.run_id


def figures_of(report: SegmentReport) -> dict[str, float]:
    """Return the figures of a report by the names under which they are kept."""
    told = {"silhouette": report.silhouette, "stability": report.stability, "lasting": report.lasting}
    told |= {f"share.{at}": float(share) for at, share in enumerate(report.profile.get("customer_share", []))}
    for each in report.worth:
        told[f"value_explained.{each.name.replace(',', '')}"] = each.share
    if report.matched is not None:
        told["labels_kept_share"] = report.matched.agreement
    return told


def save_pictures(report: SegmentReport, folder: Path) -> list[str]:
    """Write the figures of a report into a folder and return their paths.

    Raises
    ------
    OutputError
    """
    places = []
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for title, figure in pictures_of(report).items():
            figure.savefig(folder / f"segments_{title}.png")
            places.append(str(folder / f"segments_{title}.png"))
    except OSError as error:
        raise OutputError(path=str(folder), problem=error.strerror or type(error).__name__) from error
    return places
