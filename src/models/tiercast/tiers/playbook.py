"""What a class of customers is promised: how we speak, how we serve, what we offer, and who answers for it."""

from dataclasses import asdict, dataclass, fields
from typing import Self


@dataclass(frozen=True)
class Playbook:
    """The promise to one class, in one language.

    Parameters
    ----------
    contact : str
        How we speak: who starts, through what, how often.
    service : str
        How we serve.
    offer : str
        What we offer, and what not.
    responsible : str
        Who answers for it.

    Examples
    --------
    >>> Playbook.of("the tenth cup is free").contact
    'the tenth cup is free'
    >>> print(Playbook.of("a call a month | first in line | early access | account manager"))
    a call a month; first in line; early access; account manager
    """

    contact: str
    service: str = ""
    offer: str = ""
    responsible: str = ""

    @classmethod
    def of(cls, given: "str | Playbook") -> Self:
        """Return a playbook; in a text ``|`` parts contact, service, offer and who is responsible."""
        if not isinstance(given, str):
            return cls(**asdict(given))
        return cls(*(part.strip() for part in given.split("|", 3)))

    def __str__(self) -> str:
        return "; ".join(said for name in PARTS if (said := getattr(self, name)))


PARTS: tuple[str, ...] = tuple(each.name for each in fields(Playbook))
HEADINGS: dict[str, dict[str, str]] = {
    "contact": {"en": "contact", "zh": "联系方式"},
    "service": {"en": "service", "zh": "服务"},
    "offer": {"en": "offer", "zh": "优惠"},
    "responsible": {"en": "responsible", "zh": "负责人"},
}
"""The parts of a playbook in both languages."""
