"""Decisions on real data: segments, tiers, clocks, contacts and reasons, each beside what it should beat.

A part is a module of this folder with one function, ``measures()``, that yields what it measured; the data sets that it needs and
that are absent it skips with a printed reason.
"""
