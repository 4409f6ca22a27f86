"""Keeps the models of the Ollama server beside it: pulls what is missing, loads it, and tells when all is there.

It runs in the server's pod and speaks to it over the loopback. Its readiness is the pod's: a pod is
ready once each of its models is in memory. It stands on Python's own library alone.
"""
