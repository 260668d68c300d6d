"""Watched variables, code as instructions, names for the console, filters of errors with a text, tasks that are ended."""
from client import expect, same

PROGRAM = """
fn bump(by: int) -> int {
  var local = 1 // @local
  local = local + by
  let rest = local * 2
  return rest // @return
}

struct Point {
  x: int
  y: int
}

pipeline default(task) {
  let point = Point {x: 1, y: 2}
  let person = {name: "ada", age: 36}
  var total = bump(4) // @call
  total = total + bump(5)
  println(total)
}
"""

COUNTER = """
var count = 0

pub fn bump(by: int) -> int {
  count = count + by // @count
  return count
}
"""

USER = """
import { bump } from "./counter"

pipeline main() {
  bump(4)
  bump(5)
  println("done")
}
"""


def stop_at(session, mark, text=PROGRAM, **more):
    path, line = session.program(text)
    c = session.client()
    c.start(path, [line[mark]] if mark else [], **more)
    if mark:
        c.stopped("breakpoint")
    return c, path, line


def watch(c, scope, name, condition=None):
    reference = c.scope(scope, c.frames()[0])
    info = c.request("dataBreakpointInfo", variablesReference=reference, name=name)
    item = {"dataId": info["dataId"], "accessType": "write"}
    if condition:
        item["condition"] = condition
    (answer,) = c.request("setDataBreakpoints", breakpoints=[item])["breakpoints"]
    expect(answer["verified"], "watched: %r" % answer)
    return answer["id"]


def test_a_local_is_watched(session):
    c, path, line = stop_at(session, "local")
    c.step("next")
    number = watch(c, "Locals", "local")
    c.resume()
    stop = c.stopped("data breakpoint")
    same(stop["hitBreakpointIds"], [number], "which")
    same(stop["text"], "local: 1 → 5", "what changed")
    c.resume()
    # The frame ends: its watch goes grey, and the next call stops at the breakpoint again.
    c.stopped("breakpoint")
    changed = c.wait("breakpoint")["body"]["breakpoint"]
    same((changed["id"], changed["verified"]), (number, False), "the frame has ended")
    c.request("setDataBreakpoints", breakpoints=[])
    c.resume()
    same(c.finish(), 0, "exit code")


def stop_in_counter(session):
    path, line = session.program(COUNTER, "counter.harn")
    main, _ = session.program(USER)
    c = session.client()
    c.start(main, files={path: [line["count"]]})
    c.stopped("breakpoint")
    return c, path


def test_a_variable_of_a_module_is_watched(session):
    c, path = stop_in_counter(session)
    watch(c, "Module", "count")
    c.set_breakpoints(path, [])
    c.resume()
    same(c.stopped("data breakpoint")["text"], "count: 0 → 4", "first")
    c.resume()
    same(c.stopped("data breakpoint")["text"], "count: 4 → 9", "second")
    c.resume()
    same(c.finish(), 0, "exit code")


def test_a_watch_with_a_condition(session):
    c, path = stop_in_counter(session)
    watch(c, "Module", "count", "count > 5")
    c.set_breakpoints(path, [])
    c.resume()
    same(c.stopped("data breakpoint")["text"], "count: 4 → 9", "only the second")


def test_what_cannot_be_watched(session):
    c, path, line = stop_at(session, "call")
    point = c.variables()["point"]["variablesReference"]
    info = c.request("dataBreakpointInfo", variablesReference=point, name="x")
    same(info["dataId"], None, "a part")
    expect("parts of a value" in info["description"], info["description"])
    expect("nothing with this number" in c.refuse("dataBreakpointInfo", variablesReference=99999, name="x"), "wrong number")
    (answer,) = c.request("setDataBreakpoints", breakpoints=[{"dataId": "local 0 1 1 x"}])["breakpoints"]
    same(answer["verified"], False, "made-up id")


def test_code_is_shown(session):
    c, path, line = stop_at(session, "return")
    frame = c.frames()[0]
    at = frame["instructionPointerReference"]
    items = c.request("disassemble", memoryReference=at, instructionOffset=-4, instructionCount=8)["instructions"]
    same(len(items), 8, "as many as asked for")
    same(items[4]["address"], at, "the current one")
    same(items[4]["line"], line["return"], "its line")
    expect(all(i["instruction"] for i in items), "texts")
    expect("BREAK" not in "".join(i["instruction"] for i in items), "the breakpoint's patch does not show")
    far = c.request("disassemble", memoryReference=at, instructionOffset=-5000, instructionCount=3)["instructions"]
    same([i["presentationHint"] for i in far], ["invalid"] * 3, "before the function")
    expect("no code" in c.refuse("disassemble", memoryReference="0x1", instructionCount=1), "no such address")
    expect("needed" in c.refuse("disassemble", memoryReference="zzz", instructionCount=1), "no address")


