"""Every sentence of the query line, the filters and the views; `{…}` is filled in by the browser."""

from pages.parts.words import _


def words() -> dict[str, str]:
    """For the gallery's component, as its `words.find`."""
    return {**_line(), **_values(), **_dates(), **_views(), **_nothing()}


def _line() -> dict[str, str]:
    return {
        "line": _("Search and filter"),
        "placeholder": _("Search, or filter: model:… is:starred after:7d"),
        "placeholder_short": _("Search, or filter: is:starred"),
        "offers": _("What you could write"),
        "clear_line": _("Empty the line"),
        "chips": _("What is looked for"),
        "remove": _("Take away: {what}"),
        "not": _("Not: {what}"),
        "clear": _("Clear"),
        "filters": _("Filters"),
        "close": _("Close"),
        "more": _("Show all"),
        "fewer": _("Show fewer"),
        "show": _("Show {n} image"),
        "shows": _("Show {n} images"),
        "image": _("{n} image"),
        "images": _("{n} images"),
        "unsought": _("Only letters and digits can be searched for, so this does not count: {what}"),
        "coming": _("The gallery's index is being made. Filters and counts appear in a moment."),
        "unreachable": _("The studio does not answer. Filters and counts appear when it does."),
        "key_model": _("which model made it"),
        "key_provider": _("who was asked"),
        "key_ratio": _("its shape"),
        "key_project": _("the project of its post"),
        "key_is": _("starred, selected, first, edit, practice"),
        "key_has": _("a caption"),
        "key_cost": _("dollars, like >0.05"),
        "key_took": _("a duration, like >10s"),
        "key_after": _("from a day on, like 2026-11-01 or 7d"),
        "key_before": _("up to a day"),
        "key_on": _("a day or a month"),
        "key_like": _("images that look like one of them, by its id"),
        "whole_like": _("Looks like one image"),
        "key_by": _("whose: a name, or everybody"),
        "key_sort": _("what comes first"),
        "key_stack": _("one image of each post"),
    }


def _values() -> dict[str, str]:
    """`facet_…` names a filter, `<facet>_<value>` what it can be, `<key>_<value>` what a piece of the line says,
    `whole_<key>` what it says whatever its value is."""
    return {
        "marks": _("Only"),
        "facet_model": _("Model"),
        "facet_provider": _("Provider"),
        "facet_ratio": _("Ratio"),
        "facet_project": _("Project"),
        "facet_kind": _("Kind"),
        "facet_person": _("Person"),
        "person_none": _("Everybody"),
        "by_everybody": _("Everybody"),
        "by_alone": _("Everybody whom you see: yourself"),
        "facet_by": _("By"),
        "by_me": _("My own"),
        "starred_yes": _("Starred"),
        "selected_yes": _("Selected for its post"),
        "captioned_yes": _("With a caption"),
        "practice_yes": _("Practice"),
        "kind_first": _("First images"),
        "kind_edit": _("Edits"),
        "project_none": _("No project"),
        "is_starred": _("Starred"),
        "is_selected": _("Selected for its post"),
        "is_first": _("First images"),
        "is_edit": _("Edits"),
        "is_practice": _("Practice"),
        "has_caption": _("With a caption"),
        "ratio_square": _("Square"),
        "ratio_wide": _("Wide"),
        "ratio_landscape": _("Wide"),
        "ratio_tall": _("Tall"),
        "ratio_portrait": _("Tall"),
        "sort": _("Sort"),
        "sort_best": _("Best first"),
        "sort_newest": _("Newest first"),
        "sort_oldest": _("Oldest first"),
        "sort_costliest": _("Costliest first"),
        "sort_slowest": _("Slowest first"),
        "stack_post": _("Stack by post"),
        "stack_counts": _("The filters count images, of which a post may have several."),
        "cost": _("Cost"),
        "cost_practice": _("Practice is free; it counts with what it would cost."),
        "took": _("Duration"),
        "least": _("At least"),
        "most": _("At most"),
        "no_cost": _("“{what}” is no amount. Write dollars, like 0.05."),
        "no_took": _("“{what}” is no duration. Write seconds, like 10."),
        "reversed": _("“At most” is less than “At least”."),
    }


def _dates() -> dict[str, str]:
    return {
        "made": _("Date"),
        "from": _("From"),
        "to": _("To"),
        "after_day": _("From {day}"),
        "before_day": _("Before {day}"),
        "until_day": _("Until {day}"),
        "on_day": _("On {day}"),
        "day_today": _("today"),
        "day_yesterday": _("yesterday"),
        "preset_today": _("Today"),
        "preset_7d": _("7 days"),
        "preset_1m": _("1 month"),
        "preset_1y": _("1 year"),
        "last_day": _("Since yesterday"),
        "last_days": _("Last {n} days"),
        "last_week": _("Last week"),
        "last_weeks": _("Last {n} weeks"),
        "last_month": _("Last month"),
        "last_months": _("Last {n} months"),
        "last_year": _("Last year"),
        "last_years": _("Last {n} years"),
    }


def _views() -> dict[str, str]:
    return {
        "views": _("Views"),
        "own_views": _("Yours"),
        "team_views": _("From the team"),
        "no_views": _("A view keeps what you look for under a name."),
        "save_hint": _("Search or filter first, then save it here as a view."),
        "save": _("Save this view"),
        "name": _("Name of the view"),
        "view_more": _("What to do with “{name}”"),
        "rename": _("Rename"),
        "share": _("Share with the team"),
        "unshare": _("Keep to myself"),
        "shared": _("Shared with the team"),
        "change": _("Use for what is shown now"),
        "remove_view": _("Remove"),
        "remove_sure": _("Remove “{name}”? Its images stay."),
        "remove_yes": _("Remove"),
        "remove_no": _("Keep"),
    }


def _nothing() -> dict[str, str]:
    return {
        "nothing": _("Nothing was found"),
        "nothing_all": _("No image has all of this at once."),
        "nothing_one": _("No image has this."),
        "meant": _("Did you mean {word}?"),
        "without": _("Without {what}"),
        "with_too": _("With {what} too"),
        "show_all": _("Show all images"),
        "unread": _("This search cannot be read"),
    }
