#!/usr/bin/env python3
"""Random graphs of waits: what the machine finds against what a search of our own says.

    deadlocks.py --charn BINARY [--count N] [--seed N]

Every graph has 2 to 8 tasks that begin to wait in turn: for another task to end, for a mutex that another holds, or for
one of two permits that two others hold. A task must be told of a deadlock exactly if its wait can never end when it
begins. The oracle keeps the graph of those that wait and asks, by Tarjan's strongly connected components where every
task waits for one other, and by removing what can end until nothing changes in general.
"""
import argparse
import json
import os
import random
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))


def make(rng):
    count = rng.randint(2, 8)
    graph = []
    for i in range(count):
        others = [j for j in range(count) if j != i]
        kind = rng.choice(["none", "await", "await", "mutex", "mutex", "permits"] if count > 2 else ["none", "await", "mutex"])
        if kind == "none":
            graph.append([])
        elif kind == "permits":
            graph.append([kind] + rng.sample(others, 2))
        else:
            graph.append([kind, rng.choice(others)])
    return graph


def components(edges):
    """Tarjan: the sets of tasks that reach each other; `edges` maps a task to those it waits for."""
    index, low, stack, on_stack, found = {}, {}, [], set(), []

    def visit(v):
        index[v] = low[v] = len(index)
        stack.append(v)
        on_stack.add(v)
        for w in edges.get(v, ()):
            if w not in index:
                visit(w)
                low[v] = min(low[v], low[w])
            elif w in on_stack:
                low[v] = min(low[v], index[w])
        if low[v] == index[v]:
            part = set()
            while v not in part:
                w = stack.pop()
                on_stack.discard(w)
                part.add(w)
            found.append(part)

    for v in list(edges):
        if v not in index:
            visit(v)
    return found


def stuck(edges):
    """Tasks that wait for tasks that all wait for ever."""
    left = dict(edges)
    while True:
        free = [v for v, targets in left.items() if any(w not in left for w in targets)]
        if not free:
            return set(left)
        for v in free:
            del left[v]


def expected(graph):
    edges, told = {}, []
    for i, wish in enumerate(graph):
        if not wish:
            continue
        edges[i] = wish[1:]
        is_stuck = i in stuck(edges)
        if all(len(targets) == 1 for targets in edges.values()):
            in_circle = any(i in part and len(part) > 1 for part in components(edges))
            assert in_circle == is_stuck
        if is_stuck:
            told.append(i)
            del edges[i]
    return told


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--charn", required=True)
    parser.add_argument("--count", type=int, default=2000)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    rng = random.Random(options.seed)
    graphs = [make(rng) for _ in range(options.count)]
    text = "".join(json.dumps(graph) + "\n" for graph in graphs)
    done = subprocess.run([options.charn, "run", "--no-check", os.path.join(HERE, "waits.harn")], input=text,
                          capture_output=True, text=True)
    lines = done.stdout.split("\n")[:-1]
    if done.returncode or len(lines) != len(graphs):
        print(done.stderr[-2000:])
        print(f"{len(lines)} of {len(graphs)} graphs were played")
        return 1
    missed = false = deadlocks = 0
    for graph, line in zip(graphs, lines):
        want, got = expected(graph), [int(word) for word in line.split()]
        deadlocks += len(want)
        missed += len(set(want) - set(got))
        false += len(set(got) - set(want))
        if want != got and missed + false < 20:
            print(f"{graph}: expected {want}, told {got}")
    print(f"{len(graphs)} graphs, {deadlocks} deadlocks: {missed} missed, {false} false")
    return 1 if missed or false or not deadlocks else 0


if __name__ == "__main__":
    sys.exit(main())
