"""What the operator writes and the services read, spelt once.

No dependencies and no behaviour: names, paths, keys and the forms of what is sent. Both sides
import them, so a disagreement between the operator and a service cannot be written down.
"""
