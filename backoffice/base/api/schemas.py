"""What may come in, strictly, and how answers are described in the OpenAPI document."""

import re
from typing import Annotated, Any, Generic, Literal, TypeVar

from django.utils.translation import gettext_noop as _
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, WithJsonSchema
from pydantic_core import PydanticCustomError

from backoffice.base.api.envelope import CODES

Data = TypeVar("Data")

#: a longer page is refused
MOST_ENTRIES = 100
#: up to here a total is exact
CAP = 10_000
#: the largest key that a table can have
MAX_ID = 2**63 - 1
_WHOLE = re.compile(r"-?[0-9]{1,40}", re.ASCII)
_FLAGS = {"true": True, "1": True, "false": False, "0": False}


def _whole(value: Any) -> Any:
    """Digits only: pydantic itself would take " 5", "5.0" and "1_000" for numbers."""
    if isinstance(value, str):
        if not _WHOLE.fullmatch(value):
            raise PydanticCustomError("whole_number", "not a whole number")
        return int(value)
    return value


def _flag(value: Any) -> Any:
    if value not in _FLAGS:
        raise PydanticCustomError("flag", "not true or false")
    return _FLAGS[value]


_AS_WHOLE = BeforeValidator(_whole)

#: the key of a row, in the query or the path
Id = Annotated[int, Field(ge=1, le=MAX_ID), _AS_WHOLE]
#: a page's number
PageIndex = Annotated[int, Field(ge=1, le=2**31 - 1), _AS_WHOLE]
#: how many entries a page has
PageSize = Annotated[int, Field(ge=1, le=MOST_ENTRIES), _AS_WHOLE]
#: true or false in the query
Flag = Annotated[
    bool,
    BeforeValidator(_flag),
    WithJsonSchema({"type": "string", "enum": list(_FLAGS)}),
]
#: yuan in an answer
Money = Annotated[
    str,
    Field(pattern=r"^-?\d+\.\d{2}$", examples=["12.50"]),
]
#: base units or cases in an answer
Quantity = Annotated[
    str,
    Field(pattern=r"^-?\d+\.\d{3}$", examples=["3.000"]),
]


class Input(BaseModel):
    """Base of every body and group of query parameters: unknown fields are refused."""

    model_config = ConfigDict(extra="forbid")


class Pagination(BaseModel):
    """Where a page stands in its list."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "total": 42,
                "current_page": 1,
                "page_size": 20,
                "page_total": 3,
            }
        }
    )

    total: int = Field(ge=0, le=CAP, description=_("Exact up to 10,000."))
    current_page: int = Field(ge=1)
    page_size: int = Field(ge=1, le=MOST_ENTRIES)
    page_total: int = Field(ge=0, description=_("How many pages there are."))
    total_capped: bool = Field(
        default=False,
        description=_("Present and true where there are more than 10,000."),
    )


class Envelope(BaseModel, Generic[Data]):
    """A success."""

    code: Literal[0] = Field(description=_("0 says that it worked."))
    msg: str = Field(examples=["success."])
    data: Data


class FieldFault(BaseModel):
    """One field that is wrong."""

    field: str = Field(
        description=_("The name of the parameter, or the path in the body.")
    )
    message: str = Field(
        description=_("What is wrong, in the language of the request.")
    )


class Failure(BaseModel):
    """A refusal. `error` is for programs, `msg` for people."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "code": CODES["invalid"],
                "error": "invalid",
                "msg": _("The request is not valid; data names the fields."),
                "data": [{"field": "page_size", "message": _("Must be at most 100.")}],
            }
        }
    )

    code: int = Field(ge=1, description=_("Stands for `error`; never 0."))
    error: str = Field(json_schema_extra={"enum": list(CODES)})
    msg: str = Field(description=_("For people, in the language of the request."))
    data: list[FieldFault] | dict[str, Any] | None = Field(
        description=_("Depends on `error`; for `invalid` the fields that are wrong.")
    )
