"""Under which names a customer is known: loyalty card, hashed phone, open id, app and cookies, each from a day on."""

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from tiercast.sources.synthetic.arrays import Ints, repeated
from tiercast.sources.synthetic.block import Block, Stage, random_of
from tiercast.sources.synthetic.cells import CUSTOMER_DIGITS, codes_of, hexadecimal, ids, moments
from tiercast.sources.synthetic.law import SELLING
from tiercast.sources.synthetic.settings import Settings

if TYPE_CHECKING:
    import pyarrow as pa

IDENTITY_KINDS: tuple[str, ...] = ("pos_card", "phone_hash", "openid", "app_id", "cookie")
IDENTITIES_PER_BLOCK = 2**24
LINKED_LATER_SHARE, LINKED_LATER_DAYS = 0.1, 15.0


def identities_table(block: Block, settings: Settings) -> "pa.Table":
    """Return the identities that are known before the end; no two customers share one.

    A card comes with membership, an open id and a phone with the first touchpoint, the app and cookies while there is
    interest; a share is linked to its customer only later.
    """
    import pyarrow as pa

    people = block.people
    random = random_of(settings, block.index, Stage.IDENTITIES)
    browses = people.preferred != SELLING.index("store")
    counts: list[Ints] = [
        people.is_member.astype(np.int64),
        (random.random(len(people)) < 0.7).astype(np.int64),
        (people.preferred == SELLING.index("wechat")).astype(np.int64),
        people.has_app.astype(np.int64),
        random.poisson(np.where(browses, 1.4, 0.4)),
    ]
    customer = np.concatenate([repeated(count) for count in counts])
    kind = np.repeat(np.arange(len(counts)), [count.sum() for count in counts])
    number = np.arange(len(customer)) + block.index * IDENTITIES_PER_BLOCK
    interest = np.minimum(people.interested_until, settings.days) - people.acquired
    waits = random.random(len(customer)) * np.maximum(interest, 0)[customer]
    since = people.acquired[customer] + np.where(kind >= IDENTITY_KINDS.index("app_id"), waits, 0.0)
    since = np.where(kind == IDENTITY_KINDS.index("pos_card"), people.converted[customer], since)
    later = random.random(len(customer)) < LINKED_LATER_SHARE
    known = since + later * random.exponential(LINKED_LATER_DAYS, len(customer))
    seen = np.flatnonzero(known < settings.days)
    return pa.table(
        {
            "identity_kind": codes_of(IDENTITY_KINDS, kind[seen].astype(np.int8)),
            "identity": hexadecimal(_mixed(number[seen], settings.seed)),
            "customer_id": ids("c", block.first + customer[seen], CUSTOMER_DIGITS),
            "valid_from": moments(since[seen], settings.start),
            "known_at": moments(known[seen], settings.start),
        }
    )


def _mixed(numbers: Ints, seed: int) -> NDArray[np.uint64]:
    """Return numbers that look drawn and never meet: the finaliser of SplitMix64 (Steele, Lea, Flood 2014) is one to one."""
    mixed = numbers.astype(np.uint64) + np.uint64(seed * 0x9E3779B97F4A7C15 % 2**64)
    mixed = (mixed ^ (mixed >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    mixed = (mixed ^ (mixed >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return mixed ^ (mixed >> np.uint64(31))
