"""Where the program stops: breakpoints, steps, pauses, errors."""
import os
import time

from client import expect, same

PROGRAM = """
fn double(n) {
  let twice = n * 2 // @double
  return twice // @double_return
}

fn total(items) {
  var sum = 0 // @total
  for item in items {
    sum = sum + double(item) // @loop
  }

  return sum // @total_return
}

pipeline default(task) {
  let items = [1, 2, 3] // @first
  let result = total(items) // @call
  println("result ${result}") // @print
}
"""


def test_breakpoint_in_the_pipeline(session):
    """A breakpoint in the entry pipeline is verified, hit, and the line reported is the one about to run."""
    path, line = session.program(PROGRAM)
    c = session.client()
    answers = c.start(path, [line["call"]])
    same([(a["verified"], a["line"]) for a in answers], [(True, line["call"])], "answer")
    body = c.stopped("breakpoint")
    same(body["hitBreakpointIds"], [answers[0]["id"]], "hit ids")
    expect(body["allThreadsStopped"], "all threads stopped")
    frame = c.frames()[0]
    same((frame["line"], frame["source"]["path"]), (line["call"], path), "place")
    expect("result" not in c.values(), "the statement has not run yet")
    c.resume()
    same(c.finish(), 0, "exit code")
    same(c.output(), "result 12\n", "output")


def test_breakpoint_in_a_function_of_the_entry_file(session):
    path, line = session.program(PROGRAM)
    c = session.client()
    c.start(path, [line["double"]])
    for n in (1, 2, 3):
        c.stopped("breakpoint")
        frames = c.frames()
        same([f["name"] for f in frames], ["double", "total", "default"], "innermost first")
        same([f["line"] for f in frames], [line["double"], line["loop"], line["call"]], "lines")
        same(c.values()["n"], str(n), "argument")
        c.resume()
    c.finish()


def test_breakpoint_in_an_imported_file(session):
    lib, at = session.program("""
pub fn greet(name) {
  let text = "hello " + name // @text
  return text
}
""", "deep/lib.harn")
    path, _ = session.program("""
import { greet } from "./deep/lib"
pipeline default(task) {
  println(greet("ada"))
}
""")
    c = session.client()
    answers = c.start(path, files={lib: [at["text"]]})
    expect(answers[0]["verified"], "verified before the file is loaded")
    c.stopped("breakpoint")
    frame = c.frames()[0]
    same((frame["name"], frame["line"], frame["source"]["path"]), ("greet", at["text"], lib), "place")
    c.resume()
    c.finish()
    same(c.output(), "hello ada\n", "output")


def test_breakpoints_are_verified_against_code(session):
    """An empty line moves to the next statement; a line below all code is refused with the reason."""
    path, line = session.program(PROGRAM)
    c = session.client()
    c.initialize()
    c.request("launch", program=path)
    moved, below = c.set_breakpoints(path, [line["total_return"] - 1, 99])
    same((moved["verified"], moved["line"]), (True, line["total_return"]), "moved")
    expect("moved" in moved["message"], "says that it moved")
    expect(not below["verified"] and below["message"], "refused with a message")
    c.request("configurationDone")
    c.stopped("breakpoint")
    same(c.frames()[0]["line"], line["total_return"], "place")


def test_removed_breakpoints_do_not_stop(session):
    path, line = session.program(PROGRAM)
    c = session.client()
    c.start(path, [line["double"]])
    c.stopped("breakpoint")
    same(c.set_breakpoints(path, []), [], "no breakpoints")
    c.resume()
    c.finish()


def test_answers_are_about_one_file(session):
    lib, _ = session.program("pub fn f() {\n  return 1\n}\n", "lib.harn")
    path, line = session.program(PROGRAM)
    c = session.client()
    c.initialize()
    same(len(c.set_breakpoints(lib, [2])), 1, "first file")
    same(len(c.set_breakpoints(path, [line["call"], line["print"]])), 2, "second file only")


def test_breakpoint_set_while_running(session):
    path, line = session.program("""
pipeline default(task) {
  var n = 0
  while n < 2000000000 {
    n = n + 1 // @body
  }
}
""")
    c = session.client()
    c.start(path)
    c.set_breakpoints(path, [line["body"]])
    c.stopped("breakpoint")
    same(c.frames()[0]["line"], line["body"], "place")


