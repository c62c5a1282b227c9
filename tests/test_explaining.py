"""An explanation tells one customer's numbers as the scorecard has them, in words, for whoever asks."""

import pandas as pd
import pytest

import tiercast
from tests.path.world import CUTOFF, World
from tiercast.errors import UnknownCustomer

pytestmark = [
    pytest.mark.filterwarnings("ignore:The ``noload`` loader strategy"),
    pytest.mark.filterwarnings(r"ignore:(?s).*type hint:UserWarning"),
]


@pytest.mark.parametrize("model", ["champion", "1"])
@pytest.mark.parametrize("language", ["en", "zh"])
@pytest.mark.parametrize("customer", ["c0001", "c0500", "never1"])
def test_the_story_has_the_scorecards_numbers(world: World, model: str, language: str, customer: str) -> None:
    rows = world.touchpoints(["c0001", "c0500", "never1"])
    told = tiercast.explain(rows, customer, cutoff=CUTOFF, model=model, language=language)
    cards = tiercast.score(rows, cutoff=CUTOFF, model=model, language=language).cards.set_index("customer_id")
    card = cards.loc[customer]
    assert {name: told.card[name] for name in ("tier", "tier_reason", "basis_churn")} == {
        name: card[name] for name in ("tier", "tier_reason", "basis_churn")
    }
    assert str(card["tier_reason"]) in told.text
    assert str(card["reasons_zh" if language == "zh" else "reasons_en"]) in told.text
    if customer != "never1":
        assert f"{100 * card['churn_probability']:.1f} % risk" in told.text
        assert f"{card['expected_value_currency']:,.2f} USD of net revenue" in told.text
        assert f"365 days {card['expected_value_365d_currency']:,.2f} (" in told.text
    else:
        assert "refused:NO_PURCHASE" in told.text
    assert "nan" not in told.text
    assert "None" not in told.text


def test_the_events_add_up_to_the_features(world: World) -> None:
    told = tiercast.explain(world.source, "c0001", cutoff=CUTOFF)
    bought = told.events[told.events["kind"] == "purchase"]
    assert bought["day"].nunique() == told.features["order_days"]
    assert told.events["lines"].sum() == told.features["touchpoints"]
    back = told.events.loc[told.events["kind"] == "return", "amount_currency"].sum()
    assert bought["amount_currency"].sum() - back == pytest.approx(told.features["net_spend_currency"])
    assert max(told.events["day"]) < CUTOFF


def test_an_id_is_looked_up_as_text_and_never_run(world: World) -> None:
    rows = world.touchpoints(["c0001"]).assign(customer_id="17")
    assert tiercast.explain(rows, 17, cutoff=CUTOFF).card["customer_id"] == "17"  # type: ignore[arg-type]
    for name in ("'; DROP TABLE touchpoints; --", "' OR '1'='1", "%"):
        with pytest.raises(UnknownCustomer, match="1 other customers"):
            tiercast.explain(rows, name, cutoff=CUTOFF)
    odd = pd.concat([rows, rows.assign(customer_id='it\'s "odd"')])
    assert tiercast.explain(odd, 'it\'s "odd"', cutoff=CUTOFF).card["customer_id"] == 'it\'s "odd"'
