"""`spec.auth`: how people prove to the gateway who they are."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from arkalia_operator.api.base import ApiModel, rule, rules

RoleName = Annotated[
    str,
    Field(
        max_length=63,
        json_schema_extra=rules(
            rule(
                "self.matches('^[a-z]([-a-z0-9]*[a-z0-9])?$')",
                "must be the name of a role: lower-case letters, digits and hyphens, for example "
                "user",
            )
        ),
    ),
]


class Oidc(ApiModel):
    """An OpenID Connect provider, whose tokens the gateway takes beside those of its own users."""

    issuer: str = Field(
        max_length=1024,
        json_schema_extra=rules(
            rule(
                "self.matches('^https://[A-Za-z0-9.-]+(:[0-9]{1,5})?(/[^?#]*)?$')",
                "must be the provider's issuer as its tokens name it: write for example "
                "https://login.example.com/realms/company",
            )
        ),
    )
    """`iss` of its tokens. Below it the provider describes itself
    (`/.well-known/openid-configuration`), and publishes its keys."""

    audience: str = Field(min_length=1, max_length=255)
    """`aud` that a token must have: mostly the id of the client that people log in to."""

    roles_claim: str = Field(default="roles", min_length=1, max_length=63)
    """Claim that holds the names of roles. Those that the system does not know count for nothing."""

    default_roles: list[RoleName] = Field(
        default_factory=list, max_length=32, json_schema_extra={"x-kubernetes-list-type": "set"}
    )
    """Roles of everybody whom the provider knows. Default: none, so that it is the claim alone that
    lets somebody do something."""


class Auth(ApiModel):
    """How people prove to the gateway who they are."""

    oidc: Oidc | None = None
    """Also by a token of an OpenID Connect provider. Default: by users and keys of the system
    alone."""

    session_minutes: int | None = Field(default=None, ge=5, le=43_200)
    """Minutes, 5 to 43200, after which a session ends and its user logs in again. Sessions that have
    begun keep their end. Default: what the module itself is set to, 720 unless somebody changed it."""

    mfa: Literal["Optional", "Required"] | None = None
    """Whether who logs in with a password needs a second factor. `Required`: a user without one may
    set one up and nothing else. API keys, and users of an OpenID Connect provider, are not asked for
    it. Default: what the module itself is set to, `Optional` unless somebody changed it."""
