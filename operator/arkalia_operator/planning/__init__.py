"""PURE: observed and desired → what to do, and what to say about it."""
