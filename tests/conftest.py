"""What holds for every test."""

from hypothesis import settings

# Machines that run several things at once are slow for a moment; no property is about time.
settings.register_profile("arkalia", deadline=None)
settings.load_profile("arkalia")
