"""Runs one program and prints its wall seconds, CPU seconds, peak memory in KB and exit code.

    python3 -I -S measure.py STDOUT STDERR SECONDS_MAX PROGRAM ARGUMENTS...

A process of its own that imports next to nothing: Linux counts the memory of whoever starts a program among that
program's peak, so what is printed is never below this script's own 9 MB.
"""

import os
import signal
import sys
import time

stdout, stderr, seconds_max, *argv = sys.argv[1:]
create = os.O_WRONLY | os.O_CREAT | os.O_TRUNC
files = [(os.POSIX_SPAWN_OPEN, 1, stdout, create, 0o644), (os.POSIX_SPAWN_OPEN, 2, stderr, create, 0o644)]
# should memory run out, it is the measured program that goes
with open("/proc/self/oom_score_adj", "w") as score:
    score.write("1000")

begun = time.perf_counter()
pid = os.posix_spawnp(argv[0], argv, os.environ, file_actions=files)
signal.signal(signal.SIGALRM, lambda *_: os.kill(pid, signal.SIGKILL))
signal.alarm(int(seconds_max))
_, status, usage = os.wait4(pid, 0)
wall = time.perf_counter() - begun
print(wall, usage.ru_utime + usage.ru_stime, usage.ru_maxrss, os.waitstatus_to_exitcode(status))
