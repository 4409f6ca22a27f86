"""The project's own prompts, harmful and harmless, and the classifier that is trained on them.

Everything follows from the files in `corpus/` and one seed: the same checkout makes the same prompts
and the same weights, on every machine. Nothing here was taken from a set that the validation is
measured with.
"""
