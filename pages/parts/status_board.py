"""The status page: what needs somebody, the figures of this moment, how calls end, and what it all stands on."""

import streamlit as st

from core.status import HOUR, Service, Status
from pages.parts import finding_line, frame, status_words
from pages.parts.status_words import Said
from pages.parts.tile_words import literal
from pages.parts.words import _, money, number, plural


def show(status: Status, again: int) -> None:
    """All of it; `again` is after how many seconds it will be looked at the next time."""
    troubles = status_words.troubles(status)
    if not troubles:
        _well()
    for trouble in troubles:
        _trouble(trouble)
    _tiles(status)
    _services(status.services)
    _standing(status)
    looked = _("Looked at {time}, and again every {n} seconds. All figures are of everybody's work.")
    time = status.at.astimezone(finding_line.zone()).strftime("%H:%M:%S")
    st.markdown(f":small[{literal(looked.format(time=time, n=again))}]")


def _well() -> None:
    with st.container(border=True):
        st.markdown(f":material/check_circle: **{_('All is well.')}** {_('Nothing here needs you.')}")


def _trouble(trouble: Said) -> None:
    with st.container(border=True, horizontal=True, vertical_alignment="center"):
        told = f":orange[:material/warning:] **{literal(trouble.what)}** {trouble.do}"
        st.markdown(told, width="stretch")
        if trouble.page:
            st.page_link(frame.PAGES / f"{trouble.page}.py", label=trouble.label, icon=":material/arrow_forward:")


def _tiles(status: Status) -> None:
    queue, doubt = status.queue, status.doubt
    possible = _("Up to {cost} may have been charged.").format(cost=money(doubt.possible)).replace("$", "\\$")
    figures = (
        (_("Waiting"), number(queue.queued), _("Images and captions that wait for their turn.")),
        (_("Waits longest"), status_words.length(queue.oldest) if queue.queued else "\u2013", None),
        (_("At work"), number(queue.running), _("Calls under way, and answers that are being kept.")),
        (_("Unknown outcome"), number(doubt.generations), possible if doubt.generations else None),
        (_("Answers to keep"), number(status.spool.waiting), _("They came and lie on disk; images follow in seconds.")),
        (_("Disk free"), status_words.room(status.disk.free), None),
    )
    with st.container(horizontal=True, gap="small"):
        for label, value, explained in figures:
            st.metric(label, value, help=explained, border=True, width="stretch")


def _services(services: tuple[Service, ...]) -> None:
    st.subheader(_("Providers, in the last hour"), anchor=False)
    if not services:
        st.markdown(_("Nobody asked for anything."))
        return
    table = {
        _("Provider"): [status_words.provider(one.provider) for one in services],
        _("Calls"): [one.calls for one in services],
        _("Success"): [one.success for one in services],
        _("Takes"): [_seconds(one.typical_ms) for one in services],
        _("Takes at most"): [_seconds(one.slow_ms) for one in services],
        _("What else became of them"): [status_words.reasons(one) for one in services],
    }
    config = {
        _("Success"): st.column_config.NumberColumn(format="percent"),
        _("Takes"): st.column_config.NumberColumn(format="%.1f s", help=_("Half of the answers were quicker.")),
        _("Takes at most"): st.column_config.NumberColumn(format="%.1f s", help=_("Nineteen of twenty were quicker.")),
    }
    title = plural("Calls in the last {n} hour", "Calls in the last {n} hours", HOUR.seconds // 3600)
    st.dataframe(table, hide_index=True, column_config=config, placeholder="\u2013", alt=title, height="content")


def _standing(status: Status) -> None:
    st.subheader(_("What it stands on"), anchor=False)
    with st.container(border=True, gap="small"):
        for name, told in status_words.standing(status).items():
            label, value = st.columns((1, 5), gap="xsmall")  # one below the other on a phone
            label.markdown(f"**{name}**")
            value.markdown(literal(told))


def _seconds(milliseconds: int | None) -> float | None:
    return None if milliseconds is None else milliseconds / 1000
