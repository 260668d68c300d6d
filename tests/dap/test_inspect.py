"""What is shown at a stop: scopes, variables, evaluation."""
from client import expect, same

PROGRAM = """
let factor = 3

struct Point {
  x: int
  y: int
}

enum Shape {
  Dot
  Box(int, int)
}

fn outer(n) {
  let captured = n + 1
  let inner = { k ->
    let local = k * captured
    local + factor // @inner
  }
  let list = [1, 2, [3, 4]]
  let dict = {name: "ada", nested: {deep: true}}
  let point = Point {x: 1, y: 2}
  let shape = Shape.Box(3, 4)
  let text = "line\\nbreak \\"quoted\\""
  let nothing = nil
  let ratio = 0.5
  let result = inner(n) // @return
  return result
}

pipeline default(task) {
  let top = "pipeline"
  println(outer(5))
}
"""


def stop_at(session, mark, text=PROGRAM):
    path, line = session.program(text)
    c = session.client()
    c.start(path, [line[mark]])
    c.stopped("breakpoint")
    return c


def test_locals_of_every_kind(session):
    c = stop_at(session, "return")
    values = c.values()
    same(values["n"], "5", "int")
    same(values["captured"], "6", "computed")
    same(values["list"], "[1, 2, […]]", "list")
    same(values["dict"], '{name: "ada", nested: {…}}', "dict")
    same(values["point"], "Point {x: 1, y: 2}", "struct")
    same(values["shape"], "Shape.Box(3, 4)", "enum")
    same(values["text"], '"line\\nbreak \\"quoted\\""', "string")
    same(values["nothing"], "nil", "nil")
    same(values["ratio"], "0.5", "float")
    types = {k: v["type"] for k, v in c.variables().items()}
    same((types["n"], types["list"], types["ratio"]), ("int", "list", "float"), "types")


def test_nested_values_expand(session):
    c = stop_at(session, "return")
    variables = c.variables()

    def parts(v):
        return {p["name"]: p for p in
                c.request("variables", variablesReference=v["variablesReference"])["variables"]}

    items = parts(variables["list"])
    same([items[k]["value"] for k in ("0", "1", "2")], ["1", "2", "[3, 4]"], "items")
    same(parts(items["2"])["1"]["value"], "4", "nested item")
    same(parts(parts(variables["dict"])["nested"])["deep"]["value"], "true", "nested entry")
    same(parts(variables["point"])["y"]["value"], "2", "field")
    same(parts(variables["shape"])["0"]["value"], "3", "payload")
    same(variables["n"]["variablesReference"], 0, "an int cannot be expanded")


def test_captured_and_outer_frames(session):
    c = stop_at(session, "inner")
    frames = c.frames()
    same(c.values("Locals", frames[0])["local"], "30", "local")
    same(c.values("Captured", frames[0]), {"captured": "6", "factor": "3"}, "captured value, constant of the file")
    by_name = {f["name"]: f for f in frames}
    same(c.values("Locals", by_name["outer"])["n"], "5", "local of an outer frame")
    same(c.values("Locals", by_name["default"])["top"], '"pipeline"', "local of the pipeline")


def test_module_scope(session):
    lib, at = session.program("""
var counter = 0
pub fn count() {
  counter = counter + 1
  return counter // @count
}
""", "lib.harn")
    path, _ = session.program("""
import { count } from "./lib"
pipeline default(task) {
  count()
  println(count())
}
""")
    c = session.client()
    c.start(path, files={lib: [at["count"]]})
    c.stopped("breakpoint")
    same(c.values("Module")["counter"], "1", "variable of the module")
    c.resume()
    c.stopped("breakpoint")
    same(c.values("Module")["counter"], "2", "after the second call")


def test_large_lists_are_paged(session):
    c = stop_at(session, "stop", """
pipeline default(task) {
  var big = []
  for i in range(20000) {
    big = big.push(i)
  }
  println(len(big)) // @stop
}
""")
    big = c.variables()["big"]
    same(big["indexedVariables"], 20000, "count")
    page = c.request("variables", variablesReference=big["variablesReference"], filter="indexed", start=100, count=50)
    same([v["name"] for v in page["variables"]], [str(i) for i in range(100, 150)], "page")
    same(page["variables"][0]["value"], "100", "value")
    past = c.request("variables", variablesReference=big["variablesReference"], start=30000, count=10)
    same(past["variables"], [], "behind the end")


def test_deep_recursion_pages_frames(session):
    c = stop_at(session, "bottom", """
fn down(n) {
  if n == 0 {
    return 0 // @bottom
  }
  return 1 + down(n - 1)
}
pipeline default(task) {
  println(down(5000))
}
""")
    body = c.request("stackTrace", threadId=1, startFrame=0, levels=20)
    same((len(body["stackFrames"]), body["totalFrames"]), (20, 5002), "first page")
    body = c.request("stackTrace", threadId=1, startFrame=5000, levels=20)
    same([f["name"] for f in body["stackFrames"]], ["down", "default"], "last page")
    c.resume()
    c.finish()


