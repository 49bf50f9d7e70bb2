"""Every sentence of the grid; `{…}` is filled in by the browser."""

from pages.parts.words import _


def words() -> dict[str, str]:
    """For a gallery of images that are kept."""
    return {
        "gallery": _("Images"),
        "image": _("{n} image"),
        "images": _("{n} images"),
        "post": _("{n} post"),
        "posts": _("{n} posts"),
        "new_image": _("{n} new image"),
        "new_images": _("{n} new images"),
        "practice": _("Practice"),
        "starred": _("Starred"),
        "selected": _("Selected for its post"),
        "pile": _("{n} image of its post"),
        "piles": _("{n} images of its post"),
        "undo": _("Undo"),
        "pick": _("Pick"),
        "pick_none": _("Pick none"),
        "picked": _("{n} picked"),
        "pickeds": _("{n} picked"),
        "most": _("Only {n} images are picked: more cannot be done at once."),
        "picked_bar": _("What to do with the picked images"),
        "unstar": _("Remove the star"),
        "project": _("Add to project"),
        "no_project": _("No project"),
        "new_project": _("New project"),
        "begin_project": _("Begin"),
        "square": _("Squares"),
        "justified": _("Whole pictures"),
        "jump": _("Go to a date"),
        "loading": _("Loading…"),
        "retry": _("Try again"),
        "close": _("Close"),
        "failed": _("Some images could not be loaded. They are safe."),
        "nothing": _("Nothing here yet"),
        "nothing_text": _("Every image that you make is kept and appears here, newest first."),
        "first": _("Make your first image"),
        "everybody": _("Look at everybody's images"),
        "others": _("Only who made an image can star, select, move or trash it."),
        "keys": _("Keys"),
        "key_names": key_names(),
        "key_move": _("Go from image to image"),
        "key_page": _("A window up or down"),
        "key_ends": _("First or last image"),
        "key_open": _("Show it large"),
        "key_range": _("Pick several in a row"),
        "key_all": _("Pick all"),
        "key_search": _("Search and filter"),
        "key_hint": _("They act on the picked images, or on the one you are at. The large view has more."),
    }


def key_names() -> dict[str, str]:
    """Keys as they are called on a keyboard, where that is not the letter itself."""
    return {
        "Home": _("Home"),
        "End": _("End"),
        "Escape": _("Esc"),
        "Shift": _("Shift"),
        "Ctrl": _("Ctrl"),
        "Enter": _("Enter"),
        "Space": _("Space"),
        "PageUp": _("Page up"),
        "PageDown": _("Page down"),
        "delete": _("Del"),
    }
