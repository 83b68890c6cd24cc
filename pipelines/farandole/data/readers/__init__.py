"""Readers: each turns one layout of labelled images into a listing, and reads no pixels."""

from farandole.data.readers.layout import read_images
from farandole.data.readers.listing import Entry, Listing

__all__ = ["Entry", "Listing", "read_images"]
