"""Pictures that tests hand in."""

import io

from django.core.files.uploadedfile import SimpleUploadedFile
from PIL import Image


def upload(name="apple.png", colour="red", size=(40, 30)):
    """A picture as a browser sends it."""
    out = io.BytesIO()
    Image.new("RGB", size, colour).save(out, "PNG")
    return SimpleUploadedFile(name, out.getvalue(), content_type="image/png")
