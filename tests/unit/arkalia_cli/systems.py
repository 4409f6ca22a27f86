"""Systems as the API server gives them."""


def a_condition(kind, status="True", reason="AsExpected", message=""):
    return {
        "type": kind,
        "status": status,
        "reason": reason,
        "message": message,
        "observedGeneration": 1,
        "lastTransitionTime": "2026-11-21T04:00:00Z",
    }


def a_module(name, ready=True, **more):
    pods = {"replicas": 1, "readyReplicas": int(ready)}
    return {"name": name, "ready": ready, "reason": "AsExpected", "message": "", **pods, **more}


GOOD = (
    a_condition("Ready", "True", "SystemReady", "All modules run and serve."),
    a_condition("Reconciling", "False", "Converged", "Nothing is left to do."),
    a_condition("Stalled", "False", "AsExpected", "Nothing stands in the way."),
    a_condition("Accepted", "True", "SpecAccepted", "Every part of the spec is understood."),
    a_condition("ModulesReady", "True", "AsExpected", "All pods are ready."),
    a_condition("IdentityReady", "True", "Issued", "All certificates are there."),
    a_condition("DataReady", "True", "Provisioned", "Prepared for every module: postgresql."),
    a_condition("FieldsIgnored", "False", "EverythingUsed", "All that was written has its effect."),
)


def a_system(name="luna", conditions=GOOD, modules=(), generation=1, **metadata):
    """A system whose operator has looked at it."""
    return {
        "apiVersion": "arkalia.io/v1alpha1",
        "kind": "ArkaliaSystem",
        "metadata": {
            "name": name, "namespace": "arkalia", "generation": generation, "uid": f"uid-of-{name}",
            **metadata,
        },
        "spec": {},
        "status": {
            "conditions": list(conditions),
            "modules": list(modules),
            "modulesReady": f"{sum(each['ready'] for each in modules)}/{len(modules)}",
            "observedGeneration": 1,
            "version": "0.1.0",
        },
    }  # fmt: skip


def with_conditions(*others):
    """The good conditions, with *others* in the places of their types."""
    by_type = {each["type"]: each for each in (*GOOD, *others)}
    return tuple(by_type.values())