def test_breakpoint_in_a_one_line_loop_hits_each_time(session):
    path, line = session.program("""
pipeline default(task) {
  var n = 0
  while n < 3 { n = n + 1 } // @loop
  println(n)
}
""")
    c = session.client()
    c.start(path, [{"line": line["loop"], "column": 17}])
    seen = []
    for _ in range(3):
        c.stopped("breakpoint")
        seen.append(c.values()["n"])
        c.resume()
    c.finish()
    same(seen, ["0", "1", "2"], "values at the stops")


def test_breakpoint_on_a_loop_stops_where_it_begins(session):
    path, line = session.program("""
pipeline default(task) {
  var n = 0
  for item in [1, 2, 3] { // @each
    n = n + item
  }
  for i in 0 to 3 { // @range
    n = n + i
  }
  while n > 0 { // @while
    n = n - 1
  }
}
""")
    c = session.client()
    c.start(path, [line["each"], line["range"], line["while"]])
    seen = []
    for _ in range(3):
        c.stopped("breakpoint")
        seen.append(c.frames()[0]["line"])
        c.resume()
    c.finish()
    same(seen, [line["each"], line["range"], line["while"]], "one stop per loop")


def test_conditions_and_hit_counts(session):
    path, line = session.program(PROGRAM)
    c = session.client()
    c.start(path, [{"line": line["double"], "condition": "n == 2"}])
    c.stopped("breakpoint")
    same(c.values()["n"], "2", "condition")
    c.set_breakpoints(path, [])
    c.resume()
    c.finish()

    c = session.client()
    c.start(path, [{"line": line["double"], "hitCondition": "3"}])
    c.stopped("breakpoint")
    same(c.values()["n"], "3", "hit count")
    c.resume()
    c.finish()

    # Other stops and steps on the way do not begin the count anew.
    c = session.client()
    c.start(path, [{"line": line["double"], "hitCondition": "3"}, line["double_return"]])
    seen = []
    for _ in range(3):
        c.stopped()
        seen.append((c.frames()[0]["line"], c.values()["n"]))
        if len(seen) < 3:
            c.step("next")
        c.resume()
    same(seen[2], (line["double"], "3"), "the third hit, after stops between")

    c = session.client()
    c.start(path, [{"line": line["double"], "hitCondition": "% 2"}])
    c.stopped("breakpoint")
    same(c.values()["n"], "2", "every second hit")
    c.resume()
    c.finish()


def test_a_condition_that_fails_says_so(session):
    path, line = session.program(PROGRAM)
    c = session.client()
    c.start(path, [{"line": line["double"], "condition": "n +"}])
    event = c.wait("breakpoint")
    expect("parse error" in event["body"]["breakpoint"]["message"], "message")
    c.stopped("breakpoint")


def test_log_points_print_and_go_on(session):
    path, line = session.program(PROGRAM)
    c = session.client()
    c.start(path, [{"line": line["double"], "logMessage": "n is {n}, twice {n * 2} {{not this}}"}])
    c.finish()
    same(c.output("console"), "".join("n is %d, twice %d {not this}\n" % (n, 2 * n) for n in (1, 2, 3)), "log")
    logged = [m for m in c.all if m.get("event") == "output" and m["body"]["category"] == "console"]
    same(logged[0]["body"]["line"], line["double"], "place of the log message")

    c = session.client()
    c.start(path, [{"line": line["double"], "logMessage": 'nested { {a: {b: n}}.a.b } and {"}{"} and {nowhere} and {n'}])
    c.finish()
    first = c.output("console").split("\n")[0]
    expect(first.startswith("nested 1 and }{ and <") and first.endswith("> and {n"), "braces in expressions: %r" % first)


def test_breakpoints_wherever_code_runs(session):
    """Top level of an imported module, methods, comparators, deferred and final blocks, default arguments."""
    lib, at = session.program("""
var ready = len([1]) == 1 // @top
pub fn is_ready() {
  return ready
}
""", "lib.harn")
    path, line = session.program("""
import { is_ready } from "./lib"
struct Box {
  value: int
}
impl Box {
  fn twice(self) {
    return self.value * 2 // @method
  }
}
fn fallback() {
  return 7 // @fallback
}
fn with_default(n = fallback()) {
  defer {
    println("deferred") // @defer
  }
  return n
}
pipeline default(task) {
  println(is_ready())
  println(Box {value: 4}.twice())
  println(with_default())
  println([2, 1].sort_by({ x ->
    x // @key
  }))
  try {
    println("body")
  } finally {
    println("finally") // @finally
  }
}
""")
    c = session.client()
    c.start(path, [line[k] for k in ("method", "fallback", "defer", "key", "finally")], files={lib: [at["top"]]})
    seen = []
    while c.wait("stopped", "terminated")["event"] == "stopped":
        seen.append(c.frames()[0]["line"])
        c.resume()
    same(seen, [at["top"], line["method"], line["fallback"], line["defer"], line["key"], line["key"], line["finally"]],
         "stops")


