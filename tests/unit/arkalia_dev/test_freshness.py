from arkalia_dev.freshness import last_report, seconds, starts

NOON = "2026-11-20T12:00:00Z"


def test_report_is_the_heartbeat_of_the_ready_condition():
    node = {"status": {"conditions": [{"type": "Ready", "lastHeartbeatTime": NOON}]}}

    assert last_report(node) == seconds(NOON)


def test_report_is_never_when_the_node_has_only_been_registered():
    assert last_report({}) == 0


def test_starts_are_those_of_containers_that_are_said_to_run():
    running = {"state": {"running": {"startedAt": NOON}}}
    waiting = {"state": {"waiting": {"reason": "CrashLoopBackOff"}}}

    assert starts({"status": {"containerStatuses": [running, waiting]}}) == [seconds(NOON)]
