"""What is measured, beside the peers: one module a question, run with ``make bench-<name>``."""