def test_a_program_behind_a_link(session):
    path, line = session.program(PROGRAM, "real/main.harn")
    link = session.workspace.path + "/link"
    os.symlink(session.workspace.path + "/real", link)
    linked = link + "/main.harn"
    for launched, asked in ((linked, linked), (linked, path), (path, linked)):
        c = session.client()
        c.initialize()
        c.request("launch", program=launched)
        answer = c.set_breakpoints(asked, [line["call"]])[0]
        same((answer["verified"], answer["source"]["path"]), (True, asked), "answered as it was asked")
        c.request("configurationDone")
        c.stopped("breakpoint")


def test_a_relative_program(session):
    path, line = session.program(PROGRAM)
    c = session.client(cwd=session.workspace.path)
    c.initialize()
    c.request("launch", program="main.harn")
    c.set_breakpoints(path, [line["call"]])
    c.request("configurationDone")
    c.stopped("breakpoint")
    same(c.frames()[0]["source"]["path"], path, "absolute")


def test_function_breakpoint(session):
    path, line = session.program(PROGRAM)
    c = session.client()
    c.initialize()
    c.request("launch", program=path)
    answer = c.request("setFunctionBreakpoints", breakpoints=[{"name": "total"}, {"name": "nowhere"}])["breakpoints"]
    same([a["verified"] for a in answer], [True, False], "verified")
    c.request("configurationDone")
    c.stopped("function breakpoint")
    same(c.frames()[0]["line"], line["total"], "place")


def test_breakpoint_locations(session):
    path, line = session.program(PROGRAM)
    c = session.client()
    c.initialize()
    places = c.request("breakpointLocations", source={"path": path}, line=line["first"], endLine=line["print"])
    same([p["line"] for p in places["breakpoints"]], [line["first"], line["call"], line["print"]], "lines")


def test_step_over_in_and_out(session):
    path, line = session.program(PROGRAM)
    c = session.client()
    c.start(path, [line["first"]])
    c.stopped("breakpoint")
    c.set_breakpoints(path, [])
    same(c.step("next")["line"], line["call"], "over an assignment")
    frame = c.step("stepIn")
    same((frame["name"], frame["line"]), ("total", line["total"]), "into a function")
    for _ in range(10):
        frame = c.step("next")
        if frame["line"] == line["loop"]:
            break
    frame = c.step("stepIn")
    same((frame["name"], frame["line"]), ("double", line["double"]), "into the call in the loop")
    frame = c.step("stepOut")
    same((frame["name"], frame["line"]), ("total", line["loop"]), "back in the middle of the loop's statement")
    frame = c.step("stepOut")
    same((frame["name"], frame["line"]), ("default", line["print"]), "nothing is left of the call's statement")
    c.request("next", threadId=1)
    c.finish()
    same(c.output(), "result 12\n", "output")


def test_step_over_recursion_stays_in_its_frame(session):
    path, line = session.program("""
fn fact(n) {
  if n < 2 {
    return 1
  }
  let rest = fact(n - 1) // @call
  return n * rest // @after
}
pipeline default(task) {
  println(fact(10))
}
""")
    c = session.client()
    c.start(path, [line["call"]])
    c.stopped("breakpoint")
    same(c.values()["n"], "10", "first stop")
    c.set_breakpoints(path, [])
    frame = c.step("next")
    same((frame["line"], c.values()["n"]), (line["after"], "10"), "same frame after the call")


def test_step_into_a_callback(session):
    """Code that a builtin calls back stops and steps like any other."""
    path, line = session.program("""
pipeline default(task) {
  let xs = [1, 2, 3].map({ x ->
    let y = x * 10 // @callback
    y + 1 // @value
  })
  println(xs)
}
""")
    c = session.client()
    c.start(path, [line["callback"]])
    c.stopped("breakpoint")
    same(c.values()["x"], "1", "in the callback")
    c.set_breakpoints(path, [])
    same(c.step("next")["line"], line["value"], "step inside the callback")
    same(c.step("next")["line"], line["callback"], "the next round of the callback")
    same(c.values()["x"], "2", "argument of the next round")
    c.resume()
    c.finish()
    same(c.output(), "[11, 21, 31]\n", "output")


