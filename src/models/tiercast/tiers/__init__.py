"""Tier policies: what each class of customers is promised, one file a policy."""
