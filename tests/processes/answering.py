"""A child that does what it is asked to, well and badly."""

import atexit
import os
import signal
import sys
import time

from convformance.processes.child import Message, Tell, serve

print("printed before the channel is taken")


def answer(request: Message, tell: Tell) -> None:
    """Do what ``request`` names."""
    print("a framework says hello")
    os.write(1, b'{"kind": "done", "what": {}}\n')
    what = request["do"]
    if what == "die":
        print("these are my last words", file=sys.stderr, flush=True)
        os.kill(os.getpid(), signal.SIGSEGV)
    if what == "exit":
        sys.exit(7)
    if what == "hang":
        time.sleep(600)
    if what == "read":
        tell("input", {"line": sys.stdin.readline()})
    tell("answer", {"do": what})


if __name__ == "__main__":
    atexit.register(print, "and goodbye")
    serve(answer)
