from arkalia_operator.planning.observed import ChildRecord, ObjectKey, Observed


def test_object_is_called_by_kind_and_name_in_messages():
    assert str(ObjectKey("Deployment", "arkalia", "luna-alpha")) == "Deployment luna-alpha"


def test_modules_are_those_of_the_children():
    named = {"luna-a": "alpha", "luna-b": "beta", "luna-c": "alpha"}
    children = [
        ChildRecord(ObjectKey("Service", "arkalia", name), "u", "1", 1, "", b"", module=module)
        for name, module in named.items()
    ]

    found = Observed({each.key: each for each in children})

    assert found.modules == {"alpha", "beta"}
