"""Training: targets over rolling origins, baselines always beside them, one bundle at the end, and a gate before it."""

from tiercast.training.train import TrainReport, train

__all__ = ["TrainReport", "train"]
