"""SHELL: the only code that talks to Kubernetes; everything here has a time limit and a bound."""
