"""The silence that ends an episode is a term of the history: it is in the text, in what is listed, and frozen with both."""

from dataclasses import replace
from datetime import timedelta

import numpy as np
import pytest

from tests.features.drawn import CUTOFFS, SEEN, SLUGS, many, sides
from tests.features.oracle import expected
from tests.world import CUTOFF, touchpoints
from tiercast.engines.duckdb import DuckDBEngine
from tiercast.features.catalogue import build_catalogue, look
from tiercast.panels import features_at
from tiercast.schema import History
from tiercast.sources.opening import open_source


@pytest.mark.parametrize("gap_days", [1, 7, 61, 182])
def test_any_silence_is_told_right(engine: DuckDBEngine, gap_days: int) -> None:
    catalogue = build_catalogue(replace(SEEN, episode_gap_days=gap_days))
    frame = many(60, seed=gap_days)
    history = History("drawn", frame=frame, sides=sides())
    engine.attach(history)
    names = [name for name, family in catalogue.families.items() if family == "episode"]
    found = features_at(engine, history, catalogue, CUTOFFS, wanted=names).sort_values(
        ["customer_id", "cutoff"]
    )
    wanted = expected(frame, CUTOFFS, seen=catalogue.seen, slugs=SLUGS).sort_values(["customer_id", "cutoff"])
    assert found["customer_id"].tolist() == wanted["customer_id"].tolist()
    for name in names:
        np.testing.assert_allclose(found[name], wanted[name], rtol=1e-9, err_msg=name)


def test_what_a_source_says_of_episodes_is_in_the_text_and_in_the_listing(engine: DuckDBEngine) -> None:
    texts = {}
    for gap_days in (30, 60):
        history = open_source(replace(open_source(touchpoints()), episode_gap_days=gap_days))
        engine.attach(history)
        catalogue = build_catalogue(look(engine.run, history, CUTOFF + timedelta(days=1)))
        texts[gap_days] = catalogue.text(history, ["episode_age_days"])
        listed = {feature.name: feature.meaning for feature in catalogue.features}
        assert f"a silence of {gap_days} d ends it" in listed["episode_age_days"]
        assert catalogue.text(replace(history, episode_gap_days=5), ["episode_age_days"]) == texts[gap_days]
    assert texts[60] == texts[30].replace("silence_days >= 30", "silence_days >= 60") != texts[30]
