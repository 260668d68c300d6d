#!/usr/bin/env python3
"""Measures tasks: run.py --charn BINARY [--rounds N]. See README.md."""
import argparse
import os
import shutil
import statistics
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))

SPAWN_AWAIT = {
    "lua": ("lua5.4", ".lua", "local s=0 for i=0,999999 do local c=coroutine.wrap(function() return i end) s=s+c() end print(s)"),
    "python": ("python3", ".py", """import asyncio
async def one(i): return i
async def main():
    s = 0
    for i in range(1000000): s += await asyncio.create_task(one(i))
    print(s)
asyncio.run(main())"""),
    "node": ("node", ".js", """(async () => { let s = 0
for (let i = 0; i < 1000000; i++) s += await (async () => { await null; return i })()
console.log(s) })()"""),
    "go": ("go", ".go", """package main
import "fmt"
func main() { s := 0; for i := 0; i < 1000000; i++ { c := make(chan int); go func() { c <- i }(); s += <-c }; fmt.Println(s) }"""),
}
PING_PONG = {
    "lua": ("lua5.4", ".lua", """local other=coroutine.wrap(function(v) while true do v=coroutine.yield(v+1) end end)
local v=0 for _=1,1000000 do v=other(v) end print(v)"""),
    "python": ("python3", ".py", """import asyncio
async def main():
    a, b = asyncio.Queue(1), asyncio.Queue(1)
    async def other():
        while True: await b.put(await a.get() + 1)
    t = asyncio.create_task(other())
    v = 0
    for _ in range(1000000):
        await a.put(v); v = await b.get()
    t.cancel(); print(v)
asyncio.run(main())"""),
    "go": ("go", ".go", """package main
import "fmt"
func main() { a, b := make(chan int, 1), make(chan int, 1); go func() { for v := range a { b <- v + 1 } }()
v := 0; for i := 0; i < 1000000; i++ { a <- v; v = <-b }; fmt.Println(v) }"""),
}
IDLE = {
    "lua": ("lua5.4", ".lua", """local t={} for i=1,tonumber(arg[1]) do local c=coroutine.create(function() coroutine.yield() end)
coroutine.resume(c) t[i]=c end print(#t)"""),
    "python": ("python3", ".py", """import asyncio, sys
async def main():
    e = asyncio.Event()
    ts = [asyncio.create_task(e.wait()) for _ in range(int(sys.argv[1]))]
    await asyncio.sleep(0); e.set(); await asyncio.gather(*ts); print(len(ts))
asyncio.run(main())"""),
    "node": ("node", ".js", """let go; const gate = new Promise(r => go = r), ts = []
for (let i = 0; i < +process.argv[2]; i++) ts.push((async () => { await gate })())
go(); Promise.all(ts).then(() => console.log(ts.length))"""),
    "go": ("go", ".go", """package main
import ("fmt"; "os"; "strconv"; "runtime"; "sync")
func main() { n, _ := strconv.Atoi(os.Args[1]); gate := make(chan int); var w sync.WaitGroup
for i := 0; i < n; i++ { w.Add(1); go func() { <-gate; w.Done() }() }; runtime.Gosched(); close(gate); w.Wait(); fmt.Println(n) }"""),
}


def once(command):
    """CPU seconds and peak KiB of a run."""
    child = subprocess.Popen(command, stdout=subprocess.DEVNULL, env=dict(os.environ, GOMAXPROCS="1"))
    _, status, usage = os.wait4(child.pid, 0)
    if status:
        sys.exit(f"{command}: failed")
    return usage.ru_utime + usage.ru_stime, usage.ru_maxrss


def commands(charn, folder, name, others):
    made = {"charn": [charn, "run", "--no-check", os.path.join(HERE, name + ".harn")]}
    for language, (tool, ending, text) in others.items():
        if not shutil.which(tool):
            continue
        path = os.path.join(folder, name + ending)
        with open(path, "w") as out:
            out.write(text)
        if language == "go":
            subprocess.run([tool, "build", "-o", path[:-3], path], check=True)
            made[language] = [path[:-3]]
        else:
            made[language] = [tool, path]
    return made


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--charn", required=True)
    parser.add_argument("--rounds", type=int, default=5)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        for name, others in (("spawn_await", SPAWN_AWAIT), ("ping_pong", PING_PONG), ("parallel_each", {}), ("timers", {})):
            made = commands(options.charn, folder, name, others)
            times = {language: [] for language in made}
            for _ in range(options.rounds):
                for language, command in made.items():
                    times[language].append(once(command)[0])
            for language, all_times in times.items():
                print(f"{name:14} {language:7} min {min(all_times):.3f} s  median {statistics.median(all_times):.3f} s")
        for language, command in commands(options.charn, folder, "idle", IDLE).items():
            tail = ["--"] if language == "charn" else []
            none, many = once(command + tail + ["0"])[1], once(command + tail + ["100000"])[1]
            print(f"{'idle':14} {language:7} {(many - none) * 1024 // 100000} bytes per task")


if __name__ == "__main__":
    main()
