"""SHELL: the only code that talks to Kubernetes."""
