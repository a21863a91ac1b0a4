"""Reading pages in tests."""

import html
import re
from html.parser import HTMLParser


def text_of(response):
    """What a person reads, white space squeezed."""
    body = re.sub(
        r"(?s)<(script|style|template).*?</\1>", " ", response.content.decode()
    )
    return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", body)).split())


def main_of(response):
    """The page without what stands around it."""
    body = response.content.decode()
    return body.split("<main", 1)[1].split("</main>", 1)[0]


class _Inputs(HTMLParser):
    """What a browser would send of the form of this class, as (name, value)."""

    def __init__(self, css):
        super().__init__()
        self.css, self.is_inside = css, False
        self.sent, self.select, self.area = [], None, None

    def handle_starttag(self, tag, attributes):
        given = dict(attributes)
        name = given.get("name")
        if tag == "form":
            self.is_inside = self.css in given.get("class", "").split()
        elif not self.is_inside:
            return
        elif tag == "select":
            self.select = name
        elif tag == "option" and self.select and "selected" in given:
            self.sent.append((self.select, given.get("value", "")))
        elif tag == "textarea":
            self.area = [name, ""]
        elif tag == "input" and name and self._is_sent(given):
            is_box = given.get("type") == "checkbox"
            self.sent.append((name, given.get("value", "on" if is_box else "")))

    @staticmethod
    def _is_sent(given):
        kind = given.get("type", "text")
        if kind in ("checkbox", "radio"):
            return "checked" in given
        return kind not in ("file", "submit", "button")

    def handle_data(self, data):
        if self.area:
            self.area[1] += data

    def handle_endtag(self, tag):
        if tag == "textarea" and self.area:
            # the line break after the tag is not part of the text
            self.sent.append((self.area[0], self.area[1].removeprefix("\n")))
            self.area = None
        elif tag == "select":
            self.select = None
        elif tag == "form":
            self.is_inside = False


def inputs_of(response, css="object-form"):
    """What a browser sends when the form is saved as it is shown: {name: value}."""
    reader = _Inputs(css)
    reader.feed(response.content.decode())
    assert reader.sent, "there is no such form on the page"
    found = {}
    for name, value in reader.sent:
        found.setdefault(name, []).append(value)
    return {name: v[0] if len(v) == 1 else v for name, v in found.items()}