def test_breakpoint_in_a_task(session):
    path, line = session.program("""
pipeline default(task) {
  let handle = spawn {
    let secret = 42 // @in_task
    secret + 1 // @task_value
  }
  println(await(handle)) // @after
}
""")
    c = session.client()
    c.start(path, [line["in_task"]])
    body = c.stopped("breakpoint")
    thread = body["threadId"]
    expect(thread != 1, "not the main task")
    threads = {t["id"]: t["name"] for t in c.request("threads")["threads"]}
    expect(thread in threads and 1 in threads, "both tasks are listed")
    same(c.frames(thread)[0]["line"], line["in_task"], "place")
    frame = c.step("next", thread)
    same(frame["line"], line["task_value"], "steps stay with the task")
    same(c.values(thread=thread)["secret"], "42", "local of the task")
    c.resume()
    c.finish()
    same(c.output(), "43\n", "output")


def test_thousands_of_tasks(session):
    """The list of threads is bounded and holds the one that stopped; tasks beyond it make no events."""
    path, line = session.program("""
pipeline default(task) {
  var handles = []
  for i in 1 to 5000 {
    handles = handles.push(spawn {
      sleep(1)
      i * 2 // @in_task
    })
  }
  var sum = 0
  for h in handles {
    sum = sum + await(h)
  }
  println(sum)
}
""")
    c = session.client()
    c.start(path, [{"line": line["in_task"], "condition": "i == 4000"}])
    thread = c.stopped("breakpoint")["threadId"]
    threads = [t["id"] for t in c.request("threads")["threads"]]
    expect(len(threads) <= 1001 and thread in threads and 1 in threads, "%d threads" % len(threads))
    same(c.variables("Captured", thread=thread)["i"]["value"], "4000", "captured value of the task")
    c.resume()
    c.finish()
    same(c.output(), "25005000\n", "output")
    expect(sum(m.get("event") == "thread" for m in c.all) <= 2500, "events of tasks are bounded")


def test_breakpoint_in_parallel(session):
    path, line = session.program("""
pipeline default(task) {
  let out = parallel each [1, 2, 3] { n ->
    n * n // @body
  }
  println(out)
}
""")
    c = session.client()
    c.start(path, [line["body"]])
    seen = []
    for _ in range(3):
        thread = c.stopped("breakpoint")["threadId"]
        seen.append(c.values(thread=thread)["n"])
        c.resume()
    c.finish()
    same(sorted(seen), ["1", "2", "3"], "each branch stopped once")
    same(c.output(), "[1, 4, 9]\n", "output")


def test_step_over_await_stays_with_the_task(session):
    path, line = session.program("""
pipeline default(task) {
  let handle = spawn {
    sleep(20)
    7
  }
  let value = await(handle) // @await
  println(value) // @after
}
""")
    c = session.client()
    c.start(path, [line["await"]])
    c.stopped("breakpoint")
    c.set_breakpoints(path, [])
    frame = c.step("next")
    same((frame["line"], c.values()["value"]), (line["after"], "7"), "after the wait")


def test_step_in_a_generator(session):
    path, line = session.program("""
fn numbers() {
  yield 1 // @one
  yield 2 // @two
}
pipeline default(task) {
  for n in numbers() {
    println(n) // @body
  }
}
""")
    c = session.client()
    c.start(path, [line["two"]])
    c.stopped("breakpoint")
    same([f["name"] for f in c.frames()][:2], ["numbers", "default"], "the consumer stands below the generator")
    c.resume()
    c.finish()
    same(c.output(), "1\n2\n", "output")


def test_stop_on_entry(session):
    path, line = session.program(PROGRAM)
    c = session.client()
    c.start(path, launch={"stopOnEntry": True})
    c.stopped("entry")
    same(c.frames()[0]["line"], line["first"], "before the first statement")
    c.resume()
    c.finish()


def test_pause_of_a_busy_loop(session):
    path, line = session.program("""
pipeline default(task) {
  var n = 0
  while true {
    n = n + 1
  }
}
""")
    c = session.client()
    c.start(path)
    c.request("pause", threadId=1)
    c.stopped("pause")
    before = int(c.values()["n"])
    expect(before >= 0, "value")
    c.resume()
    c.request("pause", threadId=1)
    c.stopped("pause")
    c.request("disconnect")


