"""ArkaliaAction: something that a person or a program wants done to a system, once."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from arkalia_operator.api.base import ApiModel, StatusModel, rule, rules


class ApprovePlan(ApiModel):
    """What is approved."""

    hash: str = Field(min_length=1, max_length=64)
    """Of the plan, as `status.changes.hash` of the system tells it. Another plan has another one,
    and needs another approval."""


class ArkaliaActionSpec(ApiModel):
    """What shall be done. It cannot be changed: a new wish is a new action."""

    system: str = Field(min_length=1, max_length=24)
    """Name of the ArkaliaSystem, in the namespace of the action."""

    kind: Literal["ApprovePlan"]
    """What shall be done. `ApprovePlan`: the changes that wait are carried out."""

    approve_plan: ApprovePlan | None = None
    """With kind `ApprovePlan`: which plan."""

    approved_by: str = Field(min_length=1, max_length=1024)
    """Name of the user who approves, as the API server knows it (`kubectl auth whoami`). Nobody can
    write another one's name: the admission policy of the chart compares it."""

    reason: str = Field(default="", max_length=1024)
    """Why, in words for those who read it later."""

    model_config = ApiModel.model_config | {
        "json_schema_extra": rules(
            rule("self == oldSelf", "an action cannot be changed: write another one"),
            rule(
                "self.kind != 'ApprovePlan' || has(self.approvePlan)",
                "the plan must be named: write approvePlan: {hash: ...} with the hash of the "
                "system's status.changes",
            ),
        )
    }


class ArkaliaActionStatus(StatusModel):
    """What came of it. Written by the operator only."""

    phase: Literal["", "Done", "Refused"] = ""
    """`Done`: the operator carries the plan out, or has. `Refused`: nothing comes of it."""

    message: str = Field(default="", max_length=1024)
    """What came of it, in a sentence."""
