"""Business verbs in the admin: from a row, an object's page or a selection of rows.

Every step is a POST: the first shows what will happen, the second (with `confirmed`)
lets the concrete admin do it, and a page that can be reloaded says what happened.
"""

import secrets
from collections.abc import Sequence
from dataclasses import asdict
from typing import Any
from urllib.parse import urlencode

from django.contrib import messages
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.contrib.admin.options import IncorrectLookupParameters
from django.core.cache import cache
from django.core.exceptions import (
    ImproperlyConfigured,
    PermissionDenied,
    ValidationError,
)
from django.db import models
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.html import conditional_escape
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from backoffice.base.admin.changelist import ONLY, OWN_PARAMETERS
from backoffice.base.admin.options import BaseModelAdmin
from backoffice.base.admin.words import Outcome, Planned, RowAction, Verb
from backoffice.base.text import labelled

RESULT_SECONDS = 3600


class VerbAdmin(BaseModelAdmin):
    """A model whose rows are moved by verbs; the concrete class says how.

    It sets `verbs` and implements `run_verb`; `verb_allowed` and `plan_verb` make the
    buttons and the confirm page exact.
    """

    verbs: Sequence[Verb] = ()
    #: how many objects one run of a verb takes at most
    verb_limit = 500
    #: how many buttons of verbs a row gets
    row_verbs = 1

    # --- what the concrete admin says

    def run_verb(
        self,
        request: HttpRequest,
        verb: Verb,
        objects: Sequence[Any],
        reason: str,
    ) -> Sequence[Outcome]:
        """Do it to each object by itself; a refusal is an outcome with an error."""
        raise ImproperlyConfigured(
            f"{type(self).__name__} has verbs and lacks run_verb()."
        )

    def verb_allowed(self, request: HttpRequest, verb: Verb, obj: Any) -> bool:
        """Whether the verb makes sense for this object as it stands."""
        return True

    def plan_verb(
        self, request: HttpRequest, verb: Verb, objects: Sequence[Any]
    ) -> Sequence[Planned]:
        """What the verb would do to each object, for the confirm page."""
        refusal = _("Not possible as it stands.")
        return [
            Planned(
                obj.pk,
                str(obj),
                refusal="" if self.verb_allowed(request, verb, obj) else refusal,
            )
            for obj in objects
        ]

    def has_verb_permission(self, request: HttpRequest, verb: Verb) -> bool:
        """Whether this person may use the verb at all."""
        return bool(request.user.has_perm(verb.permission))

    # --- where its buttons stand

    def verbs_for(
        self, request: HttpRequest, obj: models.Model | None = None
    ) -> list[Verb]:
        """The verbs of this person; with an object, those that fit it."""
        return [
            verb
            for verb in self._permitted(request)
            if obj is None or self.verb_allowed(request, verb, obj)
        ]

    def _permitted(self, request: HttpRequest) -> Sequence[Verb]:
        """The verbs of this person, asked for once a request and not once a row."""
        known: dict[Any, list[Verb]] = request.__dict__.setdefault("_own_verbs", {})
        if self not in known:
            known[self] = [
                v for v in self.verbs if self.has_verb_permission(request, v)
            ]
        return known[self]

    def bulk_verbs(self, request: HttpRequest) -> list[Verb]:
        """The verbs in the bar for ticked rows."""
        return [verb for verb in self.verbs_for(request) if verb.in_bulk]

    def verb_url(self, verb: Verb) -> str:
        """Where a verb is posted to."""
        return self._url("verb", verb.name)

    def row_actions(
        self, request: HttpRequest, obj: models.Model
    ) -> Sequence[RowAction]:
        """The first verbs that fit."""
        fitting = [v for v in self.verbs_for(request, obj) if v.in_row]
        return [self.verb_button(verb, obj) for verb in fitting[: self.row_verbs]]

    def verb_button(self, verb: Verb, obj: models.Model) -> RowAction:
        """A button that starts the verb for one object."""
        return RowAction(
            verb.label, self.verb_url(verb), verb.tone, verb.icon, {ONLY: obj.pk}
        )

    # --- the pages

    def get_urls(self) -> list[URLPattern]:
        """Adds `…/verb/<name>/` and its result page."""
        name = f"{self.opts.app_label}_{self.opts.model_name}_verb"
        view = self.admin_site.admin_view
        return [
            path("verb/<slug:verb_name>/", view(self.verb_view), name=name),
            path(
                "verb/<slug:verb_name>/result/<str:token>/",
                view(self.verb_result_view),
                name=f"{name}_result",
            ),
            *super().get_urls(),
        ]

    def verb_view(self, request: HttpRequest, verb_name: str) -> HttpResponse:
        """Preview, then do: both steps check the permission."""
        verb = self._verb(request, verb_name)
        if request.method != "POST":
            # a bookmark, or the way back from signing in again: nothing is done
            return HttpResponseRedirect(self._list_url(request))
        objects, too_many = self._chosen(request)
        if too_many:
            messages.error(
                request,
                _("At most %(most)s at once. Narrow the list down by a filter.")
                % {"most": self.verb_limit},
            )
            return HttpResponseRedirect(self._back(request))
        if not objects:
            messages.warning(request, _("Nothing is ticked. Tick the rows first."))
            return HttpResponseRedirect(self._back(request))
        reason = request.POST.get("reason", "").strip()
        is_quick = len(objects) == 1 and not verb.confirm and verb.reason != "required"
        if not (request.POST.get("confirmed") or is_quick):
            return self._confirm(request, verb, objects)
        if verb.reason == "required" and not reason:
            return self._confirm(
                request, verb, objects, error=_("Say why: a reason is required.")
            )
        return self._answer(
            request, verb, list(self.run_verb(request, verb, objects, reason))
        )

    def verb_result_view(
        self, request: HttpRequest, verb_name: str, token: str
    ) -> HttpResponse:
        """What happened to each object; kept for an hour."""
        verb = self._verb(request, verb_name)
        kept = cache.get(self._result_key(request, token))
        if kept is None:
            messages.info(request, _("That result is no longer kept; see the logs."))
            return HttpResponseRedirect(self._url("changelist"))
        outcomes = [Outcome(**values) for values in kept["outcomes"]]
        done = [o for o in outcomes if not o.error]
        failed = [o for o in outcomes if o.error]
        undo = next((v for v in self.verbs if v.name == verb.undo), None)
        if undo and not self.has_verb_permission(request, undo):
            undo = None
        context = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "title": self.count_label(verb, len(outcomes)),
            "verb": verb,
            "done": done,
            "failed": failed,
            "warned": [o for o in done if o.warning],
            "undo": undo if done else None,
            "undo_url": self.verb_url(undo) if undo else "",
            "undo_label": self.count_label(undo, len(done)) if undo else "",
            "done_ids": [o.id for o in done],
            "failed_url": self._url("changelist")
            + "?"
            + urlencode({ONLY: ",".join(str(o.id) for o in failed)}),
            "back_url": kept["back"],
            "list_url": self._url("changelist"),
        }
        return self._page(request, "verb_result.html", context)

    def count_label(self, verb: Verb, count: int) -> str:
        """What the button says: verb and number (下架 12 个商品)."""
        opts = self.opts
        return ngettext(
            "%(verb)s %(count)s %(objects)s", "%(verb)s %(count)s %(objects)s", count
        ) % {
            "verb": verb.label,
            "count": count,
            "objects": opts.verbose_name if count == 1 else opts.verbose_name_plural,
        }

    # --- within

    def _verb(self, request: HttpRequest, name: str) -> Verb:
        verb = next((v for v in self.verbs if v.name == name), None)
        if verb is None:
            raise Http404
        if not self.has_view_or_change_permission(
            request
        ) or not self.has_verb_permission(request, verb):
            raise PermissionDenied(verb.permission)
        return verb

    def _chosen(self, request: HttpRequest) -> tuple[list[Any], bool]:
        """The objects that were posted, and whether they are more than the limit."""
        if request.POST.get("select_across") == "1":
            # the list's own filters stand in the address
            try:
                listed = self.get_changelist_instance(request)
            except IncorrectLookupParameters:
                return [], False
            found = list(listed.get_queryset(request)[: self.verb_limit + 1])
            return found, len(found) > self.verb_limit
        given = request.POST.getlist(ONLY) or request.POST.getlist(ACTION_CHECKBOX_NAME)
        ids = [i for text in given for i in text.split(",") if i]
        if len(ids) > self.verb_limit:
            return [], True
        try:
            rows = self.get_queryset(request).filter(pk__in=ids)
            by_id = {str(row.pk): row for row in rows}
        except (ValueError, OverflowError, ValidationError):
            return [], False
        return [by_id[i] for i in dict.fromkeys(ids) if i in by_id], False

    def _confirm(
        self, request: HttpRequest, verb: Verb, objects: Sequence[Any], error: str = ""
    ) -> HttpResponse:
        planned = list(self.plan_verb(request, verb, objects))
        will = [p for p in planned if not p.refusal]
        context = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "title": verb.title
            or (self.count_label(verb, len(will)) if will else verb.label),
            "verb": verb,
            "will": will,
            "wont": [p for p in planned if p.refusal],
            "total": len(planned),
            "ids": ",".join(str(p.id) for p in will),
            "button": self.count_label(verb, len(will)),
            "reason": request.POST.get("reason", ""),
            "reason_error": error,
            "back_url": self._back(request),
            "action_url": self.verb_url(verb),
        }
        return self._page(request, "verb_confirm.html", context)

    def _answer(
        self, request: HttpRequest, verb: Verb, outcomes: list[Outcome]
    ) -> HttpResponse:
        if len(outcomes) == 1:
            (one,) = outcomes
            if one.error:
                messages.error(request, labelled(one.label, one.error))
            elif one.warning:
                messages.warning(
                    request,
                    _("%(done)s. %(warning)s")
                    % {"done": labelled(verb.label, one.label), "warning": one.warning},
                )
            else:
                messages.success(request, labelled(verb.label, one.label))
            return HttpResponseRedirect(self._back(request))
        token = secrets.token_urlsafe(12)
        kept = {
            "outcomes": [
                {
                    **asdict(o),
                    "error": str(o.error),
                    "warning": str(o.warning),
                    "status": conditional_escape(o.status),
                }
                for o in outcomes
            ],
            "back": self._back(request),
        }
        cache.set(self._result_key(request, token), kept, RESULT_SECONDS)
        return HttpResponseRedirect(self._url("verb_result", verb.name, token))

    def _result_key(self, request: HttpRequest, token: str) -> str:
        return f"verb-result:{request.user.pk}:{self.opts.label_lower}:{token[:40]}"

    def _url(self, name: str, *args: Any) -> str:
        opts = self.opts
        return reverse(
            f"{self.admin_site.name}:{opts.app_label}_{opts.model_name}_{name}",
            args=args,
        )

    def _list_url(self, request: HttpRequest) -> str:
        kept = {k: v for k, v in request.GET.lists() if k not in (*OWN_PARAMETERS, "p")}
        kept |= {k: request.GET.getlist(k) for k in ("tab",) if k in request.GET}
        query = urlencode(kept, doseq=True)
        return self._url("changelist") + (f"?{query}" if query else "")

    def _back(self, request: HttpRequest) -> str:
        """Where the person came from, if it is an address of ours."""
        wanted = request.POST.get("next", "")
        if wanted and url_has_allowed_host_and_scheme(
            wanted,
            allowed_hosts={request.get_host()},
            require_https=request.is_secure(),
        ):
            return wanted
        return self._list_url(request)

    def _page(
        self, request: HttpRequest, template: str, context: dict[str, Any]
    ) -> HttpResponse:
        request.current_app = self.admin_site.name  # type: ignore[attr-defined]
        opts = self.opts
        return TemplateResponse(
            request,
            [
                f"admin/{opts.app_label}/{opts.model_name}/{template}",
                f"admin/{opts.app_label}/{template}",
                f"admin/{template}",
            ],
            context,
        )
