"""PURE: what must exist for a system. No input or output, no clock, no kopf."""
