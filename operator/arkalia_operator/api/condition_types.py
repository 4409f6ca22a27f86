"""Condition types of every kind: what status tells about. They are adjectives or participles.

The meaning of `Ready`, `Reconciling` and `Stalled` is kstatus's
(https://github.com/kubernetes-sigs/cli-utils/tree/master/pkg/kstatus).
"""

from __future__ import annotations

from arkalia_operator.api.words import Explained


class ConditionType(Explained):
    """What a condition is about."""

    READY = (
        "Ready",
        "Everything that the spec asks for runs and serves.",
        "`Unknown`: wait, `arkalia events` shows the steps. `False`: do what its message says; "
        "`arkalia explain` with its reason says more.",
    )
    RECONCILING = (
        "Reconciling",
        "The operator or the cluster is still working towards the spec.",
        "Wait while it is `True`. `arkalia events` shows the steps.",
    )
    STALLED = (
        "Stalled",
        "Something is wrong that will not mend itself: it needs a change of the spec or the "
        "cluster.",
        "While it is `True`, do what its message says. No restart of the operator is needed: it "
        "sees the change.",
    )
    ACCEPTED = (
        "Accepted",
        "The spec could be understood: version and modules are known.",
        "While it is `False`, correct the field that the message names. What runs stays as it is "
        "until then.",
    )
    MODULES_READY = (
        "ModulesReady",
        "Every enabled module has all its pods ready.",
        "While it is `False`, look at the module that the message names: `arkalia status` has "
        "its reason, `arkalia logs --module` what it writes.",
    )
    IDENTITY_READY = (
        "IdentityReady",
        "Every module that serves HTTPS has its certificate, and all know whom to trust.",
        "While it is `False`, do what the message says. With `spec.security.tls.mode: "
        "certManager`, `kubectl describe certificate` tells what cert-manager waits for.",
    )
    DATA_READY = (
        "DataReady",
        "Every data service that a module needs runs, and is prepared for the modules.",
        "While it is `False`, do what the message says: it names the Secret, volume, Job or pod. "
        "`arkalia logs --module postgresql` shows what a builtin server writes.",
    )
    LLM_READY = (
        "LLMReady",
        "The modules that need a language model are told where one is, and a builtin server has "
        "all its models in memory. Without a model the system is ready all the same; a builtin "
        "server that cannot get ready makes the system not ready.",
        "While it is `False`, do what the message says: name a model server in `spec.llm`, make "
        "the Secret with its API key, or correct what keeps the builtin server from its models. "
        "While it is `Unknown`, models are pulled or loaded: `arkalia logs --module llm` tells "
        "how far.",
    )
    CHANGES_APPROVED = (
        "ChangesApproved",
        "Nothing that the spec or the operator would change waits for a person's word.",
        "While it is `False`, look at `arkalia plan`, then `arkalia approve`, or take the change "
        "of the spec back.",
    )
    PERMISSIONS_READY = (
        "PermissionsReady",
        "The operator has every right that it uses.",
        "While it is `False`, add the rules in the message to the operator's role, or install "
        "the chart with `rbac.create: true`.",
    )
    EXPOSURE_READY = (
        "ExposureReady",
        "The way in from outside that the spec asks for is there: the edge is ready, and a "
        "controller has taken the Ingress or HTTPRoute, as far as the spec asks for them. A "
        "refusal, or an edge that is not ready, makes the system not ready; the silence of a "
        "controller does not.",
        "If the message begins with `the edge:`, look at `arkalia events`. Otherwise, while it "
        "is `False`, correct what the message complains about; while it is `Unknown`, see "
        "whether a controller for this IngressClass or Gateway runs.",
    )
    CONTENDED = (
        "Contended",
        "Somebody changes a field of the system's objects again and again, so that it is left as "
        "it is for a while. There is no such condition otherwise.",
        "The message names the field manager and the field: let that program leave it, or write "
        "the value into the spec.",
    )
    DRIFTED = (
        "Drifted",
        "Somebody has changed the system's objects, and `spec.changes.driftPolicy` says to leave "
        "it so. There is no such condition otherwise.",
        "Take the change back, write it into the spec, or write `spec.changes.driftPolicy: "
        "Repair`.",
    )
    FIELDS_IGNORED = (
        "FieldsIgnored",
        "Something that was written has no effect. It holds no system up: `Ready` does not "
        "depend on it.",
        "While it is `True`, correct or remove what the message names: nothing of it is in force.",
    )
