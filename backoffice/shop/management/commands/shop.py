"""The shop's settings on the command line: list, get, set, reset."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from backoffice.base.commands import (
    acting_user,
    add_json_argument,
    add_user_argument,
    command_context,
    print_json,
)
from backoffice.base.errors import DomainError
from backoffice.shop import shop, verbs
from backoffice.shop.definitions import SETTINGS, Setting


class Command(BaseCommand):
    help = "Lists, reads and changes the settings of the shop."

    def add_arguments(self, parser: CommandParser) -> None:
        acts = parser.add_subparsers(dest="act", required=True, metavar="act")
        listing = acts.add_parser("list", help="every setting: name, value, layer")
        add_json_argument(listing)
        getting = acts.add_parser("get", help="the value of one setting")
        getting.add_argument("name")
        add_json_argument(getting)
        setting = acts.add_parser("set", help="give a setting the shop's own value")
        setting.add_argument("name")
        setting.add_argument("value")
        add_user_argument(setting)
        add_json_argument(setting)
        resetting = acts.add_parser("reset", help="take the shop's own value away")
        resetting.add_argument("name")
        add_user_argument(resetting)
        add_json_argument(resetting)

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            getattr(self, f"_{options['act']}")(options)
        except DomainError as error:
            raise CommandError(str(error)) from None

    def _list(self, options: dict[str, Any]) -> None:
        rows = [(s.name, *shop.text(s), s) for s in SETTINGS.values()]
        if options["json"]:
            print_json(
                self,
                {name: {"value": t, "layer": layer} for name, t, layer, _s in rows},
            )
            return
        names = max(len(name) for name, *_rest in rows)
        texts = max(len(text) for _name, text, *_rest in rows)
        for name, text, layer, setting in rows:
            self.stdout.write(
                f"{name:<{names}}  {text:<{texts}}  {layer:<11}  "
                f"{setting.label} ({setting.unit})"
            )

    def _get(self, options: dict[str, Any]) -> None:
        setting = verbs.setting_named(options["name"])
        self._tell(setting, options, "{text}")

    def _set(self, options: dict[str, Any]) -> None:
        by = acting_user(options)
        setting = verbs.setting_named(options["name"])
        with command_context(by):
            verbs.set_value(setting.name, options["value"], by=by)
        self._tell(setting, options, "{name} = {text}")

    def _reset(self, options: dict[str, Any]) -> None:
        by = acting_user(options)
        setting = verbs.setting_named(options["name"])
        with command_context(by):
            verbs.reset(setting.name, by=by)
        self._tell(setting, options, "{name} = {text} ({layer})")

    def _tell(self, setting: Setting, options: dict[str, Any], sentence: str) -> None:
        """What now holds, as the sentence or as `{"name", "value", "layer"}`."""
        text, layer = shop.text(setting)
        if options["json"]:
            print_json(self, {"name": setting.name, "value": text, "layer": layer})
            return
        self.stdout.write(sentence.format(name=setting.name, text=text, layer=layer))
