import pytest
import yaml

from arkalia_generate.module_monitoring import texts

SYSTEM = """\
apiVersion: arkalia.io/v1alpha1
kind: ArkaliaSystem
metadata: {name: luna, namespace: arkalia}
spec: {}
"""
MODULE = """\
apiVersion: arkalia.io/v1alpha1
kind: ArkaliaModule
metadata: {name: zeroia}
spec:
  image: {repository: zeroia}
  components: [{name: main, port: 8001}]
"""
RULES = """\
  monitoring:
    rules: [{record: a, expr: 'b{namespace="$(namespace)", system="$(system)", module="$(module)"}'}]
"""
DASHBOARD = """\
  monitoring:
    dashboard: {title: $(system)}
"""


@pytest.fixture
def checkout(tmp_path):
    (tmp_path / "docs/examples/empty").mkdir(parents=True)
    (tmp_path / "docs/examples/empty/system.yaml").write_text(SYSTEM)
    (tmp_path / "workloads/zeroia").mkdir(parents=True)
    return tmp_path


def written(checkout, monitoring):
    (checkout / "workloads/zeroia/module.yaml").write_text(MODULE + monitoring)
    return texts(checkout)


def test_rules_are_those_of_the_example_system(checkout):
    files = written(checkout, RULES)

    assert files.keys() == {
        "manifests/monitoring/zeroia/rules.yaml",
        "manifests/monitoring/zeroia/rules_test.yaml",
    }
    groups = yaml.safe_load(files["manifests/monitoring/zeroia/rules.yaml"])["groups"]
    assert groups[0]["rules"] == [
        {"record": "a", "expr": 'b{namespace="arkalia", system="luna", module="zeroia"}'}
    ]


def test_rules_say_where_they_come_from(checkout):
    files = written(checkout, RULES)

    assert "workloads/zeroia/module.yaml" in files["manifests/monitoring/zeroia/rules.yaml"]


def test_dashboard_is_that_of_the_example_system(checkout):
    files = written(checkout, DASHBOARD)

    assert files.keys() == {"manifests/monitoring/zeroia/dashboard.json"}
    assert '"title": "luna"' in files["manifests/monitoring/zeroia/dashboard.json"]


def test_nothing_is_written_for_a_module_without_monitoring(checkout):
    assert written(checkout, "") == {}


def test_tests_of_the_rules_are_those_of_every_module_and_its_own(checkout):
    runtime = checkout / "workloads/runtime"
    runtime.mkdir()
    (runtime / "ground.yaml").write_text("{}")
    (runtime / "ground_test.yaml").write_text("tests: [{name: $(module) is}]")
    (runtime / "ground-redis_test.yaml").write_text("tests: [{name: $(module) does not need it}]")
    (checkout / "workloads/zeroia/rules_test.yaml").write_text("tests: [{name: its own}]")

    text = written(checkout, RULES)["manifests/monitoring/zeroia/rules_test.yaml"]

    assert yaml.safe_load(text)["tests"] == [{"name": "zeroia is"}, {"name": "its own"}]
