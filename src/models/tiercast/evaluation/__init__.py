"""Is a model any good, is it better than a rule, can its numbers be believed, and was the test honest."""
