"""What the operator writes and the services read, spelt once.

No dependencies and no behaviour: names, ports, paths and keys. Both sides import them, so a
disagreement between the operator and a service cannot be written down.
"""
