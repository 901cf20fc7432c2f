#!/usr/bin/env python3
"""Times sra-guard beside cfn-guard and Checkov on the same files, as whole processes.

usage: compare_speed.py --sra-guard PATH [--cfn-guard PATH --guard-rules DIR] [--checkov PATH] [--runs N] FILE_OR_DIR...

Each tool runs once to warm up, then all tools in turn (A B C A B C ...), so that a drift of the machine's speed hits
all of them. Figures are the operating system's own: user + system seconds and the largest resident set of the process
and its children. The table shows medians and the ratio of each peer to sra-guard.
"""

import argparse
import os
import statistics
import subprocess
import sys
import time


def measure(command):
    """Runs a command without output; returns (cpu seconds, wall seconds, peak MiB, exit code)."""
    started = time.monotonic()
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    wall = time.monotonic() - started
    return usage.ru_utime + usage.ru_stime, wall, usage.ru_maxrss / 1024, process.returncode


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sra-guard", required=True)
    parser.add_argument("--cfn-guard")
    parser.add_argument("--guard-rules", help="directory of .guard files for cfn-guard")
    parser.add_argument("--checkov")
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("paths", nargs="+")
    options = parser.parse_args()

    for path in options.paths:
        tools = {"sra-guard": [options.sra_guard, "scan", "--format", "json", "--fail-on", "never", path]}
        if options.cfn_guard and options.guard_rules:
            tools["cfn-guard"] = [options.cfn_guard, "validate", "-r", options.guard_rules, "-d", path,
                                  "-o", "json", "--show-summary", "none", "--structured"]
        if options.checkov:
            kind = "-d" if os.path.isdir(path) else "-f"
            tools["checkov"] = [options.checkov, "--skip-download", "-o", "json", "--compact", "--quiet",
                                kind, path, "--framework", "cloudformation"]
        figures = {name: [] for name in tools}
        for command in tools.values():
            measure(command)
        for _ in range(options.runs):
            for name, command in tools.items():
                figures[name].append(measure(command))
        print(path)
        base = statistics.median(run[0] for run in figures["sra-guard"])
        for name, runs in figures.items():
            cpu, wall, memory = (statistics.median(run[column] for run in runs) for column in range(3))
            ratio = cpu / base if base else float("inf")
            print(f"  {name:10} cpu {cpu:8.3f} s  wall {wall:8.3f} s  peak {memory:7.1f} MiB  "
                  f"exit {runs[-1][3]}  x{ratio:.1f}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
