"""One file for each verb: read, make a view, show it."""
