"""Runs a program in a pseudo-terminal, as somebody who sits at it.

    terminal.py WIDTH TYPED PROGRAM ARGUMENT...

`TYPED` is a JSON list of pairs: when the first has appeared on the screen, the second is typed (character 3 is Ctrl-C).
Prints what appeared, then the exit code on a line of its own. Ends after two minutes at the latest.
"""

import fcntl
import json
import os
import pty
import select
import signal
import struct
import sys
import termios
import time

width, typed, program = int(sys.argv[1]), json.loads(sys.argv[2]), sys.argv[3:]
end = time.monotonic() + 120
child, screen = pty.fork()
if child == 0:
    # Whoever runs this in the background has it ignore Ctrl-C, which is inherited.
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    fcntl.ioctl(0, termios.TIOCSWINSZ, struct.pack("HHHH", 40, width, 0, 0))
    os.execvp(program[0], program)
shown, unread = b"", b""
while time.monotonic() < end:
    ready, _, _ = select.select([screen], [], [], 1)
    if not ready:
        continue
    try:
        found = os.read(screen, 65536)
    except OSError:
        break
    if not found:
        break
    shown, unread = shown + found, unread + found
    if typed and typed[0][0].encode() in unread:
        os.write(screen, typed.pop(0)[1].encode())
        unread = b""
else:
    os.kill(child, signal.SIGKILL)
_, status = os.waitpid(child, 0)
sys.stdout.buffer.write(shown)
print(f"\nexit code {os.waitstatus_to_exitcode(status)}")
