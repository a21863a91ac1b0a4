"""Pictures are told by their content, decoded with care and written anew."""

import io
import struct
import zipfile
import zlib
from contextlib import suppress

import pytest
from PIL import Image, ImageCms, PngImagePlugin

from backoffice.base.pictures import (
    LONGEST,
    MAX_PIXELS,
    BadPicture,
    PictureTooLarge,
    read_picture,
    thumbnail,
    thumbnail_name,
    thumbnail_url,
)


def encoded(image, format="JPEG", **options):
    out = io.BytesIO()
    image.save(out, format, **options)
    return out.getvalue()


def read(content, max_mb=5):
    return read_picture(io.BytesIO(content), max_mb=max_mb)


def opened(content):
    image = Image.open(io.BytesIO(content))
    image.load()
    return image


def near(pixel, wanted, by=12):
    return all(abs(a - b) <= by for a, b in zip(pixel, wanted, strict=True))


def red(mode="RGB", size=(64, 48)):
    return Image.new("RGB", size, (200, 30, 40)).convert(mode)


@pytest.mark.parametrize("format", ["JPEG", "PNG", "WEBP", "GIF"])
def test_each_accepted_format_becomes_a_jpeg(format):
    picture = read(encoded(red(), format))
    image = opened(picture.content)
    assert (image.format, image.mode, image.size) == ("JPEG", "RGB", (64, 48))
    assert (picture.width, picture.height) == (64, 48)
    assert near(image.getpixel((30, 20)), (200, 30, 40))


