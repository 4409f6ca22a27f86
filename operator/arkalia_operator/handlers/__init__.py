"""KOPF: startup, login, and events of our own resources into the queue. Nothing is decided here."""
