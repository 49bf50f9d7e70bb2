"""Files for some images of a conversation that was grown without them."""

from collections.abc import Iterable

from core import keeping, pictures
from core.studio import Studio
from core.tables import Image
from tests.serving import picture


def draw(studio: Studio, images: Iterable[str]) -> None:
    """Keep a picture for each of these images."""
    drawn = pictures.keep(picture("PNG", (300, 200)))
    with studio.reading() as db:
        for image in images:
            keeping.put(studio.store, db.get_one(Image, image).key, drawn)
