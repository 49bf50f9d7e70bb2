"""The nouns as tables. A role belongs to a use of a picture; lineage is stored once, as references."""

from core.columns import new_id
from core.tables.conversations import MASK, REFERENCE, SOURCE, Conversation, Reference, Turn
from core.tables.images import KEPT, Image, Post
from core.tables.people import Note, Project, SavedView, Share, User, Verdict
from core.tables.traces import Event, Heartbeat
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
    "CANCELED",
    "CAPTION",
    "FAILED",
    "IMAGE",
    "KEPT",
    "MASK",
    "QUEUED",
    "RECEIVED",
    "REFERENCE",
    "RUNNING",
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
    "Note",
    "Post",
    "Project",
    "Reference",
    "SavedView",
    "Share",
    "Turn",
    "User",
    "Verdict",
    "new_id",
]
