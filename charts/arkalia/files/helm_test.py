"""What `helm test` asks, from a pod that runs as the operator and in its image: nothing is downloaded.

Arguments are namespaces in which the operator must be allowed to list its resources; none means all
of them. Ends with 1 and says which answer was wrong.
"""

import json
import os
import ssl
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from pathlib import Path

IDENTITY = Path(os.environ.get("IDENTITY", "/var/run/secrets/kubernetes.io/serviceaccount"))
API_SERVER = os.environ.get("API_SERVER", "https://kubernetes.default.svc")
OPERATOR = os.environ.get("OPERATOR_URL", "")
API = "/apis/arkalia.io/v1alpha1"
RESOURCES = ("arkaliasystems", "arkaliamodules", "arkaliaactions")
METRIC = "arkalia_operator_"
PATIENCE_SECONDS = float(os.environ.get("PATIENCE_SECONDS", "30"))
ANSWER_SECONDS = 5


def of_operator(path: str) -> str:
    """The operator's answer through its Service."""
    with urllib.request.urlopen(OPERATOR + path, timeout=ANSWER_SECONDS) as answer:
        return str(answer.read().decode())


def of_api_server(path: str) -> dict[str, object]:
    """The API server's answer to the operator's ServiceAccount."""
    token = (IDENTITY / "token").read_text(encoding="utf-8")
    trusted = ssl.create_default_context(cafile=IDENTITY / "ca.crt")
    headers = {"Authorization": f"Bearer {token}"}
    question = urllib.request.Request(API_SERVER + path, headers=headers)
    with urllib.request.urlopen(question, timeout=ANSWER_SECONDS, context=trusted) as answer:
        return dict(json.load(answer))


def served() -> None:
    """The CRDs are there in the version that the operator speaks."""
    told = json.dumps(of_api_server(API))
    missing = [name for name in RESOURCES if f'"{name}"' not in told]
    if missing:
        msg = f"{API} does not serve {', '.join(missing)}: install the CRDs"
        raise ValueError(msg)


def allowed(namespaces: list[str]) -> None:
    """The operator may read its resources where it looks after them."""
    for space in namespaces or [""]:
        within = f"/namespaces/{space}" if space else ""
        for name in RESOURCES:
            of_api_server(f"{API}{within}/{name}?limit=1")


def at_work() -> None:
    """The operator is alive, has read what there is, and measures itself."""
    of_operator("/livez")
    of_operator("/readyz")
    if METRIC not in of_operator("/metrics"):
        msg = f"{OPERATOR}/metrics holds no metric of the operator ({METRIC}...)"
        raise ValueError(msg)


def attempt(name: str, question: Callable[[], None], until: float) -> bool:
    """Ask until the answer is right or the time is over; says what came of it."""
    while True:
        try:
            question()
        except (OSError, ValueError) as error:
            if time.monotonic() > until:
                print(f"FAILED {name}: {told(error)}", flush=True)
                return False
            time.sleep(0.5)
        else:
            print(f"ok     {name}", flush=True)
            return True


def told(error: Exception) -> str:
    """What was wrong; of a refusal also the words of the server."""
    if isinstance(error, urllib.error.HTTPError):
        return f"{error.url} answered {error.code}: {error.read(500).decode(errors='replace')}"
    return str(error)


def main(namespaces: list[str]) -> int:
    """Ask everything; gives the exit code."""
    until = time.monotonic() + PATIENCE_SECONDS
    questions = {
        "the CRDs are served": served,
        "the operator may read its resources": lambda: allowed(namespaces),
        **({"the operator is at work": at_work} if OPERATOR else {}),
    }
    answers = [attempt(name, each, until) for name, each in questions.items()]
    return 0 if all(answers) else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
