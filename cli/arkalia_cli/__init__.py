"""The command line `arkalia`, also `kubectl arkalia`: what a system does, why, and what to do.

It reads with the rights of the person who calls it and writes nothing to the cluster. What it reads
becomes text or JSON in `views`, which is pure; `cluster` is the only code that talks to Kubernetes,
and `verbs` joins the two.
"""