def test_pause_and_disconnect_during_a_sleep(session):
    path, _ = session.program("pipeline default(task) {\n  sleep(60000)\n}\n")
    c = session.client()
    c.start(path)
    started = time.monotonic()
    c.request("pause", threadId=1)
    c.stopped("pause")
    c.resume()
    c.request("disconnect")
    c.process.wait(10)
    expect(time.monotonic() - started < 10, "the sleep holds nobody up")


def test_stop_at_an_uncaught_error(session):
    path, line = session.program("""
fn risky(n) {
  let local = n + 1
  throw "broken ${n}" // @throw
}
pipeline default(task) {
  try {
    throw "caught"
  } catch (e) {
    println("got ${e}")
  }
  risky(3) // @call
}
""")
    c = session.client()
    c.start(path)
    body = c.stopped("exception")
    expect("broken 3" in body["text"], "the error's text: %r" % body)
    frames = c.frames()
    same([f["line"] for f in frames[:2]], [line["throw"], line["call"]], "where it was thrown")
    same(c.values()["local"], "4", "locals are still there")
    info = c.request("exceptionInfo", threadId=1)
    expect("broken 3" in info["description"], "exceptionInfo")
    same(info["breakMode"], "unhandled", "mode")
    c.resume()
    same(c.finish(), 1, "exit code")
    same(c.output(), "got caught\n", "output is complete")
    expect("broken 3" in c.output("stderr"), "the error is printed")


def test_stop_at_a_caught_error_when_asked(session):
    path, line = session.program("""
pipeline default(task) {
  try {
    throw "caught" // @throw
  } catch (e) {
    println("got ${e}")
  }
}
""")
    c = session.client()
    c.start(path, filters=["caught"])
    c.stopped("exception")
    same(c.frames()[0]["line"], line["throw"], "place")
    same(c.request("exceptionInfo", threadId=1)["breakMode"], "always", "mode")
    c.resume()
    same(c.finish(), 0, "exit code")


def test_stop_at_an_error_in_a_callback_and_in_a_task(session):
    for text in ("  [1].map({ x ->\n    throw \"broken\" // @throw\n  })\n",
                 "  let h = spawn {\n    throw \"broken\" // @throw\n  }\n  await(h)\n"):
        path, line = session.program("pipeline default(task) {\n" + text + "}\n")
        c = session.client()
        c.start(path)
        body = c.stopped("exception")
        same(c.frames(body["threadId"])[0]["line"], line["throw"], "where it was thrown")


def test_step_into_a_catch(session):
    path, line = session.program("""
fn fail() {
  throw "no" // @throw
}
pipeline default(task) {
  try {
    fail() // @call
  } catch (e) {
    println("got ${e}") // @handler
  }
}
""")
    c = session.client()
    c.start(path, [line["throw"]])
    c.stopped("breakpoint")
    same(c.step("next")["line"], line["handler"], "a step over a throw lands in the handler")


def test_stepping_does_not_change_the_output(session):
    path, _ = session.program("""
fn work(n) {
  defer { println("left ${n}") }
  var out = []
  for i in 0 to n {
    out = out.push(i * i)
  }
  return out
}
pipeline default(task) {
  let words = {a: 1, b: 2}
  for {key, value} in words {
    println("${key}=${value}")
  }
  println(work(3).filter({ x -> x > 0 }))
  let r = try { work(1) } catch (e) { [] }
  println(match len(r) { 2 -> { "two" } _ -> { "other" } })
}
""")
    c = session.client()
    c.start(path)
    c.finish()
    plain = c.output()
    c = session.client()
    c.start(path, launch={"stopOnEntry": True})
    c.stopped("entry")
    for _ in range(400):
        c.request("stepIn", threadId=1)
        if c.wait("stopped", "terminated")["event"] == "terminated":
            break
    else:
        raise AssertionError("400 steps did not end the program")
    same(c.output(), plain, "output of the stepped run")


def test_restart_frame(session):
    path, line = session.program(PROGRAM)
    c = session.client()
    c.start(path, [line["double_return"]])
    c.stopped("breakpoint")
    frame = c.frames()[0]
    expect(frame["canRestart"], "can be restarted")
    caller = c.frames()[1]
    expect(not caller["canRestart"], "its caller has no breakpoint: nothing was kept of its arguments")
    expect("not captured" in c.refuse("restartFrame", frameId=caller["id"]), "refused with the reason")
    c.request("restartFrame", frameId=frame["id"])
    c.stopped("restart")
    again = c.frames()[0]
    same((again["name"], again["line"]), ("double", line["double"]), "at the function's beginning")
    same(c.values()["n"], "1", "with its first arguments")