def test_instruction_breakpoint(session):
    c, path, line = stop_at(session, "return")
    at = c.frames()[0]["instructionPointerReference"]
    c.set_breakpoints(path, [])
    (answer, wrong) = c.request("setInstructionBreakpoints", breakpoints=[
        {"instructionReference": at}, {"instructionReference": "0x7"}])["breakpoints"]
    same((answer["verified"], wrong["verified"]), (True, False), "verified")
    c.resume()
    same(c.stopped("instruction breakpoint")["hitBreakpointIds"], [answer["id"]], "which")
    same(c.frames()[0]["instructionPointerReference"], at, "where")
    c.request("setInstructionBreakpoints", breakpoints=[])
    c.resume()
    same(c.finish(), 0, "exit code")


def test_sources_and_modules(session):
    session.program("pub fn helper() {\n  return 1\n}\n", "lib.harn")
    c, path, line = stop_at(session, "stop", 'import { helper } from "./lib"\npipeline main() {\n  println(helper()) // @stop\n}\n')
    names = sorted(s["name"] for s in c.request("loadedSources")["sources"])
    same(names, ["lib.harn", "main.harn"], "sources")
    modules = c.request("modules")
    same(sorted(m["name"] for m in modules["modules"] if m["isUserCode"]), ["lib.harn", "main.harn"], "modules")
    same(len(c.request("modules", startModule=1, moduleCount=1)["modules"]), 1, "a page")


def labels(c, text, column=None, **more):
    answer = c.request("completions", text=text, column=len(text) + 1 if column is None else column, **more)["targets"]
    return [item["label"] for item in answer], answer


def test_names_for_the_console(session):
    c, path, line = stop_at(session, "call")
    frame = c.frames()[0]["id"]
    found, items = labels(c, "println(per", frameId=frame)
    expect(found[0] == "person", "names of the frame come first: %r" % found)
    same((items[0]["start"], items[0]["length"], items[0]["type"]), (9, 3, "variable"), "what is replaced")
    expect("println" in labels(c, "pri")[0] and "bump" in labels(c, "b")[0], "functions")
    found = labels(c, "person.", frameId=frame)[0]
    expect({"name", "age", "keys"} <= set(found), "entries and methods: %r" % found)
    same(labels(c, "point.", frameId=frame)[0][:2], ["x", "y"], "fields")
    same(labels(c, "nothing.such", frameId=frame)[0], [], "no such value")
    expect("person" in labels(c, 'let s = "ä𝄞" per', column=18, frameId=frame)[0], "UTF-16 columns")
    labels(c, "", frameId=frame)


def test_set_expression(session):
    c, path, line = stop_at(session, "return")
    same(c.request("setExpression", expression="rest", value="40 + 2")["value"], "42", "a local")
    same(c.request("evaluate", expression="rest", context="watch")["result"], "42", "is set")
    expect("not in the current scope" in c.refuse("setExpression", expression="a.b", value="1"), "no place")
    c.set_breakpoints(path, [])
    c.resume()
    c.finish()
    same(c.output(), "54\n", "the program goes on with it")


ERRORS = """
fn fail(text) {
  throw text // @throw
}

pipeline main() {
  for text in ["one", "two", "three"] {
    try {
      fail(text)
    } catch (e) {
      println(e)
    }
  }
}
"""


def test_errors_with_a_text(session):
    path, line = session.program(ERRORS)
    c = session.client()
    capabilities = c.initialize()
    expect(all(f["supportsCondition"] for f in capabilities["exceptionBreakpointFilters"]), "filters take conditions")
    c.request("launch", program=path)
    answers = c.request("setExceptionBreakpoints", filters=[], filterOptions=[
        {"filterId": "caught", "condition": "tw"}, {"filterId": "nonsense"}])["breakpoints"]
    same([a["verified"] for a in answers], [True, False], "filters")
    c.request("configurationDone")
    same(c.stopped("exception")["text"], "Thrown: two", "only the one that holds the text")
    info = c.request("exceptionInfo")
    same((info["details"]["message"], info["details"]["typeName"], info["breakMode"]), ("Thrown: two", "string", "always"), "details")
    expect(info["details"]["stackTrace"].startswith("at fail (%s:%d:" % (path, line["throw"])), info["details"]["stackTrace"])
    c.resume()
    same(c.finish(), 0, "exit code")


TASKS = """
pipeline main() {
  let other = spawn {
    sleep(100000)
    return 1
  }
  sleep(1)
  println("before") // @before
  let result = try { await(other) }
  println("after")
}
"""


def test_a_task_is_ended(session):
    c, path, line = stop_at(session, "before", TASKS)
    threads = c.request("threads")["threads"]
    same(len(threads), 2, "tasks")
    expect("no task" in c.refuse("terminateThreads", threadIds=[1]), "the main task is not for ending")
    expect("no task" in c.refuse("terminateThreads", threadIds=[77]), "unknown")
    c.request("terminateThreads", threadIds=[max(t["id"] for t in threads)])
    c.resume()
    same(c.finish(), 0, "exit code")
    expect(c.output().endswith("after\n"), c.output())
