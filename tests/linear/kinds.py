"""The constructs: a function that makes the text of n of them, and how deep they may go (None: any n).

COPY stands for the number of the copy, in the names that must differ. A function may return the text of a module
`names` beside its own.
"""

KINDS = {}


def kind(deepest=None):
    def add(make):
        KINDS[make.__name__] = (make, deepest)
        return make
    return add


def body(*lines):
    return "fn f_COPY(x, y) {\n" + "\n".join(lines) + "\n}\n"


def lines(n, pattern):
    return "\n".join(pattern.replace("#", str(i)) for i in range(n))


def joined(n, pattern, separator):
    return separator.join(pattern.replace("#", str(i)) for i in range(n))


# ---- one after the other ----

@kind()
def functions(n):
    return lines(n, "fn g#_COPY(a, b) {\n  return a + b\n}")


@kind()
def typed_functions(n):
    return lines(n, "fn g#_COPY(a: int, b: list<string>) -> dict<string, int> {\n  return {a: a, b: len(b)}\n}")


@kind()
def interfaces_with_impl(n):
    return lines(n, "interface I#_COPY {\n  fn m(self) -> int\n}\nstruct S#_COPY {\n  a: int\n}\n"
                    "impl S#_COPY {\n  fn m(self) -> int {\n    return self.a\n  }\n}")


@kind()
def type_aliases(n):
    return lines(n, "type T#_COPY = {a: int, b?: string}")


@kind()
def pipelines(n):
    return lines(n, "pipeline p#_COPY(task) {\n  println(task)\n}")


@kind()
def statements(n):
    return body(lines(n, "  println(x + # * y)"))


@kind()
def variables(n):
    return body(lines(n, "  let v# = x + #\n  println(v#)"))


@kind()
def variables_from_the_last(n):
    return body("  let v0 = 1", "\n".join("  let v%d = v%d + 1" % (i, i - 1) for i in range(1, n)))


@kind()
def assignments(n):
    return body("  var a = 0", lines(n, "  a = a + #"), "  return a")


@kind()
def narrowing_ifs(n):
    return body(lines(n, "  if x != nil && type_of(x) == \"int\" {\n    println(x)\n  }"))


@kind()
def guards(n):
    return body(lines(n, "  guard x != # else {\n    return nil\n  }"))


@kind()
def tries(n):
    return body(lines(n, "  try {\n    println(x)\n  } catch (e) {\n    println(e)\n  }"))


@kind()
def loops(n):
    return body(lines(n, "  for i in 0 to # {\n    println(i)\n  }\n  while x < # {\n    break\n  }"))


@kind()
def shadowed_names(n):
    return body(lines(n, "  if y {\n    let x = #\n    println(x)\n  }"))


@kind()
def comments(n):
    return lines(n, "// a comment, number #")


@kind()
def block_comments(n):
    return lines(n, "/* a comment, /* nested */ number # */")


@kind()
def documented_functions(n):
    return lines(n, "/** Says #.\n *  And more. */\nfn g#_COPY() {\n  return #\n}")


@kind()
def blank_lines(n):
    return "\n" * (20 * n) + body("  return x")


@kind()
def imported_names(n):
    return "import { %s } from \"./names\"\n" % joined(n, "n#", ", "), lines(n, "pub fn n#() {\n  return #\n}")


@kind()
def imported_and_called(n):
    return "import \"./names\"\n" + body(lines(n, "  println(n#())")), lines(n, "pub fn n#() {\n  return #\n}")


@kind()
def ternaries(n):
    return body(lines(n, "  println(x ? [y / #, 1] : {a: #})"))


# ---- long in themselves ----

@kind()
def list_items(n):
    return body("  return [\n" + joined(n, "    #", ",\n") + "\n  ]")


@kind()
def dict_entries(n):
    return body("  return {\n" + joined(n, "    k#: #", ",\n") + "\n  }")


@kind()
def list_of_dicts(n):
    return body("  return [\n" + joined(n, "    {id: #, name: \"n#\"}", ",\n") + "\n  ]")


@kind()
def arguments(n):
    return body("  return max(" + joined(n, "x", ", ") + ")")


@kind()
def match_arms(n):
    return body("  match x {\n" + lines(n, "    # -> { println(y) }") + "\n  }")


@kind()
def match_texts(n):
    return body("  match x {\n" + lines(n, "    \"word #\" -> { println(y) }") + "\n  }")


@kind()
def enum_variants(n):
    return "enum E_COPY {\n" + lines(n, "  V#") + "\n}\n"


@kind()
def enum_matched(n):
    return ("enum E_COPY {\n" + lines(n, "  V#(a: int)") + "\n}\nfn g_COPY(e: E_COPY) {\n  match e.variant {\n" +
            lines(n, "    \"V#\" -> { println(#) }") + "\n  }\n}\n")


@kind()
def struct_fields(n):
    return "struct S_COPY {\n" + lines(n, "  f#: int") + "\n}\nfn g_COPY() {\n  return S_COPY {" + joined(n, "f#: #", ", ") + "}\n}\n"


@kind()
def shape_fields(n):
    return "type T_COPY = {" + joined(n, "f#: int", ", ") + "}\nlet s: T_COPY = {" + joined(n, "f#: #", ", ") + "}\n"


@kind()
def type_union(n):
    return "type T_COPY = " + joined(n, "\"w#\"", " | ") + "\nfn g_COPY(a: T_COPY) -> T_COPY {\n  return a\n}\n"


@kind()
def interpolations(n):
    return body("  return \"" + joined(n, "a ${x + #} ", "") + "\"")


@kind()
def strings(n):
    return body(lines(n, "  println(\"some words ${x} and\\n ${y.name} #\")"))


@kind()
def long_string(n):
    return body("  return \"" + "some words " * (4 * n) + "\"")


