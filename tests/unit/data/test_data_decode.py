"""Every kind of picture becomes the same kind of pixels, and what is no picture is refused."""

import io
import struct

import numpy as np
import pytest
from PIL import Image

from farandole.data.decode import Undecodable, decode
from tests.support.data_pictures import bomb

RED, WHITE, BLACK = (255, 0, 0), (255, 255, 255), (0, 0, 0)


def encoded(image: Image.Image, kind: str = "PNG", **options: object) -> bytes:
    out = io.BytesIO()
    image.save(out, kind, **options)
    return out.getvalue()


def corner(content: bytes) -> tuple[int, ...]:
    return tuple(decode(content, 4, 4)[0, 0].tolist())


def half_red(mode: str = "RGB") -> Image.Image:
    image = Image.new("RGB", (8, 4), BLACK)
    image.paste(RED, (0, 0, 4, 4))
    return image.convert(mode)


def test_the_whole_picture_is_resized_to_height_and_width() -> None:
    pixels = decode(encoded(half_red()), height=4, width=6)
    assert pixels.shape == (4, 6, 3)
    assert pixels.dtype.name == "uint8"
    assert pixels[0, 0].tolist() == list(RED)
    assert pixels[0, -1].tolist() == list(BLACK)


def test_making_smaller_averages_every_pixel() -> None:
    checks = np.indices((64, 64)).sum(axis=0) % 2 * 255
    pixels = decode(encoded(Image.fromarray(checks.astype(np.uint8))), 4, 4)
    assert np.abs(pixels.astype(int) - 127).max() <= 2


def test_one_channel_is_grey() -> None:
    assert decode(encoded(half_red()), 4, 4, channels=1).shape == (4, 4, 1)


@pytest.mark.parametrize("orientation", range(1, 9))
def test_exif_orientation_turns_the_picture_upright(orientation: int) -> None:
    upright = Image.fromarray(np.arange(8 * 4 * 3, dtype=np.uint8).reshape(8, 4, 3))
    undo = {2: 0, 3: 3, 4: 1, 5: 5, 6: 2, 7: 6, 8: 4}  # how a camera held that way stores it
    stored = upright if orientation == 1 else upright.transpose(Image.Transpose(undo[orientation]))
    exif = Image.Exif()
    exif[0x0112] = orientation
    content = encoded(stored, exif=exif)
    assert np.array_equal(decode(content, 8, 4), np.asarray(upright))


def test_a_broken_exif_block_is_no_reason_to_refuse() -> None:
    assert corner(encoded(half_red(), "JPEG", exif=b"Exif\0\0MM\0*\xff\xff\xff\xff"))[0] > 250


@pytest.mark.parametrize("mode", ["RGBA", "LA"])
def test_transparency_shows_white(mode: str) -> None:
    assert corner(encoded(Image.new(mode, (4, 4), (0,) * len(mode)))) == WHITE


def test_half_transparent_black_over_white_is_grey() -> None:
    assert corner(encoded(Image.new("RGBA", (4, 4), (0, 0, 0, 128)))) == (127, 127, 127)


def test_a_palette_with_a_transparent_colour_shows_white_there() -> None:
    content = encoded(
        half_red().convert("P"), transparency=half_red().convert("P").getpixel((7, 0))
    )
    assert decode(content, 4, 8)[0, -1].tolist() == list(WHITE)
    assert corner(content) == RED


@pytest.mark.parametrize(
    "mode, kind, expected",
    [
        ("1", "PNG", (0, 0, 0)),
        ("L", "PNG", (76, 76, 76)),
        ("P", "PNG", RED),
        ("P", "GIF", RED),
        ("RGB", "BMP", RED),
        ("RGB", "PPM", RED),
        ("RGB", "TIFF", RED),
        ("CMYK", "TIFF", RED),
        ("LAB", "TIFF", (251, 5, 4)),
    ],
)
def test_every_mode_becomes_rgb(mode: str, kind: str, expected: tuple[int, ...]) -> None:
    plain = half_red() if mode != "1" else Image.new("RGB", (8, 4))
    assert corner(encoded(plain.convert(mode), kind)) == expected


