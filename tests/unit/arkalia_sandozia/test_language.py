"""Language: told by common words, and only if they are clear."""

import pytest

from arkalia_sandozia.language import LANGUAGES, spoken

TEXTS = {
    "en": "The gateway is ready and it has been running for two days without a restart.",
    "fr": "La passerelle est prête et elle tourne depuis deux jours sans aucun redémarrage.",
    "de": "Das Gateway ist bereit und läuft seit zwei Tagen ohne einen einzigen Neustart.",
    "es": "La puerta de enlace está lista y lleva dos días en marcha sin que se reinicie.",
    "it": "Il gateway è pronto ed è in funzione da due giorni senza che si riavvii, come sempre.",
    "pt": "O gateway está pronto e não foi reiniciado há dois dias, como é de esperar.",
    "nl": "De gateway is klaar en draait al twee dagen zonder dat hij opnieuw is gestart.",
}


@pytest.mark.parametrize("language", LANGUAGES)
def test_language_of_a_sentence_is_told(language):
    assert spoken(TEXTS[language]) == language


@pytest.mark.parametrize(
    "text",
    [
        "",
        "Ready.",
        "42 % 17 %",
        "alpha beta gamma delta epsilon zeta eta theta iota",
        f"{TEXTS['en']} {TEXTS['fr']}",
    ],
)
def test_language_is_not_told_if_it_is_unclear(text):
    assert spoken(text) is None


def test_text_in_another_script_is_in_none_of_them():
    assert spoken("Шлюз готов") == "other"


def test_code_is_not_read():
    assert spoken(f"```\n{TEXTS['en']}\n```\n{TEXTS['de']}") == "de"