def test_a_large_picture_is_made_smaller_in_proportion():
    picture = read(encoded(red(size=(4000, 1000))))
    assert (picture.width, picture.height) == (LONGEST, LONGEST // 4)
    assert opened(picture.content).size == (LONGEST, LONGEST // 4)


def test_a_line_of_pixels_keeps_a_height():
    picture = read(encoded(red(size=(8000, 1)), "PNG"))
    assert (picture.width, picture.height) == (LONGEST, 1)


def test_a_small_picture_is_not_made_larger():
    assert (read(encoded(red(size=(1, 1)))).width) == 1


@pytest.mark.parametrize(("kind", "name"), [("jpg", "JPEG"), ("webp", "WEBP")])
def test_a_thumbnail_is_a_small_copy(kind, name):
    content = read(encoded(red(size=(800, 600)))).content
    image = opened(thumbnail(io.BytesIO(content), 160, kind))
    assert (image.format, image.size) == (name, (160, 120))


def test_what_is_no_picture_has_no_thumbnail():
    with pytest.raises(BadPicture):
        thumbnail(io.BytesIO(b"no picture"), 160, "jpg")


def test_thumbnails_are_found_by_name():
    assert thumbnail_name("goods/ab/cd.jpg", 160, "jpg") == "goods/ab/cd_160.jpg"
    assert thumbnail_url("goods/ab/c d.jpg") == "/media/thumb/160/goods/ab/c%20d.jpg"
    assert thumbnail_url("") == ""


@pytest.mark.parametrize("orientation", range(1, 9))
def test_the_picture_is_set_upright(orientation):
    upright = Image.new("RGB", (40, 20), "white")
    upright.paste((255, 0, 0), (0, 0, 20, 10))  # red at the upper left
    back = {
        2: Image.Transpose.FLIP_LEFT_RIGHT,
        3: Image.Transpose.ROTATE_180,
        4: Image.Transpose.FLIP_TOP_BOTTOM,
        5: Image.Transpose.TRANSPOSE,
        6: Image.Transpose.ROTATE_90,
        7: Image.Transpose.TRANSVERSE,
        8: Image.Transpose.ROTATE_270,
    }
    held = upright.transpose(back[orientation]) if orientation > 1 else upright
    exif = Image.Exif()
    exif[0x0112] = orientation
    picture = opened(read(encoded(held, quality=95, exif=exif)).content)
    assert picture.size == (40, 20)
    assert near(picture.getpixel((5, 4)), (255, 0, 0), by=40)
    assert near(picture.getpixel((35, 15)), (255, 255, 255), by=40)


@pytest.mark.parametrize("value", [0, 9, 65535])
def test_an_orientation_that_is_none_is_left_out(value):
    exif = Image.Exif()
    exif[0x0112] = value
    assert read(encoded(red(), exif=exif)).width == 64


@pytest.mark.filterwarnings("ignore:Corrupt EXIF data")
@pytest.mark.parametrize("exif", [b"MM\x00\x2a\xff\xff\xff\xff", b"no TIFF at all"])
def test_a_damaged_exif_does_not_spoil_the_picture(exif):
    assert read(encoded(red(), exif=b"Exif\x00\x00" + exif)).width == 64


def test_metadata_is_gone():
    exif = Image.Exif()
    exif[0x010F] = "Camera of Mei"
    exif[0x9286] = "secret place"
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    jpeg = encoded(red(), exif=exif, comment=b"my comment", icc_profile=profile)
    notes = PngImagePlugin.PngInfo()
    notes.add_text("Author", "Mei")
    for content in (jpeg, encoded(red(), "PNG", pnginfo=notes, exif=exif)):
        picture = read(content)
        small = thumbnail(io.BytesIO(picture.content), 160, "webp")
        for made in (picture.content, small):
            image = opened(made)
            assert dict(image.getexif()) == {}
            assert not {"comment", "icc_profile", "exif", "Author"} & image.info.keys()
            assert b"Mei" not in made
            assert b"comment" not in made


def test_transparency_becomes_white():
    clear = Image.new("RGBA", (20, 20), (0, 0, 0, 0))
    clear.paste((200, 30, 40, 255), (0, 0, 10, 20))
    for content in (encoded(clear, "PNG"), encoded(clear, "WEBP", lossless=True)):
        image = opened(read(content).content)
        assert near(image.getpixel((15, 10)), (255, 255, 255))
        assert near(image.getpixel((4, 10)), (200, 30, 40), by=40)


def test_a_palette_with_a_clear_colour_becomes_white():
    palette = Image.new("P", (20, 20), 0)
    palette.putpalette([10, 20, 30] + [0, 0, 0] * 255)
    content = encoded(palette, "GIF", transparency=0)
    assert near(opened(read(content).content).getpixel((9, 9)), (255, 255, 255))


@pytest.mark.parametrize("mode", ["1", "L", "P", "LA", "CMYK"])
def test_every_mode_becomes_rgb(mode):
    content = encoded(red(mode), "JPEG" if mode == "CMYK" else "PNG")
    assert opened(read(content).content).mode == "RGB"


def test_cmyk_keeps_its_colours():
    image = opened(read(encoded(red("CMYK"), quality=95)).content)
    assert near(image.getpixel((30, 20)), (200, 30, 40), by=25)


def test_sixteen_bits_keep_their_greys():
    deep = Image.new("I;16", (20, 20), 0x8000)
    image = opened(read(encoded(deep, "PNG")).content)
    assert near(image.getpixel((9, 9)), (128, 128, 128), by=3)


def test_a_profile_is_worked_in_and_a_damaged_one_left_out():
    wide = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    for profile in (wide, b"not a profile"):
        image = opened(read(encoded(red(), icc_profile=profile, quality=95)).content)
        assert near(image.getpixel((30, 20)), (200, 30, 40), by=15)


@pytest.mark.parametrize("format", ["GIF", "WEBP", "PNG"])
def test_of_a_moving_picture_the_first_frame_counts(format):
    blue = Image.new("RGB", (64, 48), "blue")
    content = encoded(red(), format, save_all=True, append_images=[blue], duration=100)
    image = opened(read(content).content)
    assert near(image.getpixel((30, 20)), (200, 30, 40), by=25)


def chunk(kind, data):
    body = kind + data
    return struct.pack(">I", len(data)) + body + struct.pack(">I", zlib.crc32(body))


def png_header(width, height):
    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0))
        + chunk(b"IDAT", b"")
    )


