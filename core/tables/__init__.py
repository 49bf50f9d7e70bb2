"""The nouns as tables. A role belongs to a use of a picture; lineage is stored once, as references."""

from core.columns import new_id
from core.tables.conversations import MASK, REFERENCE, SOURCE, Conversation, Reference, Turn
from core.tables.images import KEPT, Image, Post
from core.tables.people import ADMIN, LEAD, MEMBER, SEEING, Note, Project, SavedView, Share, User, Verdict
from core.tables.traces import Event, Heartbeat, KnownStore, Stray
from core.tables.work import (
    CANCELED,
    CAPTION,
    FAILED,
    IMAGE,
    QUEUED,
    RECEIVED,
    RUNNING,
    SENT,
    STORED,
    SUCCEEDED,
    UNFINISHED,
    UNKNOWN,
    Attempt,
    Generation,
)

__all__ = [
    "ADMIN",
    "CANCELED",
    "CAPTION",
    "FAILED",
    "IMAGE",
    "KEPT",
    "LEAD",
    "MASK",
    "MEMBER",
    "QUEUED",
    "RECEIVED",
    "REFERENCE",
    "RUNNING",
    "SEEING",
    "SENT",
    "SOURCE",
    "STORED",
    "SUCCEEDED",
    "UNFINISHED",
    "UNKNOWN",
    "Attempt",
    "Conversation",
    "Event",
    "Generation",
    "Heartbeat",
    "Image",
    "KnownStore",
    "Note",
    "Post",
    "Project",
    "Reference",
    "SavedView",
    "Share",
    "Stray",
    "Turn",
    "User",
    "Verdict",
    "new_id",
]
