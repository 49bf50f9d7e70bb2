"""Who is told to stop always hears it, whatever it does at that moment."""

import signal
import subprocess
import sys

import pytest

ASLEEP = """
import signal, threading
from core.stopping import Stopping
stopping = Stopping()
threading.Thread(target=threading.Event().wait, daemon=True).start()
signal.pthread_sigmask(signal.SIG_BLOCK, [signal.{0}])
print("ready", flush=True)
while not stopping.wait():
    pass
"""
AT_LINE = """
import signal, sys
from core.stopping import Stopping
stopping, lines = Stopping(), 0
def each(frame, event, _):
    global lines
    if event == "line" and frame.f_code.co_name == "wait":
        lines += 1
        if lines == {0}:
            signal.raise_signal(signal.SIGTERM)
    return each
sys.settrace(each)
while not stopping.wait(0.01):
    pass
"""


@pytest.mark.parametrize("name", ["SIGTERM", "SIGINT"])
def test_a_signal_that_does_not_wake_the_sleeper_is_heard_all_the_same(name: str) -> None:
    """The system gave it to another thread, or it came just before the sleep."""
    with subprocess.Popen([sys.executable, "-c", ASLEEP.format(name)], stdout=subprocess.PIPE) as process:
        assert process.stdout and process.stdout.readline() == b"ready\n"

        process.send_signal(signal.Signals[name])

        try:
            assert process.wait(30) == 0
        finally:
            process.kill()


@pytest.mark.parametrize("line", range(1, 8))
def test_a_signal_in_the_middle_of_a_wait_blocks_nothing(line: int) -> None:
    ended = subprocess.run([sys.executable, "-c", AT_LINE.format(line)], timeout=30)

    assert ended.returncode == 0
