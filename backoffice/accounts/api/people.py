"""Values of the answers about a person."""

from typing import Any

from backoffice.accounts.models import User
from backoffice.accounts.tokens import Tokens, whole
from backoffice.base import ports


def me(user: User) -> dict[str, Any]:
    """The person as the contract writes them; read by `tokens.whole`."""
    return {
        "id": user.pk,
        "username": user.username,
        "mobile": user.mobile,
        "email": user.email,
        "nickname": user.nickname,
        "avatar": user.avatar.url if user.avatar else None,
        "points": getattr(user, "points", 0),
    }


def pair(tokens: Tokens) -> dict[str, Any]:
    """A pair of tokens."""
    return {
        "token": tokens.access,
        "refresh_token": tokens.refresh,
        "expires_in": tokens.expires_in,
    }


def signed_in(user: User, tokens: Tokens) -> dict[str, Any]:
    """The answer to a sign-in."""
    if ports.points_expression.connected:
        user = whole().get(pk=user.pk)
    return {**pair(tokens), "user": me(user)}
