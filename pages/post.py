"""A post: its images with the one that was chosen, its words for every platform, and the kit to publish it."""

import streamlit as st

from core import access, posting
from core.posting import OpenedPost
from pages.parts import brief, frame, post_around, post_caption, post_images, post_kit, post_wishes, post_words, viewer
from pages.parts.tile_words import literal
from pages.parts.words import _, language


def told(key: str, opened: OpenedPost) -> None:
    """A browser wants something: it is done before the page is read again."""
    post_wishes.grant(studio, person, opened.id, st.session_state[key].wishes)


def shared(words: dict[str, object]) -> dict[str, object]:
    """What every component gets."""
    base = f"/m/{access.media_token(studio, person)}/"
    answers = post_wishes.answered()
    return {"media": base, "locale": language().replace("_", "-"), "words": words, "answers": answers}


with frame.screen(_("Post")) as (studio, person):
    post = None
    with frame.column(760), frame.sentences():
        post = posting.opened(studio, person, st.query_params.get("id", ""))
    if post is None:
        with frame.column(760):
            st.page_link(frame.PAGES / "gallery.py", label=_("Back to the gallery"), icon=":material/arrow_back:")
        st.stop()

    st.set_page_config(page_title=f"{post.title or _('Post')} · {_('Image Studio')}")
    with frame.column(1160):
        with st.container(gap="small"):
            st.title(literal(post.title) or _("Post"), anchor=False)
            with st.container(horizontal=True, vertical_alignment="center", gap="medium"):
                with st.container(key="post-status", width="content"):
                    post_around.status(post)
                if post.conversation_id:
                    query = {"id": post.conversation_id}
                    st.page_link(
                        frame.PAGES / "conversation.py",
                        label=_("Open conversation"),
                        icon=":material/forum:",
                        query_params=query,
                    )
                post_around.origin(post)

        left, right = st.columns([7, 5], gap="large")
        with left:
            if sentence := post_images.nothing(post):
                st.warning(literal(sentence), icon=":material/hide_image:")
                if post.conversation_id:
                    st.page_link(
                        frame.PAGES / "conversation.py",
                        label=_("Ask again in the conversation"),
                        icon=":material/refresh:",
                        query_params={"id": post.conversation_id},
                    )
            if any(run.unfinished for run in post.making):
                st.info(_("Images are on their way. You can leave this page; it goes on without you."))
                if not post.variants:
                    st.skeleton(height=320)
            if post.variants:
                post_images.IMAGES(
                    key=f"post-images-{post.id}",
                    data=post_images.data(studio, post, st.query_params.get("image", "")) | shared(post_images.words()),
                    on_wishes_change=lambda: told(f"post-images-{post.id}", post),
                )
        with right:
            post_words.WORDS(
                key=f"post-words-{post.id}",
                data=post_words.data(studio, post) | shared(post_words.words()),
                on_wishes_change=lambda: told(f"post-words-{post.id}", post),
                on_news_change=lambda: None,  # the run itself is the answer: words and images follow
            )
            post_caption.button(studio, person, post)
            st.space("small")
            if post.variants:
                st.subheader(_("Post kit"), anchor=False)
                post_kit.KIT(
                    key=f"post-kit-{post.id}",
                    data=post_kit.data(post) | {"locale": language(), "words": post_kit.words()},
                )
                st.space("small")
            with st.expander(_("Brief"), icon=":material/edit_note:", key="post-brief"):
                st.caption(_("What this caption was written to:"))
                brief.summary(post.brief)
                brief.button(studio, person, post.project_id)
            post_around.settings(studio, post)
            post_around.history(studio, person, post)
    viewer.show(studio, person)
