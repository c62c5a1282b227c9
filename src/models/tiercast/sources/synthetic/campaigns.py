"""Randomised campaigns: who was drawn into which, and by a coin with a known probability, contacted or not."""

from dataclasses import dataclass

import numpy as np

from tiercast.sources.synthetic.arrays import Bools, Floats, Ints, Random
from tiercast.sources.synthetic.law import Law
from tiercast.sources.synthetic.people import People

SENT_HOUR = 6.0


@dataclass(frozen=True)
class Assignments:
    """One entry per customer in a campaign; ``at`` is days since the start."""

    customer: Ints
    campaign: Ints
    treated: Bools
    at: Floats
    probability: Floats


def draw_assignments(random: Random, people: People, days: int, law: Law) -> Assignments:
    """Draw a share of the customers who can be addressed into each campaign, and toss the coin."""
    sent = np.asarray(law.campaign_days(days), dtype=np.float64)
    chance = np.array([law.campaign_probability(campaign) for campaign in range(len(sent))])
    drawn = random.random((len(sent), len(people)))
    at = sent[:, None]
    addressable = (people.consented < at) & (at + 1 <= people.consent_ends)
    campaign, customer = np.nonzero(addressable & (drawn < law.campaign_share))
    return Assignments(
        customer=customer,
        campaign=campaign,
        treated=random.random(len(customer)) < chance[campaign],
        at=sent[campaign] + (SENT_HOUR + random.random(len(customer)) * 0.9) / 24,
        probability=chance[campaign],
    )


def campaign_names(days: int, law: Law) -> list[str]:
    """Return the names of the campaigns, in the order in which they are sent."""
    return [f"trial{number:02d}" for number in range(1, len(law.campaign_days(days)) + 1)]
