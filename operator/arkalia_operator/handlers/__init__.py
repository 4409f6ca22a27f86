"""kopf: its settings, its login, and its watch of our own resources. Nothing is decided here."""
