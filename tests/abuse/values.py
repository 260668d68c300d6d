"""The arguments that the abuse test hands to everything: Harn expressions by kind, each made anew where it has a state."""

# What several of them are made of; DEEP and the others that are large are only made where a program names them.
PREAMBLE = '''
struct Point { x: int, y: int }
enum Shape { Dot, Circle(r: int) }
fn identity(x) { return x }
fn thrower(...xs) { throw "thrown by a callback" }
fn liar(...xs) { return random_int(-1, 1) }
fn moody(...xs) { return random_choice([nil, true, "x", 1.5, {a: 1}, [1], thrower]) }
fn generating() {
  yield 1
  yield "two"
}
gen fn streaming() { emit 1 }
fn unending() {
  var i = 0
  while true {
    yield i
    i = i + 1
  }
}
fn sent() {
  let c = channel("c", 4)
  send(c, 1)
  return c
}
fn cyclic() {
  let c = channel("cycle", 4)
  send(c, c)
  return c
}
fn closed() {
  let c = channel("closed", 1)
  close_channel(c)
  return c
}
'''
LARGE = {
    "LONG": 'let LONG = "x" * 1000000',
    "WIDE": 'let WIDE = "\\u{e9}\\u{1f600}" * 200000',
    "MANY": "let MANY = (0 to 100000 exclusive).to_list()",
    "DEEP": "var DEEP = []\nfor i in 0 to 1000000 exclusive { DEEP = [DEEP] }",
    "DEEP_DICT": "var DEEP_DICT = {a: 1}\nfor i in 0 to 1000000 exclusive { DEEP_DICT = {a: DEEP_DICT} }",
    "KEYS": 'var KEYS = {}\nfor i in 0 to 20000 exclusive { KEYS["k${i}"] = i }',
    "BLOB": 'let BLOB = bytes_from_hex("fffec080" * 100000)',
    "TEXTS": 'let TEXTS = (0 to 9000 exclusive).map({ i -> ["b", "a", "\\u{e9}"][i % 3] }).to_list()',
    "BRACKETS": 'let BRACKETS = "[" * 200000',
    "JSON_DEEP": 'let JSON_DEEP = "[" * 100000 + "]" * 100000',
    "AAA": 'let AAA = "a" * 100000 + "!"',
}
VALUES = {
    "nil": ["nil"],
    "bool": ["true", "false"],
    "int": ["0", "1", "(-1)", "7", "64", "1000000", "2147483648", "4294967296", "1000000000000", "1000000000000000000",
            "9223372036854775807", "(-9223372036854775807 - 1)"],
    "float": ["0.5", "(-0.0)", "(0.0 / 0.0)", "(1.0 / 0.0)", "(-1.0 / 0.0)", "to_float(\"1e300\")", "to_float(\"5e-324\")", "9007199254740993.0"],
    "string": ['""', '"abc"', '"a b,c"', '"\\u{0}"', '"e\\u{301}\\u{1f468}\\u{200d}\\u{1f469}"', '"%s%n%d"', '"[1, 2"',
               '"{\\"a\\": 1}"', '"(a+)+$"', '"(a|aa)+$"', '"[a-"', '"((((a{1000}){1000}){1000})"', '"2024-02-30T25:61:00Z"',
               '"-9223372036854775809"', '"1e999"', '"{{ a | b }}"', '"{% if %}"', '"http://127.0.0.1:9/x"', '"GET"', '"utf-8"',
               "LONG", "WIDE", "AAA", "BRACKETS", "JSON_DEEP"],
    "bytes": ['bytes_from_hex("")', 'bytes_from_hex("fffec080eda080")', 'bytes_from_string("abc")', "BLOB"],
    "list": ["[]", "[1, 2, 3]", "[3, nil, \"a\", 1.5, {a: 1}, [0.0 / 0.0]]", "[[1, 2], [3, 4]]", '["a", "b"]', "[{a: 1}, {a: 2}]",
             "MANY", "TEXTS", "DEEP", "[DEEP, DEEP]", "[thrower, liar]"],
    "dict": ["{}", "{a: 1, b: nil}", '{type: "object", properties: {a: {type: "int"}}}', "KEYS", "DEEP_DICT", '{"": 1, "a.b": [1]}',
             "{name: 1, id: true, url: nil, body: [1], timeout: -1, limit: 1000000000000000000, handler: thrower}"],
    "set": ["set()", "set(1, \"a\", [1])", "set(MANY)"],
    "range": ["(1 to 3)", "(3 to 1)", "(0 to 9223372036854775807)", "range(1000000000000000000)"],
    "function": ["identity", "thrower", "liar", "moody", "{ -> 1 }", "{ a, b, c, d -> nil }", "len"],
    "enum": ["Ok(1)", 'Err("e")', "Shape.Dot", "Shape.Circle(2)"],
    "struct": ["Point { x: 1, y: 2 }"],
    "pair": ["pair(1, 2)"],
    "duration": ["0ms", "5s", "100000000w"],
    "iter": ["[1, 2, 3].iter()", "MANY.iter()", "[3, 1].iter().map(thrower)"],
    "generator": ["generating()", "unending()"],
    "stream": ["streaming()"],
    "channel": ["sent()", "cyclic()", "closed()", 'channel("empty", 1)'],
    "task": ["(spawn { 1 })", "(spawn { throw \"failed\" })"],
    "atomic": ["atomic(1)", "atomic(DEEP)"],
    "rng": ["rng_seed(1)"],
    "harness": ["harness"],
    "permit": ['sync_mutex_acquire("abuse", 0)'],
}
ALL = [value for values in VALUES.values() for value in values]
# Kinds that a type of a signature lets in; what is not here lets everything in.
KINDS = {
    "string": ["string"], "int": ["int"], "float": ["float", "int"], "bool": ["bool"], "list": ["list"], "dict": ["dict"],
    "set": ["set"], "bytes": ["bytes"], "range": ["range"], "closure": ["function"], "duration": ["duration"], "nil": ["nil"],
    "iter": ["iter"], "generator": ["generator"], "Generator": ["generator"], "stream": ["stream"], "channel": ["channel"],
    "Harness": ["harness"], "rng": ["rng"], "atomic": ["atomic"],
}


