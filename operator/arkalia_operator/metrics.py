"""Every metric of the operator: name and meaning, nothing else.

Where controller-runtime or client-go has a metric for it, the name, labels and buckets are theirs,
so that existing dashboards and alerts fit.
"""

from __future__ import annotations

from typing import Final

from prometheus_client import Counter, Gauge, Histogram, disable_created_metrics

disable_created_metrics()  # type: ignore[no-untyped-call] # a second series for each counter

NAME: Final = "arkaliasystem"
"""Value of the labels `name` and `controller`: the one queue and the one loop."""

QUEUE_BUCKETS: Final = (1e-4, 1e-3, 5e-3, 0.01, 0.05, 0.1, 0.5, 1, 5, 10, 60, 300)
WORK_BUCKETS: Final = (1e-3, 5e-3, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60)

WORKQUEUE_DEPTH = Gauge("workqueue_depth", "Systems that wait to be reconciled.", ["name"])
WORKQUEUE_ADDS = Counter("workqueue_adds_total", "Additions to the queue.", ["name"])
WORKQUEUE_RETRIES = Counter("workqueue_retries_total", "Additions because of a failure.", ["name"])
WORKQUEUE_LATENCY = Histogram(
    "workqueue_queue_duration_seconds",
    "How long a system waits before it is reconciled.",
    ["name"],
    buckets=QUEUE_BUCKETS,
)
WORKQUEUE_WORK = Histogram(
    "workqueue_work_duration_seconds",
    "How long a system takes from the queue until it is done.",
    ["name"],
    buckets=WORK_BUCKETS,
)
WORKQUEUE_LONGEST = Gauge(
    "workqueue_longest_running_processor_seconds",
    "How long the longest running reconcile has run.",
    ["name"],
)
WORKQUEUE_UNFINISHED = Gauge(
    "workqueue_unfinished_work_seconds",
    "How long the reconciles that run now have run, all together.",
    ["name"],
)
QUEUE_AGE = Gauge(
    "arkalia_operator_queue_age_seconds",
    "How long there has been something to reconcile without any reconcile that ended.",
)

RECONCILES = Counter(
    "controller_runtime_reconcile_total",
    "Reconciles by result: success, requeue, requeue_after or error.",
    ["controller", "result"],
)
RECONCILE_TIME = Histogram(
    "controller_runtime_reconcile_time_seconds",
    "Time of one reconcile.",
    ["controller"],
    buckets=WORK_BUCKETS,
)
RECONCILE_PANICS = Counter(
    "controller_runtime_reconcile_panics_total",
    "Reconciles that ended in an unforeseen exception.",
    ["controller"],
)
RECONCILE_ERRORS = Counter(
    "controller_runtime_reconcile_errors_total",
    "Reconciles that ended in an error.",
    ["controller"],
)
MOST_WORKERS = Gauge(
    "controller_runtime_max_concurrent_reconciles",
    "Most reconciles that run at the same time.",
    ["controller"],
)
ACTIVE_WORKERS = Gauge(
    "controller_runtime_active_workers", "Reconciles that run now.", ["controller"]
)

REQUESTS = Counter(
    "rest_client_requests_total",
    "Requests to the API server by HTTP status (`<error>` without an answer) and method.",
    ["code", "method"],
)
REQUEST_TIME = Histogram(
    "rest_client_request_duration_seconds",
    "Time until the API server answered, by method; watches are not counted.",
    ["verb"],
    buckets=WORK_BUCKETS,
)
REQUEST_RETRIES = Counter(
    "rest_client_request_retries_total", "Requests that were sent again.", ["verb"]
)

LEADER = Gauge(
    "leader_election_master_status",
    "1 while this operator leads, which is the only one that writes; 0 while another one does.",
    ["name"],
)
LEASE_AGE = Gauge(
    "arkalia_operator_lease_age_seconds",
    "Time since this operator renewed its Lease; 0 while another one leads.",
    ["name"],
)

