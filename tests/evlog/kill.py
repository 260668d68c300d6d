#!/usr/bin/env python3
"""Kills a process that appends to an event log at random moments: nothing that was acknowledged may be lost, ids have no
gap, hashes hold.    kill.py WRITER ROUNDS [SEED]"""
import os
import random
import subprocess
import sys
import tempfile
import time

writer, rounds = sys.argv[1], int(sys.argv[2])
seed = int(sys.argv[3]) if len(sys.argv) > 3 else random.randrange(1 << 30)
dice = random.Random(seed)
with tempfile.TemporaryDirectory(prefix="charn-evlog-") as folder:
    path = os.path.join(folder, "e.sqlite")
    acknowledged = last = 0
    for n in range(rounds):
        process = subprocess.Popen([writer, "write", path], stdout=subprocess.PIPE)
        time.sleep(dice.random() * 0.06)
        process.kill()
        lines = [line for line in process.communicate()[0].split(b"\n")[:-1] if line]
        if lines:
            acknowledged = int(lines[-1])
            assert int(lines[0]) > last, "round %d, seed %d: id %s was given before" % (n, seed, lines[0])
        if n % 20 == 19 or n == rounds - 1:
            answer = subprocess.run([writer, "verify", path], capture_output=True, text=True)
            assert answer.returncode == 0, "round %d, seed %d: %s" % (n, seed, answer.stdout + answer.stderr)
            last = int(answer.stdout.split()[0])
            assert last >= acknowledged, "round %d, seed %d: %d was acknowledged, the last is %d" % (n, seed, acknowledged, last)
    assert last > 0, "nothing was written"
print("%d kills, %d records, seed %d" % (rounds, last, seed))
