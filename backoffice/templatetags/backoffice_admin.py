"""What the admin's templates ask for."""

from typing import Any

from django import template
from django.template.context import Context
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from backoffice.base.admin import cells, listpage, readonly
from backoffice.base.admin.words import RowAction, Tool

register = template.Library()
register.filter("when", cells.when)


@register.simple_tag
def icon(name: str) -> SafeString:
    """An icon of Font Awesome; always beside a word, so hidden from screen readers."""
    return cells.icon(name)


@register.simple_tag(takes_context=True)
def list_page(context: Context, cl: Any) -> listpage.ListPage:
    """The list as `change_list.html` draws it."""
    form = context.get("action_form")
    choices = form.fields["action"].choices if form else ()
    return listpage.build(context["request"], cl, choices)


def _admin_of(context: Context) -> Any:
    adminform = context.get("adminform")
    return getattr(adminform, "model_admin", None)


@register.simple_tag(takes_context=True)
def form_tools(context: Context) -> list[Tool]:
    """The links at the top right of an object's page."""
    admin = _admin_of(context)
    if not hasattr(admin, "form_tools"):
        return []
    return list(admin.form_tools(context["request"], context.get("original")))


@register.simple_tag(takes_context=True)
def form_verbs(context: Context) -> list[RowAction]:
    """The verbs that fit the object of the page, as buttons."""
    admin, obj = _admin_of(context), context.get("original")
    if obj is None or not hasattr(admin, "verbs_for"):
        return []
    return [
        admin.verb_button(verb, obj)
        for verb in admin.verbs_for(context["request"], obj)
    ]


@register.simple_tag(takes_context=True)
def object_status(context: Context) -> Any:
    """The status beside the name of an object's page."""
    admin, obj = _admin_of(context), context.get("original")
    if obj is None or not hasattr(admin, "object_status"):
        return ""
    return admin.object_status(context["request"], obj)


@register.filter
def unit_of(field: Any) -> Any:
    """The unit of an `AdminField` or of a read-only one; "" for none."""
    if getattr(field, "is_readonly", False):
        units = getattr(field.model_admin, "field_units", {})
        return units.get(field.field["name"], "")
    return getattr(field.field.field, "unit", "")


@register.simple_tag(takes_context=True)
def read_only(context: Context, field: Any) -> Any:
    """The value of a field that is shown and not changed."""
    return readonly.contents(field, context["request"])


@register.filter
def is_wide(field: Any) -> bool:
    """Whether a field wants the whole width: long texts, choices from two boxes."""
    if getattr(field, "is_readonly", False):
        return False
    widget = field.field.field.widget
    widget = getattr(widget, "widget", widget)
    return type(widget).__name__ in {
        "AdminTextareaWidget",
        "Textarea",
        "FilteredSelectMultiple",
        "CheckboxSelectMultiple",
    }


@register.filter
def history_kind(record: Any) -> str:
    """What an entry of the history did, in a word."""
    kinds = {"+": _("entered"), "~": _("changed"), "-": _("deleted")}
    return kinds.get(record.history_type, "")
