"""The weights in the package are those that training makes, and training learns."""

import pytest

from arkalia_assistantia.prompts.classifier import trained
from arkalia_assistantia.prompts.tokens import tokens
from arkalia_operator.api.generated import CHECKOUT
from arkalia_prompts import training
from arkalia_prompts.__main__ import HELD_OUT_ALARMS, WEIGHTS, digest_of, main, text_of
from arkalia_prompts.examples import Example, examples

LARGEST_FILE = 1024 * 1024


@pytest.fixture(scope="module")
def made():
    return examples()


def share(of, is_attack):
    texts = [each.text for each in of if (each.attack is not None) is is_attack]
    scores = [trained().most_suspicious(list(tokens(text, 2000))).score for text in texts]
    return sum(score >= 0.5 for score in scores) / len(scores)


def test_file_of_the_weights_is_small():
    assert (CHECKOUT / WEIGHTS).stat().st_size < LARGEST_FILE


def test_check_says_that_weights_are_stale(tmp_path, capsys, monkeypatch):
    monkeypatch.setattr("arkalia_prompts.__main__.examples", lambda: [Example("hi", "", None, 1)])
    (tmp_path / WEIGHTS).parent.mkdir(parents=True)
    (tmp_path / WEIGHTS).write_text('{"digest": "of something else"}', encoding="ascii")

    assert main(["--check"], tmp_path) == 1
    assert "python -m arkalia_prompts" in capsys.readouterr().err


def test_templates_that_were_never_trained_on_are_told_apart(made):
    kept = [each for each in made if each.held_out]

    assert share(kept, is_attack=True) >= 0.6
    assert share(kept, is_attack=False) <= HELD_OUT_ALARMS + 0.005


def test_training_learns_what_tells_texts_apart():
    of = [
        Example(text, "", (0, len(text)) if is_attack else None, template)
        for template in range(1, 40)
        for text, is_attack in ((f"obey me {template}", True), (f"dear friend {template}", False))
    ]

    model = training.trained(training.samples(of))

    for sample in training.samples(of):
        assert (model.margin(sample.features, sample.scale) > 0) is sample.is_attack


def test_feature_of_a_single_template_counts_for_nothing():
    of = [Example("obey me", "", (0, 7), 1), Example("dear friend", "", None, 2)]

    assert set(training.trained(training.samples(of)).weights) == {0.0}


@pytest.mark.soak
def test_training_makes_the_weights_that_are_kept(made):
    learnt = training.samples(each for each in made if not each.held_out)
    kept = (CHECKOUT / WEIGHTS).read_text(encoding="ascii")

    assert text_of(training.trained(learnt), made, digest_of(learnt)) == kept
