"""Reading pages in tests."""

import html
import re


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
