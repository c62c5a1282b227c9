"""Engines run the frozen text: DuckDB inside this process, Spark past one machine."""
