"""Persuasion: where contacts were drawn by lot, what does a contact change, and for whom?

``refusals`` says why an experiment cannot answer, ``experiment`` reads one row a customer, ``assigned`` makes the rows
from touchpoints and the table ``assignments``, ``checks`` judges the draw, ``learners`` fit, ``crossing`` scores everybody
out of fold, ``walking`` ranks each block of customers by what was learned before it, ``lists`` names customers,
``judging`` puts it together, ``answering`` records the run and ``applying`` tells other customers.
"""

from tiercast.persuasion.assigned import OUTCOMES, Asked, drawn_from
from tiercast.persuasion.experiment import Experiment, read_experiment
from tiercast.persuasion.judging import OutcomeReport, Settings, UpliftReport, judge_uplift

__all__ = [
    "OUTCOMES",
    "Asked",
    "Experiment",
    "OutcomeReport",
    "Settings",
    "UpliftReport",
    "drawn_from",
    "judge_uplift",
    "read_experiment",
]
