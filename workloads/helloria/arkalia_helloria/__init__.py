"""The gateway: the one door into an Arkalia system."""
