"""`POST /validate`, as it is asked and answered: bounded before anything is looked at."""

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from arkalia_sandozia import formats, policy, validation
from arkalia_sandozia.evidence import Source
from arkalia_sandozia.facts import Fact
from arkalia_sandozia.findings import Severity
from arkalia_sandozia.formats import Form
from arkalia_sandozia.validation import Examined, Validation

Name = Annotated[str, Field(max_length=253)]
Language = Literal["en", "fr", "de", "es", "it", "pt", "nl"]
Phrase = Annotated[str, StringConstraints(strip_whitespace=True, min_length=2, max_length=200)]


class _Form(BaseModel):
    model_config = ConfigDict(extra="forbid", use_attribute_docstrings=True)


class Message(_Form):
    """One message of the conversation so far."""

    role: Literal["system", "user", "assistant", "tool"]
    content: str


class Document(_Form):
    """A text that the answer may stand on."""

    name: Name = "context"
    """How reasons call it."""
    text: str


class KnownFact(_Form):
    """A fact that the system knows: a metric, a field of a resource."""

    subject: Name
    """Of what: `luna-helloria`."""
    name: Name
    """What: `memory_bytes`, `ready`, `image`. An ending like Prometheus' is taken as the unit."""
    value: (
        bool | Annotated[float, Field(allow_inf_nan=False)] | Annotated[str, Field(max_length=1000)]
    )
    unit: Annotated[str, Field(max_length=16)] = ""
    """Unit of a number: `%`, `MiB`, `ms`, `cores`."""


class WantedPolicy(_Form):
    """What the answer must not hold."""

    forbidden: list[Phrase] = Field(default_factory=list, max_length=100)
    """Words and phrases, in any case."""
    secrets: bool = True
    """Whether secrets are looked for."""
    personal: bool = True
    """Whether data about persons is looked for."""


class WantedFormat(_Form):
    """The form that was asked for."""

    form: Form = Form.TEXT
    schema_: dict[str, Any] | None = Field(default=None, alias="schema")
    """JSON schema of an answer in JSON."""
    shortest: Annotated[int, Field(ge=0)] = 0
    longest: Annotated[int, Field(ge=0)] | None = None
    """Characters."""


class Record(_Form):
    """Which message of which conversation the answer is: then the outcome is told as an event."""

    conversation_id: Annotated[str, Field(min_length=1, max_length=128)]
    message_id: Annotated[str, Field(min_length=1, max_length=128)]


class Asked(_Form):
    """An answer, and all that it is examined by."""

    answer: str
    prompt: str = ""
    """What was asked. Its questions are no evidence; what it states is."""
    conversation: list[Message] = Field(default_factory=list, max_length=200)
    context: list[Document] = Field(default_factory=list, max_length=200)
    facts: list[KnownFact] = Field(default_factory=list, max_length=2000)
    samples: list[str] = Field(default_factory=list, max_length=10)
    """Other answers to the same prompt."""
    policy: WantedPolicy = WantedPolicy()
    language: Language | None = None
    """In which language the answer has to be; none: in any."""
    format: WantedFormat = WantedFormat()
    record: Record | None = None

    def question(self) -> validation.Question:
        """It, as the checks take it."""
        said = "\n".join(each.content for each in self.conversation if each.role == "user")
        sources = [Source(each.name, each.text) for each in self.context]
        sources += [Source("conversation", each.content) for each in reversed(self.conversation)]
        wanted = self.format
        return validation.Question(
            answer=self.answer,
            prompt=self.prompt,
            said=said,
            sources=tuple(sources),
            facts=tuple(Fact(**each.model_dump()) for each in self.facts),
            samples=tuple(self.samples),
            policy=policy.Policy(
                tuple(self.policy.forbidden), self.policy.secrets, self.policy.personal
            ),
            language=self.language,
            format=formats.Format(wanted.form, wanted.schema_, wanted.shortest, wanted.longest),
        )


class Reason(BaseModel):
    """One thing that is wrong with the answer, or may be."""

    check: str
    severity: Severity
    start: int
    end: int
    wrong: str
    evidence: str


class Outcome(BaseModel):
    """What the examination found."""

    model_config = ConfigDict(use_attribute_docstrings=True)

    validation_score: Annotated[float, Field(ge=0, le=1)]
    """How probable it is that the answer holds; 0.5 if nothing speaks for it or against it."""
    reasons: list[Reason]
    examined: list[Examined]
    not_examined: list[str]
    """What was not looked at, and why."""
    claims: int
    """Numbers, names and states that were compared with what is known."""
    supported: int
    """How many of them nothing speaks against."""
    recorded: bool
    """Whether the outcome was told as an event."""
    duration_seconds: float

    @classmethod
    def of(cls, found: Validation, seconds: float, *, recorded: bool) -> "Outcome":
        """What *found* tells."""
        reasons = [
            Reason(
                check=each.check,
                severity=each.severity,
                start=each.start,
                end=each.end,
                wrong=each.wrong,
                evidence=each.evidence,
            )
            for each in found.findings
        ]
        return cls(
            validation_score=round(found.score, 4),
            reasons=reasons,
            examined=found.examined,
            not_examined=found.not_examined,
            claims=found.claims,
            supported=found.supported,
            recorded=recorded,
            duration_seconds=round(seconds, 6),
        )
