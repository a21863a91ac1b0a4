"""Which part of a picture is kept, whichever way the camera was held."""

import io

import pytest
from PIL import Image

from backoffice.base.cropping import BadCrop, Crop
from backoffice.base.pictures import read_picture

QUARTERS = ((200, 30, 40), (30, 160, 60), (40, 60, 200), (230, 200, 40))
CORNERS = ((0, 0), (0.5, 0), (0, 0.5), (0.5, 0.5))


def quarters(size=(400, 200)):
    """A picture of four colours, one in each corner."""
    width, height = size
    image = Image.new("RGB", size)
    for colour, (x, y) in zip(QUARTERS, CORNERS, strict=True):
        box = (int(x * width), int(y * height))
        image.paste(Image.new("RGB", (width // 2, height // 2), colour), box)
    return image


def encoded(image, kind="JPEG", **options):
    out = io.BytesIO()
    image.save(out, kind, **options)
    out.seek(0)
    return out


def part(file, crop, **options):
    picture = read_picture(file, max_mb=5, crop=crop, **options)
    return Image.open(io.BytesIO(picture.content)).convert("RGB")


def near(one, two):
    return all(abs(a - b) < 24 for a, b in zip(one, two, strict=True))


#: how a camera's note turns the pixels; the page shows the upright picture
TURNS = {
    1: None,
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_90,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_270,
}


@pytest.mark.parametrize("note", TURNS)
@pytest.mark.parametrize("corner", range(4))
def test_the_part_is_that_of_the_upright_picture(note, corner):
    upright = quarters()
    turn = TURNS[note]
    kept = upright if turn is None else upright.transpose(turn)
    exif = Image.Exif()
    exif[0x0112] = note
    x, y = CORNERS[corner]
    image = part(encoded(kept, exif=exif, quality=95), Crop(x, y, 0.5, 0.5))
    assert image.size == (200, 100)
    for at in ((8, 8), (191, 8), (8, 91), (191, 91)):
        assert near(image.getpixel(at), QUARTERS[corner]), (note, corner)


@pytest.mark.parametrize("kind", ["PNG", "WEBP", "GIF"])
def test_every_format_is_cut(kind):
    image = part(encoded(quarters(), kind), Crop(0.5, 0.5, 0.5, 0.5))
    assert image.size == (200, 100)
    assert near(image.getpixel((100, 50)), QUARTERS[3])


@pytest.mark.parametrize("mode", ["P", "L", "CMYK", "RGBA", "I;16", "1"])
def test_every_mode_is_cut(mode):
    kind = "JPEG" if mode == "CMYK" else "PNG"
    image = Image.new("L", (400, 200), 128).convert("I") if mode == "I;16" else None
    if image is not None:
        image = image.point(lambda value: value * 256).convert("I;16")
    else:
        image = quarters().convert(mode)
    assert part(encoded(image, kind), Crop(0, 0, 0.25, 0.5)).size == (100, 100)


def test_what_lay_outside_is_gone():
    """Nothing of the rest is in the file, in the margin either."""
    secret = quarters()
    picture = read_picture(encoded(secret, "PNG"), max_mb=5, crop=Crop(0, 0, 0.5, 0.5))
    found = Image.open(io.BytesIO(picture.content))
    assert found.size == (200, 100)
    assert not found.getexif()
    assert not found.info.get("comment")
    assert all(near(colour, QUARTERS[0]) for _n, colour in found.getcolors(10**6))


def test_a_small_part_of_a_large_picture_keeps_its_detail():
    """Decoded as large as the part needs, not as large as the whole would."""
    image = Image.new("RGB", (6000, 4000), "white")
    image.paste((0, 0, 0), (1000, 1000, 1400, 1400))
    found = part(encoded(image), Crop(1000 / 6000, 1000 / 4000, 0.1, 0.15))
    assert found.size == (600, 600)
    assert near(found.getpixel((380, 380)), (0, 0, 0))
    assert near(found.getpixel((420, 420)), (255, 255, 255))


def test_a_part_of_one_pixel_is_a_pixel():
    assert part(encoded(quarters()), Crop(0.9999, 0.9999, 0.0001, 0.0001)).size == (
        1,
        1,
    )
    assert part(encoded(Image.new("RGB", (1, 1))), Crop(0.5, 0.5, 0.5, 0.5)).size == (
        1,
        1,
    )


def test_pages_send_it_as_text():
    assert Crop.parse("0.1,0,0.5,1") == Crop(0.1, 0, 0.5, 1)
    assert Crop.parse(" 0.333333,0.000000,0.666667,1.000000 ") is not None
    assert Crop.parse("") is None


@pytest.mark.parametrize(
    "text",
    [
        *(
            "x",
            "1",
            "0,0,1",
            "0,0,1,1,1",
            "0,0,0,1",
            "0,0,1,0",
            "-1,0,1,1",
            "0.6,0,0.5,1",
        ),
        *(
            "0,0.2,1,0.9",
            "nan,0,1,1",
            "0,0,1e3,1",
            "0,0,9,9",
            "٠,0,1,1",
            "0,0,1,1" * 99,
        ),
    ],
)
def test_what_is_no_part_is_refused(text):
    with pytest.raises(BadCrop):
        Crop.parse(text)
