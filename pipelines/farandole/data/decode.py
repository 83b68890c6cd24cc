"""One rule that turns encoded image bytes into pixels, in training and in the registered model.

Stands alone on purpose: this very file is copied into the registered artifact, so that serving
cannot decode or resize in another way than training did.
"""

from __future__ import annotations

import io

import numpy as np
from numpy.typing import NDArray
from PIL import Image

PIXELS = 100_000_000
"""The largest picture that is decoded unless a document says otherwise: 100 megapixels."""

FORMATS = ("JPEG", "PNG", "GIF", "BMP", "WEBP", "TIFF", "PPM", "AVIF", "JPEG2000")
"""What is read. Formats that start other programs (EPS) or are only containers stay out."""

_ORIENTATION = 0x0112
_UPRIGHT = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}

# Pillow's own limit is a process-wide constant; ours is an argument, checked before decoding.
Image.MAX_IMAGE_PIXELS = None


class Undecodable(ValueError):  # noqa: N818  the name says what is so
    """The bytes are no picture that can be read; `reason` says why in one clause."""

    def __init__(self, reason: str) -> None:
        self.reason = reason
        super().__init__(reason)


def decode(
    content: bytes, height: int, width: int, channels: int = 3, pixels: int = PIXELS
) -> NDArray[np.uint8]:
    """Decode the first frame, upright, over white, and resize all of it to `height` x `width`.

    Returns uint8 [height, width, channels], channels 3 (RGB) or 1 (grey), values 0..255.
    Resizing is bilinear and antialiased, and does not keep the aspect ratio.
    Raises `Undecodable` when the bytes are no image, are cut short, or hold more than `pixels`.
    """
    return resized(picture(content, pixels), height, width, channels)


def picture(content: bytes, pixels: int = PIXELS) -> Image.Image:
    """Decode the first frame to an upright RGB picture of its own size, transparency over white.

    Raises `Undecodable` when the bytes are no image, are cut short, or hold more than `pixels`.
    """
    try:
        with Image.open(io.BytesIO(content), formats=FORMATS) as image:
            _refuse_bomb(image, pixels)
            image.load()
            return _upright(image, _rgb(image))
    except (Undecodable, MemoryError):
        raise
    except Image.UnidentifiedImageError:
        raise Undecodable(f"is no image of a known format ({_beginning(content)})") from None
    except Exception as error:  # Pillow's format plugins raise whatever malformed bytes lead to
        raise Undecodable(f"cannot be decoded: {str(error) or type(error).__name__}") from error


def resized(image: Image.Image, height: int, width: int, channels: int = 3) -> NDArray[np.uint8]:
    """Resize an RGB picture to uint8 [height, width, channels], bilinear and antialiased."""
    small = image
    if image.size != (width, height):
        small = image.resize((width, height), Image.Resampling.BILINEAR)
    if channels == 1:
        return np.asarray(small.convert("L"), dtype=np.uint8)[:, :, None]
    return np.asarray(small, dtype=np.uint8)


def _refuse_bomb(image: Image.Image, pixels: int) -> None:
    width, height = image.size
    if width * height > pixels:
        raise Undecodable(
            f"holds {width} x {height} = {width * height} pixels, more than the limit of {pixels}"
        )


def _rgb(image: Image.Image) -> Image.Image:
    if image.mode.startswith("I"):
        return _from_deep_grey(image)
    if image.mode == "F":
        raise Undecodable("has floating-point pixels, whose range is not known")
    if image.has_transparency_data:
        return _over_white(image.convert("RGBA"))
    # Pillow would copy a JPEG that is RGB already: a quarter of the time of a picture of 0.2 MP.
    return image if (image.format, image.mode) == ("JPEG", "RGB") else image.convert("RGB")


def _from_deep_grey(image: Image.Image) -> Image.Image:
    """Keep the upper 8 of 16 bits; Pillow's own conversion clips at 255 and whitens the picture."""
    deep = np.asarray(image).astype(np.int64).clip(0, 65535)
    return Image.fromarray((deep >> 8).astype(np.uint8)).convert("RGB")


def _over_white(image: Image.Image) -> Image.Image:
    white = Image.new("RGB", image.size, "white")
    white.paste(image, mask=image.getchannel("A"))
    return white


def _upright(source: Image.Image, image: Image.Image) -> Image.Image:
    try:
        turn = _UPRIGHT.get(source.getexif().get(_ORIENTATION, 1))
    except Exception:  # a broken EXIF block says nothing; every viewer shows the picture as it lies
        turn = None
    return image if turn is None else image.transpose(turn)


def _beginning(content: bytes) -> str:
    return f"it begins with {content[:16]!r}" if content else "it is empty"
