"""The only code that talks to Kubernetes, with the user's own rights, and to a system's gateway.

Kubernetes it asks for everything and writes little: `approvals` makes an ArkaliaAction and writes the
word to pause. What changes at the gateway is what `asking`, `logging_in` and `chatting` are told to.
"""
