"""Definitions under other names, and values laid over each other."""

from cluster.chart_release import laid_over, renamed


def test_definition_gets_another_name_for_everything_by_which_it_is_found():
    text = "group: arkalia.io\nkind: ArkaliaSystem\nshortNames:\n- ark\n- arkmod\nmark: park\n"

    assert renamed(text) == (
        "group: tale.io\nkind: TaleSystem\nshortNames:\n- tale\n- talemod\nmark: park\n"
    )


def test_lines_that_helm_reads_stay_as_they_are():
    assert renamed('{{ include "arkalia.labels" . }}\n') == '{{ include "arkalia.labels" . }}\n'


def test_later_values_win_key_by_key():
    lower = {"image": {"tag": "1", "digest": "x"}, "list": [1, 2]}

    assert laid_over(lower, {"image": {"digest": ""}}, {"list": [3]}) == {
        "image": {"tag": "1", "digest": ""},
        "list": [3],
    }
    assert lower["image"]["digest"] == "x"
