"""The operator makes the cluster match each ArkaliaSystem, and says how far it is.

It promises four things: every trigger runs the same level-triggered reconcile; a converged
system causes no write; what it owns and somebody edits is repaired; status tells the truth.
"""
