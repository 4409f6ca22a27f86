from arkalia_cli.views import open as view

TOLD = view.data("http://127.0.0.1:1", "luna-taskia.arkalia.svc", ("arkalia", "luna"), "taskia")


def test_data_say_where_it_leads_and_whom_a_token_is_for():
    assert TOLD["url"] == "http://127.0.0.1:1"
    assert TOLD["audience"] == "arkalia/arkalia/luna/taskia"


def test_token_is_asked_for_the_account_of_the_gateway():
    assert TOLD["token"] == (
        "kubectl --namespace arkalia create token luna-helloria "
        "--audience arkalia/arkalia/luna/taskia --bound-object-kind Pod --bound-object-name NAME"
    )


def test_text_names_the_way_the_docs_and_how_to_ask():
    lines = view.text(TOLD).splitlines()

    assert lines[0] == "http://127.0.0.1:1 leads to luna-taskia.arkalia.svc, until Ctrl-C."
    assert lines[1].startswith("http://127.0.0.1:1/docs ")
    assert lines[-1].strip() == TOLD["token"]


def test_text_says_how_to_get_in():
    assert TOLD["password"] in view.text(TOLD)
    assert TOLD["password"] == (
        "kubectl --namespace arkalia get secret luna-admin "
        "--output jsonpath='{.data.password}' | base64 --decode"
    )
