"""Serving: everything a bundle needs at prediction time; imports nothing of ours outside this folder."""