@pytest.mark.parametrize("kind", ["JPEG", "WEBP", "AVIF"])
def test_lossy_formats_are_read(kind: str) -> None:
    red, green, blue = corner(encoded(half_red(), kind, quality=95))
    assert red > 220
    assert max(green, blue) < 40


def test_a_cmyk_jpeg_is_not_inverted() -> None:
    red, green, blue = corner(encoded(half_red("CMYK"), "JPEG", quality=95))
    assert red > 240
    assert max(green, blue) < 15


@pytest.mark.parametrize("value, expected", [(0, 0), (32768, 128), (65535, 255)])
@pytest.mark.parametrize("kind", ["PNG", "TIFF"])
def test_sixteen_bits_keep_their_upper_eight(kind: str, value: int, expected: int) -> None:
    deep = Image.fromarray(np.full((4, 4), value, np.uint16))
    assert corner(encoded(deep, kind)) == (expected,) * 3


def test_big_endian_sixteen_bits_are_read_alike() -> None:
    deep = Image.frombytes("I;16B", (4, 4), struct.pack(">16H", *[32768] * 16))
    assert corner(encoded(deep, "TIFF")) == (128, 128, 128)


@pytest.mark.parametrize("kind", ["GIF", "TIFF", "WEBP", "PNG"])
def test_the_first_frame_of_an_animation_is_taken(kind: str) -> None:
    frames = [Image.new("RGB", (4, 4), colour) for colour in (RED, BLACK)]
    content = encoded(frames[0], kind, save_all=True, append_images=frames[1:])
    assert corner(content)[0] >= 250


def test_a_text_file_is_refused_with_its_beginning() -> None:
    with pytest.raises(Undecodable, match=r"no image of a known format .*b'Dear diary"):
        decode(b"Dear diary, this is no picture", 4, 4)


def test_an_empty_file_is_refused() -> None:
    with pytest.raises(Undecodable, match="empty"):
        decode(b"", 4, 4)


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "BMP", "WEBP", "TIFF"])
def test_a_truncated_picture_is_refused(kind: str) -> None:
    noise = np.random.default_rng(0).integers(0, 256, (64, 64, 3), np.uint8)
    content = encoded(Image.fromarray(noise), kind)
    with pytest.raises(Undecodable):
        decode(content[: len(content) * 2 // 3], 4, 4)


def test_a_bomb_of_20000_by_20000_pixels_is_refused_before_it_is_decoded() -> None:
    with pytest.raises(Undecodable, match=r"20000 x 20000 = 400000000 pixels.* limit of 100000000"):
        decode(bomb(20_000), 4, 4)


def test_the_limit_of_pixels_is_the_callers() -> None:
    content = encoded(half_red())
    assert decode(content, 4, 4, pixels=32).shape == (4, 4, 3)
    with pytest.raises(Undecodable, match="limit of 31"):
        decode(content, 4, 4, pixels=31)


def test_floating_point_pixels_are_refused() -> None:
    with pytest.raises(Undecodable, match="floating-point"):
        decode(encoded(Image.new("F", (4, 4), 0.5), "TIFF"), 4, 4)


def test_postscript_is_not_run() -> None:
    with pytest.raises(Undecodable, match="no image of a known format"):
        decode(encoded(half_red(), "EPS"), 4, 4)


@pytest.mark.parametrize("mode", ["RGB", "L", "CMYK"])
def test_a_jpeg_has_the_pixels_that_pillow_converts_it_to(mode: str) -> None:
    noise = np.random.default_rng(0).integers(0, 256, (40, 50, 3), np.uint8)
    content = encoded(Image.fromarray(noise).convert(mode), "JPEG")
    whole = Image.open(io.BytesIO(content)).convert("RGB")
    small = whole.resize((20, 16), Image.Resampling.BILINEAR)
    assert decode(content, 16, 20).tobytes() == np.asarray(small).tobytes()
    assert decode(content, 40, 50).tobytes() == np.asarray(whole).tobytes()
