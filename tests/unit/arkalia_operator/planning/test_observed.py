from arkalia_operator.planning.observed import ObjectKey


def test_object_is_called_by_kind_and_name_in_messages():
    assert str(ObjectKey("Deployment", "arkalia", "luna-alpha")) == "Deployment luna-alpha"
