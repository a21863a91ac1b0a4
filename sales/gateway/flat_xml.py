"""Reading the gateway's XML: one element, children with text, and nothing else.

Entities, DTDs, attributes, deeper elements, repeated names and foreign roots are
refused, so that no two readers can see two different things in one message.
"""

from xml.parsers import expat

from sales.gateway.values import Unreadable

#: bytes; what the gateway sends is a few hundred
MOST_BYTES = 64 * 1024
_MOST_FIELDS = 500


def parse_flat(body: bytes, root: str = "xml") -> dict[str, str]:
    """Names and texts of the children of `<root>`. Raises `Unreadable`."""
    if len(body) > MOST_BYTES:
        raise Unreadable("the message is too long")
    reader = _Reader(root)
    try:
        reader.read(body)
    except (expat.ExpatError, UnicodeError, ValueError) as error:
        if isinstance(error, Unreadable):
            raise
        raise Unreadable("the message is not XML") from None
    return reader.fields


class _Reader:
    def __init__(self, root: str) -> None:
        self.fields: dict[str, str] = {}
        self._root = root
        self._depth = 0
        self._text: list[str] = []

    def read(self, body: bytes) -> None:
        # the declared encoding is not believed: the gateway writes UTF-8
        parser = expat.ParserCreate("utf-8")
        parser.StartDoctypeDeclHandler = self._refuse
        parser.EntityDeclHandler = self._refuse
        parser.ProcessingInstructionHandler = self._refuse
        parser.StartElementHandler = self._open
        parser.EndElementHandler = self._close
        parser.CharacterDataHandler = self._take
        parser.Parse(body, True)

    def _refuse(self, *found: object) -> None:
        raise Unreadable("the message declares more than fields")

    def _open(self, name: str, attributes: dict[str, str]) -> None:
        self._depth += 1
        if attributes:
            raise Unreadable("an element has attributes")
        if self._depth == 1 and name != self._root:
            raise Unreadable("the root element is another")
        if self._depth > 2:
            raise Unreadable("elements are nested")
        if name in self.fields:
            raise Unreadable("a field stands twice")
        if len(self.fields) >= _MOST_FIELDS:
            raise Unreadable("there are too many fields")
        self._text = []

    def _close(self, name: str) -> None:
        if self._depth == 2:
            self.fields[name] = "".join(self._text)
            self._text = []
        self._depth -= 1

    def _take(self, text: str) -> None:
        if self._depth == 2:
            self._text.append(text)
        elif text.strip():
            raise Unreadable("there is text between the fields")
