"""A stand-in for a go-fastdfs server: it answers as the recorded one does, faults too.

For tests and for trying things out; never in front of customers. `python -m
media_client.standin --port 8080 --root DIR` starts one.
"""

from media_client.standin.config import Config, Fault
from media_client.standin.server import StandIn

__all__ = ["Config", "Fault", "StandIn"]
