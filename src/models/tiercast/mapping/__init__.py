"""The column map: what each column of somebody's table means, written down once, checked, and applied as SQL."""
