"""What is told about an answer beside its text: the member `arkalia` of every answer."""

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from arkalia_assistantia.prompts.validation import Verdict

Score = Annotated[float, Field(ge=0, le=1)]


class _Told(BaseModel):
    model_config = ConfigDict(use_attribute_docstrings=True)


class PromptReason(_Told):
    """Why a prompt has its score."""

    layer: str
    reason: str
    message: str


class PromptTold(_Told):
    """What the validation of the prompt says."""

    score: Score = 0.0
    """How much the prompt looks like an attack."""
    verdict: Verdict = "passed"
    reasons: list[PromptReason] = []
    unseen_characters: int = 0
    """How many of all that was sent were looked at for hidden characters only."""


class AnswerReason(_Told):
    """What is wrong with an answer, or may be."""

    check: str
    message: str


class AnswerTold(_Told):
    """What the validation of the answer says."""

    status: Literal["validated", "unavailable", "not_applicable"]
    """`unavailable`: nobody could validate it; `detail` says why. `not_applicable`: it has no text."""
    score: Score | None = None
    """How probable it is that the answer holds; 0.5 if nothing speaks for it or against it."""
    verdict: Verdict = "passed"
    """What becomes of an answer that gives away what it must not: `blocked` is not told at all."""
    reasons: list[AnswerReason] = []
    detail: str = ""


class Tokens(_Told):
    """As the model server counts them; none where it does not."""

    prompt: int | None = None
    completion: int | None = None


class Timings(_Told):
    """Seconds."""

    queue: float
    """Until there was a turn at the model server."""
    first_word: float
    """From then to the first word."""
    validation: float
    """From the last word to the validation's result."""
    total: float


class KeptTold(_Told):
    """Whether question and answer are in the user's conversations."""

    status: Literal["kept", "not_asked", "full", "unavailable"]
    """`not_asked`: nobody asked for it. `full`: there is no room. `unavailable`: the database cannot
    be used; the answer is told all the same."""
    detail: str = ""
    remembered: int | None = 0
    """Messages said before that the model was shown from what is kept; none if that was not there."""


class Told(_Told):
    """All of it."""

    conversation_id: str
    message_id: str
    request_id: str
    """By which the log lines of every module are found."""
    trace_id: str | None
    model: str
    """The model that answered, as its server calls it."""
    backend: str
    """The model server that answered."""
    prompt: PromptTold
    validation: AnswerTold
    tokens: Tokens
    timings: Timings
    kept: KeptTold
    recorded: bool
    """Whether prompt, answer and validation are on record. The record may be away: then they are not."""
