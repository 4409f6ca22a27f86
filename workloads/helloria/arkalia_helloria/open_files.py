"""As many open files as the process may have: each request takes two, and the usual limit is 1024."""

import resource


def allow_most() -> int:
    """Raise the limit to the one that nobody but root can raise; returns it."""
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    return most
