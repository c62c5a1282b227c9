"""Learners: how each family of answers is fitted; what predicts lives in serving under the same name."""
