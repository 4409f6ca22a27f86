"""Words that mean something to the checks: small closed lists, English and French.

What is not in them is a word like any other: the checks then see less, and never more.
"""

from functools import lru_cache
from typing import Final

STOP: Final = frozenset(
    [
        "a",
        "an",
        "the",
        "this",
        "that",
        "these",
        "those",
        "there",
        "here",
        "it",
        "its",
        "they",
        "them",
        "their",
        "he",
        "she",
        "we",
        "you",
        "i",
        "your",
        "our",
        "my",
        "is",
        "are",
        "was",
        "were",
        "be",
        "been",
        "being",
        "am",
        "do",
        "does",
        "did",
        "has",
        "have",
        "had",
        "having",
        "will",
        "would",
        "can",
        "could",
        "should",
        "may",
        "might",
        "must",
        "shall",
        "of",
        "in",
        "on",
        "at",
        "to",
        "for",
        "from",
        "by",
        "with",
        "as",
        "and",
        "or",
        "but",
        "if",
        "so",
        "than",
        "then",
        "also",
        "about",
        "into",
        "which",
        "who",
        "whom",
        "what",
        "when",
        "where",
        "how",
        "why",
        "very",
        "just",
        "currently",
        "now",
        "still",
        "only",
        "some",
        "any",
        "all",
        "each",
        "please",
        "count",
        "see",
        "let",
        "me",
        "know",
        "right",
        "per",
        "le",
        "la",
        "les",
        "un",
        "une",
        "des",
        "du",
        "de",
        "d",
        "l",
        "et",
        "ou",
        "mais",
        "si",
        "est",
        "sont",
        "été",
        "était",
        "étaient",
        "être",
        "a",
        "ont",
        "avait",
        "il",
        "elle",
        "ils",
        "elles",
        "on",
        "nous",
        "vous",
        "ce",
        "cette",
        "ces",
        "cela",
        "dans",
        "sur",
        "pour",
        "par",
        "avec",
        "en",
        "au",
        "aux",
        "que",
        "qui",
        "quoi",
        "dont",
        "y",
        "très",
        "plus",
    ]
)
"""Words that say nothing about what a sentence is about."""

SYNONYMS: Final = {
    word: group.split()[0]
    for group in (
        "cpu processor processeur",
        "memory ram mémoire",
        "restart restarted rebooted redémarrage redémarré",
        "latency delay latence",
        "error failure fault erreur",
        "replica instance copy réplica",
        "pod pods",
        "request query call traffic throughput requête",
        "use usage utilisation consume consumption consumes",
        "limit cap ceiling limite",
        "alert alarm alerte",
        "node machine host nœud",
        "version release tag",
        "queue backlog file",
        "second seconde",
        "system cluster système",
        "module service",
    )
    for word in group.split()
}
"""Words for one thing: each leads to the first of its line."""

NEGATIONS: Final = frozenset(
    [
        "not",
        "no",
        "never",
        "none",
        "neither",
        "nor",
        "without",
        "cannot",
        "isn't",
        "aren't",
        "wasn't",
        "weren't",
        "doesn't",
        "don't",
        "didn't",
        "hasn't",
        "haven't",
        "hadn't",
        "won't",
        "can't",
        "couldn't",
        "shouldn't",
        "wouldn't",
        "nobody",
        "nothing",
        "nowhere",
        "isnt",
        "arent",
        "wasnt",
        "doesnt",
        "dont",
        "didnt",
        "pas",
        "jamais",
        "aucun",
        "aucune",
        "sans",
        "ni",
        "rien",
    ]
)
"""Each turns what its clause says around. French `ne` is left out: it never stands alone."""

ZEROES: Final = frozenset({"no", "none", "zero", "zéro", "aucun", "aucune"})
"""Before a noun they count it: no restarts are 0 restarts."""

STATES: Final = {
    word: (positive.split()[0], sign)
    for positive, negative in (
        ("ready", "unready notready"),
        ("healthy", "unhealthy degraded sick ill broken failing"),
        ("running up started alive", "stopped down dead crashed crashing"),
        ("enabled active", "disabled inactive"),
        ("available reachable", "unavailable unreachable"),
        (
            "succeeded successful successfully passed complete completed finished réussi",
            "failed unsuccessful unsuccessfully incomplete unfinished échoué",
        ),
        ("increased rose grew rising growing climbed", "decreased fell dropped falling shrank"),
        ("valid", "invalid expired"),
        ("connected", "disconnected"),
        ("stable", "unstable flapping"),
        ("safe secure", "unsafe insecure"),
    )
    for words, sign in ((positive, 1), (negative, -1))
    for word in words.split()
}
"""What a word says of a state: the state's name, and whether it holds."""

DENIALS: Final = frozenset({"false", "no", "non", "faux"})
"""After a colon they deny what stands before it: `Ready: False`."""

ABOUT: Final = frozenset(
    ["about", "around", "roughly", "approximately", "nearly", "almost", "circa", "environ", "~"]
)
ABOVE: Final = frozenset(
    ["over", "above", "exceeds", "exceeding", "exceeded", "least", "more", "minimum", "plus"]
)
BELOW: Final = frozenset(["under", "below", "within", "most", "less", "fewer", "maximum", "moins"])

CHANGES: Final = frozenset(
    [
        "before",
        "after",
        "previously",
        "earlier",
        "later",
        "yesterday",
        "today",
        "tomorrow",
        "formerly",
        "once",
        "now",
        "then",
        "until",
        "from",
        "since",
        "instead",
        "but",
        "however",
        "although",
        "though",
        "while",
        "whereas",
        "rather",
        "except",
        "otherwise",
        "if",
        "unless",
        "would",
        "should",
        "could",
        "avant",
        "après",
        "hier",
    ]
)
"""Two clauses of which one has such a word may differ without contradicting each other."""

NUMBER_WORDS: Final = {
    word: number
    for number, words in enumerate(
        (
            "zero zéro",
            "",  # "one" and "un" are pronoun and article more often than numbers
            "two both deux",
            "three trois",
            "four quatre",
            "five cinq",
            "six",
            "seven sept",
            "eight huit",
            "nine neuf",
            "ten dix",
            "eleven onze",
            "twelve douze",
        )
    )
    for word in words.split()
}

MONTHS: Final = {
    word: number
    for number, words in enumerate(
        (
            "january jan janvier",
            "february feb février",
            "march mar mars",
            "april apr avril",
            "may mai",
            "june jun juin",
            "july jul juillet",
            "august aug août",
            "september sep sept septembre",
            "october oct octobre",
            "november nov novembre",
            "december dec décembre",
        ),
        start=1,
    )
    for word in words.split()
}

SUFFIXES: Final = ("ations", "ation", "ings", "ing", "ies", "ed", "es", "s")
SHORTEST_STEM: Final = 3


@lru_cache(maxsize=8192)
def stem(word: str) -> str:
    """*word*, in small letters, as the key under which its forms are found."""
    small = word.lower()
    if small in SYNONYMS:
        return SYNONYMS[small]
    for suffix in SUFFIXES:
        if small.endswith(suffix) and len(small) - len(suffix) >= SHORTEST_STEM:
            small = small[: -len(suffix)]
            break
    return SYNONYMS.get(small, small)
