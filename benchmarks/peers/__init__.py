"""Who is measured beside us: each contestant makes the same columns of the same files, each in a process of its own."""
