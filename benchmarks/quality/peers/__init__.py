"""The field: each peer in a file of its own, given the same past and asked for the same answers."""
