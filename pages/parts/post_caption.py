"""Have a post's caption written (again): by whom, for how much, and what it replaces, said before anybody pays."""

import streamlit as st

from core import posting
from core.access import Person
from core.posting import OpenedPost
from core.studio import Studio
from pages.parts import brief, frame
from pages.parts.words import _, money


def button(studio: Studio, person: Person, post: OpenedPost) -> None:
    """Opens the dialog; not while a caption is being written."""
    label = _("Write it again…") if post.words.caption else _("Have it written…")
    busy = post.caption is not None and post.caption.unfinished
    if st.button(label, icon=":material/ink_pen:", key="caption-again", disabled=busy):
        st.dialog(_("Have the caption written"), width="medium")(_inside)(studio, person, post)


def _inside(studio: Studio, person: Person, post: OpenedPost) -> None:
    with frame.sentences():
        auto = posting.price_caption(studio, person, post.id).model.name
        models = {model.name: model for model in studio.catalogue.texts(studio.writers)}
        names = list(models)
        chosen = st.selectbox(
            _("Model"), names, index=names.index(auto) if auto in names else 0, format_func=lambda n: models[n].label
        )
        price = posting.price_caption(studio, person, post.id, chosen)
        cost = _("Practice, free") if price.model.practice else _("About {cost}").format(cost=money(price.cost))
        st.markdown(f"**{cost}**".replace("$", r"\$"))
        st.caption(_("It keeps to this brief:"))
        brief.summary(_of_now(studio, person, post))
        if post.words.edited:
            st.info(_("It replaces what you wrote. Your words stay in the history of this post."))
        if st.button(_("Write it"), type="primary", key="caption-write"):
            posting.ask_caption(studio, person, post.id, chosen)
            st.rerun()


def _of_now(studio: Studio, person: Person, post: OpenedPost) -> brief.Brief:
    return brief.briefs.show(studio, person, post.project_id)
