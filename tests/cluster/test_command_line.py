"""The command line against a real cluster: everything is read, nothing is written.

It looks at the system that `make up` leaves behind, as a person would, and changes nothing of it.
Another story may change that system meanwhile, so nothing here depends on which pods it has.
"""

import base64
import json
import os
import re
import signal
import subprocess
import tarfile
from pathlib import Path

import httpx
import pytest

from arkalia_contract import endpoints
from cluster.command_line import ARKALIA
from cluster.conftest import SAMPLE_NAMESPACE
from cluster.development import environment
from cluster.systems import System
from cluster.waiting import eventually

HERE = ("--namespace", SAMPLE_NAMESPACE)
ANSWER_SECONDS = 120
SHORTEST_SECRET = 9
"""Letters: a shorter value, such as a number, may stand in a report by chance."""
PUBLIC = {"host"}
"""Keys of Secrets whose values everybody may know: the name of a Service."""
PASSWORD = re.compile(r'"password": ?"([^"]+)"')


def started(*arguments):
    return subprocess.Popen(
        [ARKALIA, *arguments, *HERE],
        env=environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def run(*arguments):
    """Exit code, standard output and standard error of the command line."""
    process = started(*arguments)
    out, err = process.communicate(timeout=ANSWER_SECONDS)
    return process.returncode, out, err


def told(*arguments):
    _, out, err = run(*arguments, "-o", "json")
    assert out, err
    return json.loads(out)


@pytest.fixture(scope="module", autouse=True)
def luna(kube, operator):
    """The sample system."""
    return System(kube, SAMPLE_NAMESPACE, "luna").ready()


@pytest.fixture(scope="module")
def bundle(tmp_path_factory):
    """The texts of a report by their paths."""
    path = tmp_path_factory.mktemp("report") / "luna.tar.gz"
    code, _, err = run("report", "luna", "--file", str(path), "--tail", "20")
    assert code == 0, err
    with tarfile.open(path) as archive:
        return {
            each.name.partition("/")[2]: archive.extractfile(each).read().decode()
            for each in archive.getmembers()
        }


def test_status_shows_the_same_as_the_resource(luna, kube):
    seen = kube.require(luna.ref)["status"]

    [shown] = told("status", "luna")["systems"]

    assert [each["name"] for each in shown["modules"]] == [each["name"] for each in seen["modules"]]
    assert [each["type"] for each in shown["conditions"]] == [
        each["type"] for each in seen["conditions"]
    ]


def test_status_ends_with_0_once_the_system_is_ready(luna):
    def ready():
        code, out, _ = run("status", "luna")
        assert code == 0, out
        return out

    assert "luna (arkalia)" in eventually(ready)


def test_logs_of_a_module_come_with_their_pods(luna):
    code, out, err = run("logs", "luna", "--module", "helloria", "--tail", "3", "-o", "json")

    assert code == 0, err
    lines = [json.loads(line) for line in out.splitlines()]
    assert {each["module"] for each in lines} == {"helloria"}
    assert all(each["pod"].startswith("luna-helloria-") for each in lines)
    assert [each["time"] for each in lines] == sorted(each["time"] for each in lines)


def test_events_come_in_order_and_are_about_the_system():
    times = [each["time"] for each in told("events", "luna")["events"]]

    assert times == sorted(times)


def examined():
    """What doctor says of each check, once nothing is wrong: other stories' operators come and go."""
    code, out, err = run("doctor", "-o", "json")
    assert code == 0, out + err
    return {each["check"]: each["level"] for each in json.loads(out)["findings"]}


def test_doctor_finds_that_systems_can_run():
    found = eventually(examined)

    assert {found[each] for each in ("kubernetes", "CRDs", "operator", "storage")} == {"good"}


def test_open_leads_to_the_gateway_until_it_is_interrupted():
    process = started("open", "luna", "-o", "json")
    try:
        told = json.loads(process.stdout.readline())
        url = told["url"]

        health = httpx.get(f"{url}{endpoints.HEALTH}", timeout=ANSWER_SECONDS, trust_env=False)
        again = httpx.get(f"{url}{endpoints.OPENAPI}", timeout=ANSWER_SECONDS, trust_env=False)
    finally:
        process.send_signal(signal.SIGINT)
        _, err = process.communicate(timeout=ANSWER_SECONDS)

    assert (health.status_code, again.status_code) == (200, 200)
    assert told["audience"] == f"arkalia/{SAMPLE_NAMESPACE}/luna/helloria"
    assert (process.returncode, err) == (0, "")


def test_report_holds_pods_and_no_value_of_a_secret(bundle, luna, kube):
    names = {Path(path).stem for path in bundle if path.startswith("resources/Secret/")}
    held = set(secret_texts(kube))

    assert any(path.startswith("resources/Pod/luna-helloria-") for path in bundle)
    assert f"{luna.name}-authority" in names
    assert len(held) > len(names)
    assert [path for path, text in bundle.items() if any(value in text for value in held)] == []


def secret_texts(kube):
    """What the Secrets of the namespace hold: every value as it is, decoded, and each password."""
    for secret in kube.http.get(f"/api/v1/namespaces/{SAMPLE_NAMESPACE}/secrets").json()["items"]:
        for key, value in secret.get("data", {}).items():
            decoded = base64.b64decode(value).decode("utf-8", "replace")
            if key in PUBLIC or key.endswith(".crt") or len(decoded) < SHORTEST_SECRET:
                continue
            yield from (value, decoded, *PASSWORD.findall(decoded))


def test_misspelt_system_ends_with_4_and_the_right_name():
    code, _, err = run("status", "lunar")

    assert (code, "Did you mean luna?" in err) == (4, True)


def test_user_without_rights_is_told_what_is_forbidden(tmp_path):
    stranger = json.dumps({
        "apiVersion": "v1", "kind": "Config", "current-context": "x",
        "clusters": [{"name": "x", "cluster": cluster_of(os.fspath(environment()["KUBECONFIG"]))}],
        "users": [{"name": "x", "user": {"token": "nobody"}}],
        "contexts": [{"name": "x", "context": {"cluster": "x", "user": "x"}}],
    })  # fmt: skip
    (tmp_path / "config").write_text(stranger)

    code, _, err = run("status", "luna", "--kubeconfig", str(tmp_path / "config"))

    assert (code, "Traceback" in err) == (5, False)
    assert err.startswith("Error: ")


def cluster_of(kubeconfig):
    """The address and the authority of the cluster of *kubeconfig*, without credentials."""
    view = ["kubectl", "config", "view", "--flatten", "--minify", "-o", "json"]
    env = {**environment(), "KUBECONFIG": kubeconfig}
    answer = subprocess.run(view, env=env, capture_output=True, timeout=ANSWER_SECONDS, check=True)
    return json.loads(answer.stdout)["clusters"][0]["cluster"]
