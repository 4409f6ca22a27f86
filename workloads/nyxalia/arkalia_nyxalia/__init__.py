"""The analytics: how the system is used."""