def gif_header(width, height):
    frame = (
        b"\x2c" + struct.pack("<HHHH", 0, 0, width, height) + b"\x00\x02\x02D\x01\x00"
    )
    return (
        b"GIF89a" + struct.pack("<HH", width, height) + b"\x80\0\0" + b"\0" * 6 + frame
    )


def jpeg_of(width, height):
    content = bytearray(encoded(red(size=(16, 16))))
    at = content.index(b"\xff\xc0")
    content[at + 5 : at + 9] = struct.pack(">HH", height, width)
    return bytes(content)


def webp_x(width, height):
    body = (
        b"WEBPVP8X"
        + struct.pack("<I", 10)
        + b"\0\0\0\0"
        + (width - 1).to_bytes(3, "little")
        + (height - 1).to_bytes(3, "little")
    )
    return b"RIFF" + struct.pack("<I", len(body)) + body


def webp_lossless(width, height):
    bits = (width - 1) | (height - 1) << 14
    body = b"WEBPVP8L" + struct.pack("<I", 5) + b"\x2f" + struct.pack("<I", bits)
    return b"RIFF" + struct.pack("<I", len(body)) + body


def webp_lossy(width, height):
    body = (
        b"WEBPVP8 "
        + struct.pack("<I", 10)
        + b"\0\0\0\x9d\x01\x2a"
        + struct.pack("<HH", width, height)
    )
    return b"RIFF" + struct.pack("<I", len(body)) + body


HEADERS = [png_header, gif_header, jpeg_of, webp_x, webp_lossless, webp_lossy]


@pytest.mark.parametrize("side", [7_000, 10_000, 16_000])
@pytest.mark.parametrize("make", HEADERS)
def test_too_many_pixels_are_refused_from_the_header(make, side):
    with pytest.raises(PictureTooLarge, match="40"):
        read(make(side, side))


def test_20_000_by_20_000_pixels_are_refused():
    with pytest.raises(PictureTooLarge, match="40"):
        read(jpeg_of(20_000, 20_000))


def test_a_bomb_of_black_pixels_is_refused():
    width = height = 12_000
    rows = zlib.compress(b"\0" * (width * 3 + 1) * 100, 9)
    with pytest.raises(PictureTooLarge):
        read(png_header(width, height) + chunk(b"IDAT", rows) + chunk(b"IEND", b""))


def test_forty_megapixels_are_still_taken():
    side = int(MAX_PIXELS**0.5)
    grey = Image.new("L", (side, side), 128)
    assert read(encoded(grey)).width == LONGEST


def test_a_text_that_unpacks_to_gigabytes_is_not_unpacked():
    text = chunk(b"zTXt", b"k\0\0" + zlib.compress(b"x" * 50_000_000, 9))
    plain = encoded(red(), "PNG")
    with pytest.raises(BadPicture):
        read(plain[:33] + text + plain[33:])


def test_a_jpeg_of_thousands_of_scans_is_refused():
    content = encoded(red(), progressive=True)
    at = content.index(b"\xff\xda")
    scan = content[at : content.index(b"\xff", at + 12)]
    with pytest.raises(BadPicture):
        read(content[:-2] + scan * 5000 + b"\xff\xd9")


@pytest.mark.parametrize("format", ["JPEG", "PNG", "WEBP", "GIF"])
def test_a_truncated_picture_is_refused(format):
    noisy = Image.effect_noise((200, 200), 90).convert("RGB")
    content = encoded(noisy, format)
    for share in (0.2, 0.5, 0.8):
        with pytest.raises(BadPicture):
            read(content[: int(len(content) * share)])