def test_evaluate_in_frames(session):
    c = stop_at(session, "inner")
    frames = {f["name"]: f["id"] for f in c.frames()}
    top = c.frames()[0]["id"]

    def value(expression, frame, context="watch"):
        return c.request("evaluate", expression=expression, frameId=frame, context=context)["result"]

    same(value("local + captured + factor", top), "39", "local and captured names, a constant of the file")
    same(value("n * 100", frames["outer"]), "500", "in an outer frame")
    same(value("list[2].map({ x -> x * n })", frames["outer"]), "[15, 20]", "with a closure")
    same(value("point.x + point.y", frames["outer"], "hover"), "3", "fields")
    same(value('"${text.len()}"', frames["outer"]) != "", True, "interpolation")
    expect("Undefined" in c.refuse("evaluate", expression="nowhere", frameId=top), "unknown name")
    expect("parse error" in c.refuse("evaluate", expression="1 +", frameId=top), "half an expression")
    expect("empty" in c.refuse("evaluate", expression="  ", frameId=top), "empty expression")


def test_hover_and_watch_have_no_effects(session):
    c = stop_at(session, "stop", """
fn shout(n) {
  println("shouted ${n}")
  return n
}
pipeline default(task) {
  let n = 1
  println("end") // @stop
}
""")
    frame = c.frames()[0]["id"]
    for expression in ('println("x")', "shout(2)", 'write_file("never.txt", "x")', "spawn { 1 }"):
        for context in ("hover", "watch"):
            text = c.refuse("evaluate", expression=expression, frameId=frame, context=context)
            expect("side effects" in text or "Undefined" in text, "%s in %s: %s" % (expression, context, text))
    same(c.output(), "", "nothing was printed")
    same(c.request("evaluate", expression="shout(3)", frameId=frame, context="repl")["result"], "3", "repl acts")
    same(c.output(), "shouted 3\n", "and prints")
    c.resume()
    same(c.finish(), 0, "exit code")
    same(c.output(), "shouted 3\nend\n", "the program is unharmed")


def test_endless_evaluation_ends(session):
    c = stop_at(session, "inner")
    frame = c.frames()[0]["id"]
    text = c.refuse("evaluate", expression="(fn() { while true { } })()", frameId=frame, context="watch")
    expect("budget" in text, text)
    text = c.refuse("evaluate", expression='throw "mine"', frameId=frame, context="repl")
    expect("mine" in text, text)
    c.resume()
    same(c.finish(), 0, "the program goes on as if nothing had happened")


def test_set_variable(session):
    c = stop_at(session, "stop", """
pipeline default(task) {
  var free = [1]
  let fixed = free.count()
  let literal = 1
  println("${fixed} ${free} ${literal}") // @stop
}
""")
    frame = c.frames()[0]
    scope = c.scope("Locals", frame)
    same(c.request("setVariable", variablesReference=scope, name="fixed", value="41 + 1")["value"], "42", "answer")
    c.request("setVariable", variablesReference=scope, name="free", value="free.push(2)")
    expect("not in the current scope" in c.refuse("setVariable", variablesReference=scope, name="no", value="1"), "text")
    expect("constant" in c.refuse("setVariable", variablesReference=scope, name="literal", value="2"),
           "a literal is part of the code: refused rather than changed for show")
    c.resume()
    c.finish()
    same(c.output(), "42 [1, 2] 1\n", "the program sees the new values")


def test_handles_of_an_earlier_stop_are_refused(session):
    path, line = session.program(PROGRAM)
    c = session.client()
    c.start(path, [line["inner"], line["return"]])
    c.stopped("breakpoint")
    frame = c.frames()[0]
    scope = c.scope("Locals", frame)
    c.resume()
    c.stopped("breakpoint")
    expect("at this stop" in c.refuse("scopes", frameId=frame["id"]), "old frame")
    expect("at this stop" in c.refuse("variables", variablesReference=scope), "old scope")
    expect("at this stop" in c.refuse("evaluate", expression="1", frameId=frame["id"]), "old frame in evaluate")
    expect("at this stop" in c.refuse("variables", variablesReference=0), "zero")
    expect("at this stop" in c.refuse("variables", variablesReference=2147483647), "made up")


def test_values_of_any_depth(session):
    c = stop_at(session, "stop", """
pipeline default(task) {
  var deep = []
  for i in range(100000) {
    deep = [deep]
  }
  println("built") // @stop
}
""")
    same(c.values()["deep"], "[[…]]", "shown at one level")
    c.resume()
    same(c.finish(), 0, "exit code")
