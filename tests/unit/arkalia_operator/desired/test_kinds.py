from arkalia_operator.desired import kinds


def test_core_kinds_lie_below_api():
    assert kinds.SERVICE.path == "/api/v1"


def test_grouped_kinds_lie_below_apis():
    assert kinds.DEPLOYMENT.path == "/apis/apps/v1"


def test_what_pods_read_comes_before_the_pods_and_what_acts_on_them_after():
    order = [kind.name for kind in kinds.IN_APPLY_ORDER]

    for kind in kinds.MAKE_PODS:
        assert order.index("PersistentVolumeClaim") < order.index(kind.name)
        assert order.index(kind.name) < order.index("PodDisruptionBudget")


def test_only_kinds_of_other_operators_may_be_absent():
    assert {kind.name for kind in kinds.BY_NAME.values() if kind.optional} == {
        "Certificate",
        "Cluster",
        "ServiceMonitor",
        "PrometheusRule",
        "HTTPRoute",
        "BackendTLSPolicy",
    }
