import pytest

from arkalia_site import links


@pytest.mark.parametrize(
    ("link", "source", "expected"),
    [
        ("architecture.md#layers", "docs/index.md", "architecture.md#layers"),
        ("../charts/arkalia/README.md", "docs/index.md", "reference/charts/arkalia.md"),
        ("../../dev/README.md", "docs/how-to/x.md", "../reference/development-cluster.md"),
        ("docs/testing.md", "CONTRIBUTING.md", "testing.md"),
        ("../docs/testing.md", "dev/README.md", "../testing.md"),
        ("../workloads/taskia/module.yaml", "docs/x.md", f"{links.REPOSITORY}workloads/taskia/module.yaml"),
        ("#here", "docs/index.md", "#here"),
        ("https://kind.sigs.k8s.io", "docs/index.md", "https://kind.sigs.k8s.io"),
    ],
)  # fmt: skip
def test_link_leads_to_the_page_of_the_site_or_to_the_file_of_the_repository(
    link, source, expected
):
    assert links.target(link, source) == expected


def test_every_link_of_a_text_is_rewritten_and_nothing_else():
    text = "See [charts](../charts/arkalia/README.md), [layers](architecture.md) and (this)."

    assert links.rewritten(text, "docs/index.md") == (
        "See [charts](reference/charts/arkalia.md), [layers](architecture.md) and (this)."
    )


@pytest.mark.parametrize(
    ("heading", "expected"),
    [
        ("From a word to its file", "from-a-word-to-its-file"),
        ("spec.modules.&lt;name&gt;.scaling", "specmodulesnamescaling"),
        ("`arkalia open`", "arkalia-open"),
    ],
)
def test_anchor_is_that_of_the_repository(heading, expected):
    assert links.anchor(heading) == expected
