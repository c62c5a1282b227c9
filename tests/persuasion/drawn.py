"""An experiment whose truth is known: a third are persuaded, a third are not, a third are put off."""

import numpy as np
import pandas as pd

READ = {"arm": "arm", "control": "none", "outcomes": ["bought"]}


def table(
    customers: int = 6_000, *, seed: int = 1, effect: float = 0.25, unequal: bool = True
) -> pd.DataFrame:
    """Return one row a customer; ``mood`` decides what a contact changes, ``town`` with what probability it was drawn."""
    random = np.random.default_rng(seed)
    mood, age = random.random(customers), random.normal(0, 1, customers)
    town = random.choice(["north", "south"], customers)
    chance = np.where(town == "north", 0.3, 0.7) if unequal else np.full(customers, 0.5)
    treated = random.random(customers) < chance
    truth = np.where(mood < 1 / 3, effect, np.where(mood > 2 / 3, -effect, 0.0))
    base = np.where(age > 0, 0.55, 0.3)
    happened = random.random(customers) < base + truth * treated
    return pd.DataFrame(
        {
            "customer_id": [f"c{place:05}" for place in range(customers)], "mood": mood, "age": age, "town": town,
            "arm": np.where(treated, "mail", "none"), "chance": chance, "bought": happened.astype(float),
        }
    )  # fmt: skip
