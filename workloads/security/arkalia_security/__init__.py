"""Security: secrets, identities and keys."""
