"""Runs a program and prints its wall time and CPU time in seconds, its peak memory in KB, and its exit code.

    python3 -I -S measure.py STDOUT STDERR SECONDS_MAX PROGRAM ARGUMENTS...

Linux counts the memory of the process that starts a program as part of the program's peak. So this script is a process of
its own and imports almost nothing. It has 9 MB itself, and no smaller peak can be measured.
"""

import os
import signal
import sys
import time

stdout, stderr, seconds_max, *argv = sys.argv[1:]
create = os.O_WRONLY | os.O_CREAT | os.O_TRUNC
files = [(os.POSIX_SPAWN_OPEN, 1, stdout, create, 0o644), (os.POSIX_SPAWN_OPEN, 2, stderr, create, 0o644)]
# if memory runs out, the system ends the measured program first
with open("/proc/self/oom_score_adj", "w") as score:
    score.write("1000")

begun = time.perf_counter()
pid = os.posix_spawnp(argv[0], argv, os.environ, file_actions=files)
signal.signal(signal.SIGALRM, lambda *_: os.kill(pid, signal.SIGKILL))
signal.alarm(int(seconds_max))
_, status, usage = os.wait4(pid, 0)
wall = time.perf_counter() - begun
print(wall, usage.ru_utime + usage.ru_stime, usage.ru_maxrss, os.waitstatus_to_exitcode(status))
