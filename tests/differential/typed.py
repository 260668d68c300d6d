"""Programs for the checker: right by construction, then with a mistake here and there.

Every expression is made for a wanted type; with the probability `mistakes` it is made for another one. What such a
program does is not looked at, only what a checker says of it.
"""
import random
import re

HEAD = '''type User = {name: string, age?: int}
type Id = int | string
type Grade = "low" | "high"
type Msg = {kind: "ping", ttl: int} | {kind: "pong", text: string}
enum Shape { Dot, Line(length: int), Box(w: int, h: int) }
struct Point { x: int, y: int, label?: string }
interface Sized { fn size(self) -> int }
impl Point {
  fn size(self) -> int { return self.x }
  fn shifted(self, by: int) -> Point { return Point {x: self.x + by, y: self.y} }
}
fn inc(n: int) -> int { return n + 1 }
fn show(n: int, prefix: string = "x") -> string { return "${prefix}${n}" }
fn first<T>(xs: list<T>, fallback: T) -> T { return xs.first ?? fallback }
fn maybe(n: int) -> string? {
  if n > 0 { return "x" }
  return nil
}
fn apply(f: fn(int) -> int, n: int) -> int { return f(n) }
fn area(s: Shape) -> int { return match s { Shape.Dot -> { 0 } Shape.Line(n) -> { n } Shape.Box(w, h) -> { w * h } } }
fn sized<T>(v: T) -> int where T: Sized { return v.size() }
fn user_name(u: User) -> string { return u.name }
fn risky(n: int) -> Result<int, string> { return n > 0 ? Ok(n) : Err("low") }
fn count_all(xs: list<int>, ...rest) -> int { return len(xs) + len(rest) }
'''

VARIABLES = [("n", "int", "1"), ("k", "int", "2"), ("s", "string", '"s"'), ("f", "float", "1.0"), ("b", "bool", "true"),
             ("xs", "list<int>", "[1, 2]"), ("ss", "list<string>", '["a"]'), ("m", "string?", "maybe(2)"),
             ("u", "User", '{name: "a"}'), ("sh", "Shape", "Shape.Dot"), ("p", "Point", "Point {x: 1, y: 2}"),
             ("id", "Id", "1"), ("g", "Grade", '"low"'), ("d", "dict<string, int>", "{a: 1}"),
             ("msg", "Msg", '{kind: "ping", ttl: 3}'), ("un", "unknown", "1")]

# By type: texts without a part that has to be made, and texts with {TYPE} for such a part and <TYPE> for a variable.
LEAVES = {
    "int": ["1", "-3", "7"], "string": ['"a"', '"b"'], "bool": ["true", "false"], "float": ["1.5", "sqrt(2.0)"],
    "list<int>": ["[1, 2]", "[]"], "list<string>": ['["a", "b"]'], "string?": ["nil", '"z"'], "User": ['{name: "q"}'],
    "Shape": ["Shape.Dot"], "Point": ['Point {x: 1, y: 2, label: "q"}'], "Id": ["3", '"three"'], "Grade": ['"low"', '"high"'],
    "dict<string, int>": ["{a: 1, b: 2}", "{}"], "Msg": ['{kind: "ping", ttl: 1}', '{kind: "pong", text: "t"}'], "nil": ["nil"],
}
FORMS = {
    "int": ["({int} + {int})", "{int} * {int}", "inc({int})", "len({list<int>})", "len({string})", "apply({ x -> x + 1 }, {int})",
            "apply(inc, {int})", "area({Shape})", "sized({Point})", "<Point>.x", "first({list<int>}, {int})",
            "({bool} ? {int} : {int})", "(<list<int>>.first ?? {int})", "<list<int>>.count()", "(<User>.age ?? {int})",
            "count_all({list<int>}, {string})", "<Point>.shifted({int}).y", '(d["a"] ?? {int})',
            "<list<int>>.reduce(0, { acc, x -> acc + x })", "unwrap_or(risky({int}), 0)", "{int} % 3", "(to_int({string}) ?? 0)"],
    "string": ["{string} + {string}", "show({int})", "show({int}, {string})", "to_string({int})", '"v ${{int}}"',
               "uppercase({string})", "user_name({User})", "<User>.name", "(<string?> ?? {string})", "<string>.trim()",
               '<list<string>>.join(",")', "first({list<string>}, {string})", "type_of({int})", "({bool} ? {string} : {string})",
               '<string>.replace("a", "b")', 'match sh { Shape.Dot -> { "d" } _ -> { {string} } }'],
    "bool": ["{int} < {int}", "{string} == {string}", "!{bool}", "({bool} && {bool})", "({bool} || {bool})",
             "<list<int>>.contains({int})", "<string?> != nil", '<dict<string, int>>.has("a")', "starts_with({string}, {string})",
             "{int} in {list<int>}", "is_ok(risky(1))", "<list<int>>.any({ x -> x > 1 })"],
    "float": ["{float} * 2.0", "to_float({int})"],
    "list<int>": ["[{int}, {int}]", "<list<int>>.map({ x -> x * 2 })", "<list<int>>.filter({ x -> x > {int} })",
                  "<list<int>>.push({int})", "<list<int>>.sort()", "{list<int>} + {list<int>}",
                  "<list<string>>.map({ w -> len(w) })", "[...<list<int>>, {int}]",
                  "<list<int>>.iter().filter({ x -> x > 0 }).to_list()"],
    "list<string>": ["[{string}]", 'split({string}, ",")', '<list<int>>.map({ x -> "${x}" })', "keys({dict<string, int>})",
                     '<string>.split(",")'],
    "string?": ["maybe({int})", "<list<string>>.first"],
    "User": ["{name: {string}}", '{name: "q", age: {int}}', "{...<User>, age: 4}"],
    "Shape": ["Shape.Line({int})", "Shape.Box({int}, 2)"],
    "Point": ["Point {x: {int}, y: 1}", "<Point>.shifted(1)"],
    "Id": ["{int}", "{string}"],
    "dict<string, int>": ["{a: {int}}", "<dict<string, int>>.merge({c: 3})"],
}
TYPES = sorted(LEAVES)
PART = re.compile("[{<](%s)[}>]" % "|".join(re.escape(type_) for type_ in sorted(TYPES, key=len, reverse=True)))