INFORMER_LISTS = Counter(
    "arkalia_operator_informer_lists_total", "Complete lists of a kind.", ["kind"]
)
INFORMER_ERRORS = Counter(
    "arkalia_operator_informer_errors_total",
    "Ends of a list or watch that were not in order, by cause.",
    ["kind", "reason"],
)
INFORMER_EVENTS = Counter(
    "arkalia_operator_informer_events_total", "Watch events received.", ["kind"]
)
INFORMER_AGE = Gauge(
    "arkalia_operator_informer_age_seconds",
    "Time since the API server last sent something on the quietest watch of the kind.",
    ["kind"],
)
INFORMER_SYNCED = Gauge(
    "arkalia_operator_informer_synced", "1 once the kind was listed completely.", ["kind"]
)
RECORDS = Gauge("arkalia_operator_cached_records", "Compact records in the cache.")
SYSTEMS = Gauge("arkalia_operator_systems", "ArkaliaSystems known.")
CONDITIONS = Gauge(
    "arkalia_operator_system_condition",
    "1 while the condition of the ArkaliaSystem is True, 0 while it is False or Unknown.",
    ["system_namespace", "system", "type"],
)

MODULES_READY = Gauge(
    "arkalia_operator_module_ready",
    "1 while every pod of the module is ready in the wanted revision, 0 while one is not.",
    ["system_namespace", "system", "module"],
)

RIGHTS_MISSING = Gauge(
    "arkalia_operator_rights_missing",
    "Rights that the operator uses and does not have, by namespace (empty: the whole cluster) and by "
    "what they are for.",
    ["system_namespace", "feature"],
)

APPLIES = Counter(
    "arkalia_operator_applies_total",
    "Objects applied by kind and reason (missing, changed, drifted).",
    ["kind", "why"],
)
DRIFTS = Counter(
    "arkalia_operator_drifts_total",
    "Objects that somebody else had changed or deleted, by kind and by what was done: repaired, reported "
    "(left, as the spec asks), contended (left after many repairs) or recreated (it was deleted). The "
    "Event tells who changed it.",
    ["kind", "what"],
)
DELETES = Counter("arkalia_operator_deletes_total", "Objects deleted by kind.", ["kind"])
FAILURES = Counter(
    "arkalia_operator_action_failures_total",
    "Actions that the API server refused, by kind of object and whether it is for good.",
    ["kind", "permanent"],
)
CERTIFICATES = Counter(
    "arkalia_operator_certificates_issued_total",
    "Secrets of certificates written, by what was done: certificate, or a step of the authority "
    "(create, prepare, promote, retire, mark).",
    ["what"],
)
CREDENTIALS = Counter(
    "arkalia_operator_credentials_written_total",
    "Secrets of credentials written, by what was done: passwords (made, followed or retired), "
    "hand-over (to a module) or key (made once).",
    ["what"],
)
NOOP_APPLIES = Counter(
    "arkalia_operator_noop_applies_total",
    "Applies that changed nothing: the operator thought that there was a difference.",
    ["kind"],
)
STATUS_WRITES = Counter("arkalia_operator_status_writes_total", "Statuses written.")
EVENTS_POSTED = Counter("arkalia_operator_events_posted_total", "Kubernetes Events written.")
EVENTS_DROPPED = Counter(
    "arkalia_operator_events_dropped_total",
    "Kubernetes Events not written, by cause: rate, full or failed.",
    ["cause"],
)

SWEEP_REPAIRS = Counter(
    "arkalia_operator_sweep_repairs_total",
    "Resources that the sweep found missed, outdated or gone.",
    ["kind"],
)
SWEEP_FAILURES = Counter("arkalia_operator_sweep_failures_total", "Sweeps that failed.")
WATCH_RESTARTS = Counter(
    "arkalia_operator_resource_watch_restarts_total",
    "Times that kopf's watch of the operator's own resources ended and was started again.",
)
LOOP_LAG = Gauge(
    "arkalia_operator_loop_lag_seconds", "How late the event loop was at the last measurement."
)
