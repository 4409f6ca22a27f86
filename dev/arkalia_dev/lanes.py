"""The lanes of a plan: what can run beside each other on two cores without slowing the rest down."""

BUILDS = "builds"
"""The Go compiler, which uses every core."""
SYSTEM = "system"
"""Debian packages, the base image, the services' images: mostly waiting for the network."""
CLUSTER = "cluster"
"""The cluster itself."""
