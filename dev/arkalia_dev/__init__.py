"""The development cluster of Arkalia: one command up, one command down, nothing left behind.

Runs on the bare system Python before anything is installed, so it imports the standard library only.
"""
