"""Calls to other modules: with an identity, a deadline, bounded retries and a breaker.

A service opens `client.Calls` in its lifespan. It is not imported by `app`: a service that calls
nobody does not load an HTTP client.
"""