def kinds_of(text):
    """The kinds of values that a type lets in, as far as its words tell."""
    kinds = []
    for part in text.split(" | "):
        part = part.split("<")[0]
        kinds += ["function"] if part.startswith("fn(") else KINDS.get(part, [])
    return kinds


def fitting(text):
    """Values that fit a type: of its kinds, or all of them."""
    return [value for kind in kinds_of(text) for value in VALUES[kind]] or ALL


# What syntax does with values: A, B and C stand for some.
FORMS = [
    "-A", "!A", "A[B]", "A[B:C]", "A?.name", "A.name", "A(B)", "A(B, C)", "A |> B", "A ?? B", "A to B", "A to B exclusive",
    "A in B", "A not in B", '"${A} and ${B}"', "[...A, B]", "{...A, b: B}", "{[A]: B}", "identity(...A)", "(A ? B : C)",
    "A.map(B)", "try { A(B) }", "A.len()",
]
STATEMENTS = [
    "var v = A; v[B] = C; return v", "var v = A; v.name = B; return v", "var v = A; v += B; return v",
    "for x in A { return x }", "for {key, value} in A { return key }", "let [p, q] = A; return p", "let {name, ...rest} = A; return rest",
    "match A { B -> { return 1 }\n C -> { return 2 }\n _ -> { return 3 } }", "throw A", "retry 3 { A(B) }", "deadline A { return B }",
    "parallel A { i -> i }", "parallel each A { x -> x }", "parallel settle A { x -> thrower() }", "require A, B", "mutex { return A }",
    "var n = 0; while A { n = n + 1; if n > 3 { break } }", "defer { thrower() }\n return A", "emit A", "let f = A; return f(...B)",
]
