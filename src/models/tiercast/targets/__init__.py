"""Targets: the questions about the future, and what answered them afterwards."""
