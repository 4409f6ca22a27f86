"""One loop for every trigger: queue, reconcile, sweep, probes."""
