"""The processes that tests start do not begin by importing the studio: that takes longer than most of what they do."""

import sys
from multiprocessing.connection import Connection

from tests.processes import IMPORTED, PROCESSES


def test_a_process_of_its_own_has_imported_everything_when_it_begins() -> None:
    """A file that asked for something else here once made every application of all tests import Streamlit anew."""
    here, there = PROCESSES.Pipe(duplex=False)
    process = PROCESSES.Process(target=_tell, args=(there,))

    process.start()
    missing = here.recv()
    process.join()

    assert missing == []


def _tell(there: Connection) -> None:
    there.send([name for name in IMPORTED if name not in sys.modules])
