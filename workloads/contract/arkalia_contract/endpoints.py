"""The name of the port, and the paths, that every service serves.

The port's number stands in each `module.yaml`. `/health/live` and `/health/ready` are Kubernetes' two
probes; the other paths are for people, Prometheus and other modules.
"""

from typing import Final

PORT_HTTP: Final = "http"
"""Name of the port of a component that serves HTTP."""
PORT_HTTPS: Final = "https"
"""Name of the port of a component that serves HTTPS."""

HEALTH: Final = "/health"
HEALTH_LIVE: Final = "/health/live"
HEALTH_READY: Final = "/health/ready"
HEALTH_DETAILED: Final = "/health/detailed"
METRICS: Final = "/metrics"
STATUS: Final = "/status"
DOCS: Final = "/docs"
OPENAPI: Final = "/openapi.json"
CONTROL_ACTIONS: Final = "/control/actions"

PUBLISHED: Final = "/api/v1"
"""Below it the gateway publishes the routes of each module, at `/api/v1/<module>`."""

EVENTS: Final = "/events"
"""The record: the events of all modules, in one sequence. Served by the module that keeps it."""
EVENTS_OUTBOX: Final = "/events/outbox"
"""What a module has to tell: its own events, in the sequence in which they were committed."""
STATES: Final = "/states"
"""The shared state: one document for each key."""
