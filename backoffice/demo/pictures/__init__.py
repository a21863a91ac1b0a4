"""The demo's pictures: fruit that we draw, so that nothing has to be licensed."""

from backoffice.demo.pictures.render import KINDS, render

__all__ = ["KINDS", "render"]
