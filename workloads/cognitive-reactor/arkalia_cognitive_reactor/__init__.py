"""The reactor: plans of several steps that answer a pattern of events."""
