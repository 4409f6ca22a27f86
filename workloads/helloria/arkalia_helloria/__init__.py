"""The gateway: the one way into an Arkalia system."""