@kind()
def lines_of_one_string(n):
    return body("  return \"\"\"\n" + lines(n, "    line # ${x}") + "\n  \"\"\"")


@kind()
def parameters(n):
    return "fn g_COPY(" + joined(n, "p#: int", ", ") + ") {\n  return p0\n}\n"


@kind()
def destructured_names(n):
    return body("  let {" + joined(n, "a#", ", ") + "} = x\n  println(a0)")


@kind()
def captured_variables(n):
    return body(lines(n, "  var v# = #"), "  let g = { ->", lines(n, "    v# = v# + 1"), "  }", "  return g")


@kind()
def aliases_of_the_last(n):
    return "type T_COPY0 = int\n" + "\n".join("type T_COPY%d = T_COPY%d | nil" % (i, i - 1) for i in range(1, n)) + "\n"


@kind()
def recursive_types(n):
    return lines(n, "type T_COPY# = {next: T_COPY# | nil, other: T_COPY0}")


@kind()
def shape_union(n):
    return ("type T_COPY = " + joined(n, "{kind: \"k#\", a#: int}", " | ") + "\nfn g_COPY(a: T_COPY) {\n" +
            "  if a.kind == \"k1\" {\n    println(a)\n  }\n}\n")


@kind()
def names_declared_twice(n):
    return lines(n, "fn g_COPY() {\n  return #\n}")


@kind()
def methods(n):
    return "struct S_COPY {\n  a: int\n}\nimpl S_COPY {\n" + lines(n, "  fn m#(self) {\n    return self.a\n  }") + "\n}\n"


@kind()
def attributes(n):
    return lines(n, "@deprecated(since: \"0.#\")\nfn g#_COPY() {\n  return #\n}\npipeline p#_COPY(task) {\n  g#_COPY()\n}")


@kind()
def narrowing_else_ifs(n):
    return ("fn g_COPY(x: int | string | nil) {\n  if x == nil {\n    println(0)\n  }" +
            " else if type_of(x) == \"int\" {\n    println(x)\n  }" * n + "\n}\n")


@kind()
def returns_of_types(n):
    return "fn g_COPY(x) {\n" + lines(n, "  if x == # {\n    return {k#: #}\n  }") + "\n}\n"


# ---- chains ----

@kind()
def else_ifs(n):
    return body("  if x == 0 {\n    println(0)\n  }" + joined(n, " else if x == # {\n    println(#)\n  }", ""))


@kind()
def binary_chain(n):
    return body("  return x" + joined(n, " + #", ""))


@kind()
def or_chain_of_types(n):
    return body("  if x == nil" + joined(n, " || type_of(x) == \"int\"", "") + " {\n    println(x)\n  }")


@kind()
def ternary_chain(n):
    return body("  return " + joined(n, "x == # ? # : ", "") + "y")


@kind()
def pipe_chain(n):
    return body("  return x" + "\n    |> str" * n)


@kind()
def method_chain(n):
    return body("  return x" + "\n    .trim()" * n)


@kind()
def field_chain(n):
    return body("  return x" + ".a" * n)


@kind()
def unary_chain(n):
    return body("  return " + "!" * n + "x")


# ---- deep: the text of a copy grows with n, up to what a tree may have ----

@kind(8000)
def nested_blocks(n):
    return body("  if x {\n" * n + "  println(y)\n" + "  }\n" * n)


@kind(8000)
def closures_in_closures(n):
    return body("  return " + joined(n, "{ a# -> ", "") + "x" + " }" * n)


@kind(8000)
def parentheses(n):
    return body("  return " + "(" * n + "x" + ")" * n)


@kind(8000)
def nested_calls(n):
    return body("  return " + "str(" * n + "x" + ")" * n)


@kind(8000)
def nested_dicts(n):
    return body("  return " + "{a: " * n + "x" + "}" * n)


@kind(8000)
def nested_interpolations(n):
    return body("  return " + "\"${" * n + "x" + "}\"" * n)


@kind(8000)
def nested_types(n):
    return "fn f_COPY(a: " + "list<" * n + "int" + ">" * n + ") {\n  return a\n}\n"


@kind(8000)
def nested_loops(n):
    return body(joined(n, "  for i# in x {\n", "") + "  println(y)\n" + "  }\n" * n)


@kind(8000)
def nested_tries(n):
    return body("  try {\n" * n + "  println(y)\n" + "  } catch (e) {\n  }\n" * n)


@kind(8000)
def nested_matches(n):
    return body("  match x {\n    1 -> {\n" * n + "  println(y)\n" + "  }\n  }\n" * n)


@kind(2400)
def nested_ternaries(n):
    return body("  return " + "x ? [" * n + "y" + "] : nil" * n)


# ---- broken ----

@kind()
def errors_on_lines(n):
    return body(lines(n, "  let = #\n  println(x)"))


@kind()
def errors_in_functions(n):
    return lines(n, "fn g#_COPY(a {\n  return a + * 2\n}")


@kind()
def stray_closers(n):
    return body(lines(n, "  println(x))"))


@kind()
def unknown_characters(n):
    return body(lines(n, "  x @ y"))


@kind()
def unclosed_strings(n):
    return body(lines(n, "  println(\"text)"))


@kind()
def undefined_names(n):
    return body(lines(n, "  println(nowhere#)"))


@kind()
def wrong_types(n):
    return body(lines(n, "  let v#: int = \"text\""))


@kind(8000)
def unclosed_parentheses(n):
    return body("  return " + "(" * n + "x")


@kind(8000)
def unclosed_blocks(n):
    return body("  if x {\n" * n + "  println(y)\n")


@kind(8000)
def unclosed_interpolations(n):
    return body("  return " + "\"${" * n + "x")
