"""Analytics: what it cost and how long it took, over time and told apart; every number leads to its images."""

from datetime import datetime

import streamlit as st

from core import analytics, lost, named
from core.access import Sight
from core.question import FILTERS
from pages.parts import (
    analytics_asked,
    analytics_bar,
    analytics_charts,
    analytics_tables,
    analytics_tiles,
    finding_line,
    frame,
)
from pages.parts.words import _

with frame.screen(_("Analytics")) as (studio, person):
    st.title(_("Analytics"), anchor=False)
    today, sight = datetime.now(finding_line.zone()).date(), Sight(studio, person)
    asked = analytics_asked.asked(today)
    question, split, every = asked.question, asked.split, asked.every
    with analytics_tiles.gathered(), analytics.opened(studio, person, sight) as ledger:
        totals, before = ledger.totals(question), ledger.totals(question.before())
        projection = ledger.projection(question, today)
        rows, shares = ledger.by(question, split), ledger.shares(question, every, split)
        course, failures = ledger.course(question, every), ledger.failures(question)
        occurring = ledger.occurring((*FILTERS, split))
    unknown = lost.lost(studio, person, question) if totals["unknown"] else ()
    labels = named.labels(studio, person, occurring, sight)

    analytics_bar.show(asked, labels)
    if not totals["calls"]:
        analytics_tiles.nothing(asked, anything=bool(occurring["model"]))
        st.stop()
    analytics_tiles.show(totals, before, projection, asked)
    analytics_charts.show(shares, course, labels[split], asked)
    analytics_tables.figures(rows, labels[split], asked)
    analytics_tables.failures(failures, labels["model"])
    analytics_tables.unknown(unknown, labels["model"])
