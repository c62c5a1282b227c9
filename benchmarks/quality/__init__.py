"""Quality against the field: we and the peers train on the same past, and are judged on the same customers' future."""
