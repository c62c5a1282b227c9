"""Features: one file a family of declarations, compiled to one SQL text."""