@pytest.mark.parametrize("format", ["JPEG", "PNG", "WEBP", "GIF"])
def test_a_damaged_picture_never_fails_otherwise(format):
    content = encoded(Image.effect_noise((80, 80), 90).convert("RGB"), format)
    for at in range(12, len(content), max(1, len(content) // 150)):
        damaged = content[:at] + bytes([content[at] ^ 0xFF]) + content[at + 1 :]
        with suppress(BadPicture):
            read(damaged)


OTHERS = {
    "svg": b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>',
    "svg-xml": b'\xef\xbb\xbf<?xml version="1.0"?>\n<svg width="1" height="1"/>',
    "html": b"<!doctype html><script>alert(1)</script>",
    "html-late": b"\n\n  <html><body>hello</body></html>",
    "heic": b"\0\0\0\x18ftypheic\0\0\0\0mif1heic",
    "avif": b"\0\0\0\x18ftypavif\0\0\0\0mif1avif",
    "pdf": b"%PDF-1.7\n%...",
    "zip": b"PK\x03\x04 something",
    "bmp": b"BM" + b"\0" * 60,
    "tiff": b"II*\0" + b"\0" * 60,
    "ico": b"\0\0\1\0" + b"\0" * 60,
    "eps": b"%!PS-Adobe-3.0 EPSF-3.0\n",
    "text": b"GIF like text",
    "exe": b"MZ\x90\0",
    "riff": b"RIFF\x24\0\0\0WAVEfmt ",
    "zeros": b"\0" * 1000,
    "magic-only": b"\xff\xd8\xff",
    "png-magic-only": b"\x89PNG\r\n\x1a\n",
    "gif-magic-only": b"GIF89a",
    "webp-magic-only": b"RIFF\x04\0\0\0WEBP",
}


@pytest.mark.parametrize("name", OTHERS)
def test_what_is_no_picture_is_refused(name):
    with pytest.raises(BadPicture) as refusal:
        read(OTHERS[name])
    assert str(refusal.value)


@pytest.mark.parametrize("format", ["BMP", "TIFF", "ICO", "TGA", "PPM"])
def test_pictures_of_other_formats_are_refused(format):
    with pytest.raises(BadPicture):
        read(encoded(red(), format))


def test_an_empty_file_is_refused():
    with pytest.raises(BadPicture):
        read(b"")


def zipped():
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr("a.class", "payload")
    return out.getvalue()


POLYGLOTS = {
    "html-after": encoded(red()) + b"<html><script>alert(1)</script></html>",
    "php-in-a-comment": encoded(red(), comment=b"<?php system($_GET[0]); ?>"),
    "gif-and-script": b"GIF89a/*" + encoded(red(), "GIF")[8:] + b"*/=1;<script >x()",
    "svg-after": encoded(red(), "PNG") + b"<svg onload=alert(1)>",
    "zip-after": encoded(red()) + zipped(),
    "pdf-inside": encoded(red(), comment=b"%PDF-1.4"),
}


@pytest.mark.parametrize("name", POLYGLOTS)
def test_a_picture_that_is_something_else_too_is_refused(name):
    with pytest.raises(BadPicture):
        read(POLYGLOTS[name])


def test_what_phones_append_is_taken_and_dropped():
    picture = read(encoded(red()) + encoded(red(size=(32, 24))) + b"\0SEFT samsung")
    assert picture.width == 64
    assert b"samsung" not in picture.content


class Named(io.BytesIO):
    """As Django hands uploaded files over: the size is known beforehand."""

    size = 2 * 2**20 + 1

    def read(self, *args):
        raise AssertionError("too large a file is not read")


def test_too_many_megabytes_are_refused_without_reading():
    with pytest.raises(PictureTooLarge, match="2 MB"):
        read_picture(Named(), max_mb=2)


def test_too_many_megabytes_are_refused_where_the_size_is_unknown():
    with pytest.raises(PictureTooLarge):
        read(encoded(red()) + b"\0" * 2**20, max_mb=1)


@pytest.mark.real_data
def test_real_photographs_are_taken(real_data):
    photos = sorted((real_data / "images" / "photos").glob("*.jpg"))
    assert len(photos) == 43
    for path in photos:
        with path.open("rb") as file:
            picture = read_picture(file, max_mb=5)
        with Image.open(path) as image:
            assert (picture.width, picture.height) == image.size


@pytest.mark.real_data
def test_real_drawings_are_refused(real_data):
    drawings = sorted((real_data / "images").glob("svg_openmoji/**/*.svg"))
    assert drawings
    for path in drawings:
        with path.open("rb") as file, pytest.raises(BadPicture, match="SVG"):
            read_picture(file, max_mb=5)
