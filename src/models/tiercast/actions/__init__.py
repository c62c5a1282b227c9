"""What to do next: clocks and rules, as declarations; their arithmetic is in the served folder."""
