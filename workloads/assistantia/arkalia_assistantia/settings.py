"""What the assistant can be told."""

from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from arkalia_contract import files
from arkalia_runtime.settings import Port, Seconds, ServiceSettings


class SystemPrompt(BaseModel):
    """What a model is told before the question of somebody."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    role: str = Field(default="", max_length=63)
    """Role of who asks; empty for everybody."""
    text: str = Field(min_length=1, max_length=20_000)


class AssistantSettings(ServiceSettings):
    """The settings of every service, and those of its own."""

    port: Port = 8005

    stop_seconds: int = Field(default=240, ge=1, le=3600)
    """Seconds, 1 to 3600, that answers get to their end when the assistant stops: as long as they may
    stream. With `drain_seconds` it must be less than the pod's termination grace period."""

    prompts_policy: Literal["Observe", "Flag", "Block"] = "Flag"
    """What becomes of a prompt that looks like an attack: `Observe` lets it pass and tells its score,
    `Flag` marks it, `Block` says that the model must not be asked."""

    system_prompts: list[SystemPrompt] = Field(default_factory=list, max_length=50)
    """What models are told before a question, at most 50: the first `text` whose `role` the user has.
    One without a role is for everybody."""

    llm_folder: Path = Path(files.LLM_FOLDER)
    """Where it stands which language models there are."""

    answer_seconds: Seconds = Field(default=600, gt=0, le=3600)
    """Seconds, up to 3600, that a whole answer may take."""

    first_word_seconds: Seconds = Field(default=60, gt=0, le=600)
    """Seconds, up to 600, until a model server that has said no word counts as failed."""

    idle_seconds: Seconds = Field(default=30, gt=0, le=600)
    """Seconds, up to 600, until a model server that falls silent in its answer counts as failed."""

    queue_seconds: Seconds = Field(default=30, gt=0, le=600)
    """Seconds, up to 600, that a request waits for its turn at a model server."""

    answers_at_once: int = Field(default=8, ge=1, le=1000)
    """Answers, 1 to 1000, that one pod asks of one model server at once."""

    most_waiting: int = Field(default=32, ge=0, le=10_000)
    """Requests, up to 10000, that wait in one pod for each model server; others are refused."""

    validation_seconds: Seconds = Field(default=1, gt=0, le=30)
    """Seconds, up to 30, that an answer waits for its validation."""

    prompts_retention_days: int = Field(default=30, ge=1, le=3650)
    """Days, 1 to 3650, after its last message until a conversation is deleted, and after its upload
    until a file is."""

    most_conversations: int = Field(default=1000, ge=1, le=100_000)
    """Most conversations, 1 to 100000, that are kept of one user."""

    most_messages: int = Field(default=1000, ge=2, le=10_000)
    """Most messages, 2 to 10000, of one conversation."""

    most_characters: int = Field(default=1_000_000, ge=1000, le=10_000_000)
    """Most characters, 1000 to 10000000, of one conversation."""

    upload_types: list[str] = Field(
        default_factory=lambda: [
            "text/plain", "text/markdown", "text/csv", "text/html", "application/json",
            "application/x-ndjson", "application/yaml", "application/xml",
        ],
        max_length=64,
    )  # fmt: skip
    """Media types of the files that are taken, at most 64, in small letters. What stands in them must
    be text in UTF-8."""

    most_upload_bytes: int = Field(default=262_144, ge=1, le=1_000_000)
    """Most bytes, 1 to 1000000, of one file."""

    most_shown_bytes: int = Field(default=300_000, ge=1000, le=800_000)
    """Most bytes, 1000 to 800000, of all texts that one question is shown with: context and files."""

    most_uploads: int = Field(default=100, ge=0, le=10_000)
    """Most files, up to 10000, that are kept of one user."""

    remembered_messages: int = Field(default=40, ge=0, le=500)
    """Most messages, up to 500, of a kept conversation that a model is shown before the next
    question."""

    remembered_characters: int = Field(default=32_000, ge=0, le=1_000_000)
    """Most characters, up to 1000000, of these messages."""

    validation_module: str = "sandozia"
    """Name of the module that validates answers."""
