"""The only code that talks to Kubernetes, with the user's own rights. It reads, and changes nothing."""
