"""The tasks: work that is done later, once, and not forgotten."""
