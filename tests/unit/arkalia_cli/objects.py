"""Objects of a system, and where an API server keeps them."""

from arkalia_cli.api_paths import POD

NAMESPACE = "arkalia"


def a_pod(name, part, label="arkalia.io/module", containers=("main",)):
    return {
        "metadata": {"name": name, "uid": f"uid-of-{name}", "labels": {label: part}},
        "spec": {"containers": [{"name": each} for each in containers]},
    }


def collection(kind, namespace=NAMESPACE):
    return kind.path(namespace)


def log_of(pod):
    return f"{POD.path(NAMESPACE, pod)}/log"
