"""Sources: where touchpoints come from."""
