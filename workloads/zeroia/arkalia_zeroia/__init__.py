"""The decision engine: what the signals of the modules mean, and what should follow."""