class Maker:
    def __init__(self, seed, mistakes):
        self.random = random.Random(seed)
        self.mistakes = mistakes
        self.scope = [(name, type_) for name, type_, _ in VARIABLES]
        self.count = 0

    def variable(self, type_):
        return self.random.choice([name for name, its in self.scope if its == type_])

    def fill(self, form, depth):
        def part(match):
            return self.expression(match[1], depth + 1) if match[0][0] == "{" else self.variable(match[1])
        return PART.sub(part, form)

    def expression(self, type_, depth=0):
        choose = self.random
        if choose.random() < self.mistakes:
            type_ = choose.choice(["int", "string", "bool", "list<int>", "nil", "User", "Shape"])
        if type_ != "nil" and choose.random() < 0.4:
            return self.variable(type_)
        if depth > 2 or type_ not in FORMS or choose.random() < 0.2:
            return choose.choice(LEAVES[type_])
        return self.fill(choose.choice(FORMS[type_]), depth)

    def declare(self, type_):
        self.count += 1
        self.scope.append(("v%d" % self.count, type_))
        return "v%d" % self.count

    def block(self, depth, count):
        mark = len(self.scope)
        lines = [line for _ in range(count) for line in self.statement(depth)]
        del self.scope[mark:]
        return lines

    def statement(self, depth):
        choose, pad = self.random, "  " * (depth + 1)
        types = [type_ for type_ in TYPES if type_ != "nil"]
        kinds = ["let"] * 5 + ["print"] * 2 + ["match", "grade", "tag", "tags", "type", "assign", "pattern"]
        if depth < 2:
            kinds += ["if"] * 3 + ["nil", "for", "try"]
        kind = choose.choice(kinds)
        if kind == "let":
            type_ = choose.choice(types)
            value = self.expression(type_)
            is_told = value in ("nil", "[]", "{}") or type_ not in ("int", "string", "bool") or choose.random() < 0.5
            return [pad + "%s %s%s = %s" % (choose.choice(["let", "var"]), self.declare(type_), ": " + type_ if is_told else "", value)]
        if kind == "print":
            return [pad + "println(%s)" % self.expression(choose.choice(types))]
        if kind == "if":
            lines = [pad + "if %s {" % self.expression("bool")] + self.block(depth + 1, 2)
            if choose.random() < 0.5:
                lines += [pad + "} else {"] + self.block(depth + 1, 1)
            return lines + [pad + "}"]
        if kind == "nil":
            name, mark = self.variable("string?"), len(self.scope)
            self.scope.append((name, "string"))
            lines = [pad + "if %s != nil {" % name, pad + '  println(%s + "q")' % name] + self.block(depth + 1, 1) + [pad + "}"]
            del self.scope[mark:]
            return lines
        if kind == "for":
            head = self.expression("list<int>")
            mark = len(self.scope)
            lines = [pad + "for %s in %s {" % (self.declare("int"), head)] + self.block(depth + 1, 2) + [pad + "}"]
            del self.scope[mark:]
            return lines
        if kind == "try":
            return [pad + "try {"] + self.block(depth + 1, 1) + [pad + "} catch (err) {", pad + "  println(err)", pad + "}"]
        if kind == "match":
            return [pad + "match %s {" % self.variable("Shape"), pad + "  Shape.Dot -> { println(0) }",
                    pad + "  Shape.Line(q) -> { println(q + 1) }", pad + "  Shape.Box(q, z) -> { println(q * z) }", pad + "}"]
        if kind == "grade":
            return [pad + "match %s {" % self.variable("Grade"), pad + '  "low" -> { println(1) }',
                    pad + '  "high" -> { println(%s) }' % self.expression("int"), pad + "}"]
        if kind == "tag":
            return [pad + "match msg.kind {", pad + '  "ping" -> { println(msg.ttl + 1) }',
                    pad + '  "pong" -> { println(msg.text + "x") }', pad + "}"]
        if kind == "tags":
            return [pad + 'if msg.kind == "ping" {', pad + "  println(msg.ttl)", pad + "} else {", pad + "  println(msg.text)", pad + "}"]
        if kind == "type":
            return [pad + 'if type_of(un) == "string" {', pad + '  println(un + "x")', pad + "}"]
        if kind == "assign":
            name, type_, _ = choose.choice(VARIABLES[:6])
            return [pad + "%s = %s" % (name, self.expression(type_))]
        self.count += 1
        return [pad + "let {name: nm%d, age: ag%d} = %s" % (self.count, self.count, self.variable("User")),
                pad + "println((ag%d ?? 1) + len(nm%d))" % (self.count, self.count)]

    def program(self):
        lines = ["  var %s: %s = %s" % row for row in VARIABLES] + self.block(0, self.random.randrange(8, 18))
        lines.append("  return %s" % self.expression("int"))
        return HEAD + "fn work() -> int {\n" + "\n".join(lines) + "\n}\npipeline default(task) {\n  println(work())\n}\n"


def program(seed, mistakes):
    return Maker(seed, mistakes).program()
