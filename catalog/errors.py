"""Refusals of the catalog."""

from backoffice.base.errors import DomainError


class NotReady(DomainError):
    """The goods lacks what the verb needs (name, category, a price)."""

    slug = "not_ready"
    http_status = 409


class SelfReview(DomainError):
    """Four eyes: whoever entered or changed the goods may not approve it."""

    slug = "forbidden"
    http_status = 403


class ContentLocked(DomainError):
    """Content of reviewed goods is changed by reviewers only."""

    slug = "forbidden"
    http_status = 403


class StillReserved(DomainError):
    """Orders hold some of the goods, so it cannot be archived."""

    slug = "wrong_status"
    http_status = 409


class TooManyPictures(DomainError):
    """A goods holds as many pictures as it may."""


class PicturesMoved(DomainError):
    """The pictures are no longer those that the person saw."""

    slug = "changed_meanwhile"
    http_status = 409
