"""Programs at random, typed so that most of them run: the same seed gives the same program.

A program is a list of chunks (declarations, then statements of the pipeline), so that the runner can leave chunks out to
reduce a difference. Values of every type are printed, and each statement that may throw is guarded by a try with some
probability, so that errors show their texts without ending the program. What the reference's checker is known to see otherwise (slices and
reverse() of lists, the types of abs, min, max and floor) stands only where no type is asked for; it skips a
`finally` behind a catch that ran, so none is made.
"""
import random

INT_EDGES = [0, 1, -1, 2, 3, 7, 10, 100, 255, 4096, 2**31 - 1, 2**31, -2**31, 2**53, 2**62, 2**63 - 1, -2**63 + 1]
FLOAT_EDGES = ["0.0", "1.0", "0.5", "2.25", "3.14159", "1000000.0", "0.001", "123456789.125", "0.1"]
WORDS = ["", "a", "harn", "Hello", "two words", "  padded ", "x,y,z", "äöü", "日本", "1", "3.5", "tab\\there", "line\\nbreak",
         "quote\\\"d", "AbC", "aaa", "true", "nil", "-7", "0x1f"]
SIMPLE = ["int", "float", "bool", "string"]


class Generator:
    def __init__(self, seed):
        self.rng = random.Random(seed)
        self.scopes = [[]]
        self.functions = []   # (name, [types], result)
        self.structs = []     # (name, [(field, type)])
        self.enums = []       # (name, [(variant, [types])])
        self.names = 0
        self.loops = 0

    # ---- names and types ----

    def fresh(self, prefix):
        self.names += 1
        return "%s%d" % (prefix, self.names)

    def chance(self, percent):
        return self.rng.random() * 100 < percent

    def pick(self, items):
        return self.rng.choice(items)

    def type(self, depth=2):
        roll = self.rng.random()
        if depth <= 0 or roll < 0.65:
            return self.pick(SIMPLE)
        if roll < 0.82:
            return ("list", self.type(depth - 1))
        if roll < 0.93:
            return ("dict", self.type(depth - 1))
        if self.structs and roll < 0.97:
            return ("struct", self.pick(self.structs)[0])
        return ("list", "int")

    def written(self, type):
        if isinstance(type, str):
            return type
        if type[0] == "list":
            return "list<%s>" % self.written(type[1])
        if type[0] == "dict":
            return "dict<string, %s>" % self.written(type[1])
        return type[1]

    def variables(self, type, mutable=False):
        return [name for scope in self.scopes for name, kind, is_var in scope if kind == type and (is_var or not mutable)]

    # ---- expressions ----

    def literal(self, type, depth=2):
        if type == "int":
            value = self.pick(INT_EDGES) if self.chance(25) else self.rng.randint(-20, 20)
            return "(%d)" % value if value < 0 else str(value)
        if type == "float":
            return self.pick(FLOAT_EDGES) if self.chance(50) else "%.3f" % self.rng.uniform(0, 100)
        if type == "bool":
            return self.pick(["true", "false"])
        if type == "string":
            return '"%s"' % self.pick(WORDS)
        if type[0] == "list":
            return "[%s]" % ", ".join(self.expression(type[1], depth - 1) for _ in range(self.rng.randint(0, 4)))
        if type[0] == "dict":
            keys = self.rng.sample(["a", "b", "c", "key", "z9"], self.rng.randint(0, 3))
            return "{%s}" % ", ".join("%s: %s" % (key, self.expression(type[1], depth - 1)) for key in keys)
        fields = dict(self.structs)[type[1]]
        return "%s {%s}" % (type[1], ", ".join("%s: %s" % (f, self.expression(t, depth - 1)) for f, t in fields))

    def expression(self, type, depth=3):
        found = self.variables(type)
        if depth <= 0:
            return self.pick(found) if found and self.chance(70) else self.literal(type, 0)
        if found and self.chance(30):
            return self.pick(found)
        callable_here = [f for f in self.functions if f[2] == type]
        if callable_here and self.chance(15):
            name, types, _ = self.pick(callable_here)
            return "%s(%s)" % (name, ", ".join(self.expression(t, depth - 1) for t in types))
        if self.chance(10):
            return "(%s ? %s : %s)" % (self.expression("bool", depth - 1), self.expression(type, depth - 1),
                                       self.expression(type, depth - 1))
        if isinstance(type, str) and self.chance(70):
            return getattr(self, "make_" + type)(depth - 1)
        if type[0] == "list" and self.chance(60):
            return self.make_list(type, depth - 1)
        if type[0] == "dict" and self.chance(40):
            return self.make_dict(type, depth - 1)
        return self.literal(type, depth)

    def of(self, type, depth):
        return self.expression(type, depth)

    def make_int(self, depth):
        e = self.of
        some = self.pick(SIMPLE)
        return self.pick([
            lambda: "(%s %s %s)" % (e("int", depth), self.pick(["+", "-", "*", "+", "-", "/", "%"]), e("int", depth)),
            lambda: "len(%s)" % e(("list", some), depth),
            lambda: "len(%s)" % e("string", depth),
            lambda: "(-%s)" % e("int", depth),
            lambda: "(%s %s 7)" % (e("int", depth), self.pick(["%", "/"])),
            lambda: "(to_int(%s) ?? %s)" % (e("string", depth), e("int", depth)),
            lambda: "(%s[%s] ?? %s)" % (e(("list", "int"), depth), e("int", depth), e("int", depth)),
            lambda: "%s.count" % e(("list", some), depth),
            lambda: "%s.reduce(0, { acc, x -> acc + x })" % e(("list", "int"), depth),
            lambda: "%s.index_of(%s)" % (e("string", depth), e("string", depth)),
            lambda: "(%s |> { x -> x + 1 })" % e("int", depth),
        ])()

    def make_float(self, depth):
        e = self.of
        return self.pick([
            lambda: "(%s %s %s)" % (e("float", depth), self.pick(["+", "-", "*", "/"]), e("float", depth)),
            lambda: "(%s %s %s)" % (e("int", depth), self.pick(["+", "-", "*"]), e("float", depth)),
            lambda: "to_float(%s)" % e("int", depth),
            lambda: "sqrt(to_float(%s * %s))" % ((e("int", 0),) * 2),
        ])()

    def make_bool(self, depth):
        e = self.of
        some = self.pick(SIMPLE)
        order = self.pick(["int", "float", "string"])
        return self.pick([
            lambda: "(%s %s %s)" % (e(order, depth), self.pick(["<", ">", "<=", ">="]), e(order, depth)),
            lambda: "(%s %s %s)" % (e(some, depth), self.pick(["==", "!="]), e(some, depth)),
            lambda: "(%s %s %s)" % (e("bool", depth), self.pick(["&&", "||"]), e("bool", depth)),
            lambda: "(!%s)" % e("bool", depth),
            lambda: "(%s in %s)" % (e("int", depth), e(("list", "int"), depth)),
            lambda: "%s.contains(%s)" % (e("string", depth), e("string", depth)),
            lambda: "%s.starts_with(%s)" % (e("string", depth), e("string", depth)),
            lambda: "%s.empty" % e(("list", some), depth),
            lambda: "%s.any({ x -> x > %s })" % (e(("list", "int"), depth), e("int", 0)),
            lambda: "%s.all({ x -> x != %s })" % (e(("list", "int"), depth), e("int", 0)),
            lambda: "%s.has(\"a\")" % e(("dict", some), depth),
        ])()

    def make_string(self, depth):
        e = self.of
        some = self.type(1)
        return self.pick([
            lambda: "(%s + %s)" % (e("string", depth), e("string", depth)),
            lambda: "\"<${%s}>\"" % self.pick(self.variables("int") or self.variables("bool") or ["1 + 2"]),
            lambda: "to_string(%s)" % e(some, depth),
            lambda: "type_of(%s)" % e(some, depth),
            lambda: "%s.to_upper()" % e("string", depth),
            lambda: "%s.trim()" % e("string", depth),
            lambda: "%s.replace(%s, %s)" % (e("string", depth), e("string", 0), e("string", 0)),
            lambda: "%s.substring(%d, %d)" % (e("string", depth), self.rng.randint(0, 4), self.rng.randint(0, 8)),
            lambda: "%s.repeat(%d)" % (e("string", depth), self.rng.randint(0, 3)),
            lambda: "%s.join(%s)" % (e(("list", "string"), depth), e("string", 0)),
            lambda: "json_stringify(%s)" % e(some, depth),
            lambda: "%s[%d:%d]" % (e("string", depth), self.rng.randint(-3, 3), self.rng.randint(-3, 6)),
        ])()

    def make_list(self, type, depth):
        e, inner = self.of, type[1]
        options = [
            lambda: "(%s + %s)" % (e(type, depth), e(type, depth)),
            lambda: "%s.filter({ _x -> %s })" % (e(type, depth), e("bool", 1)),
            lambda: "%s.slice(%d, %d)" % (e(type, depth), self.rng.randint(-2, 2), self.rng.randint(-2, 5)),
            lambda: "%s.push(%s)" % (e(type, depth), e(inner, depth)),
            lambda: "%s.map({ x -> x })" % e(type, depth),
            lambda: "[%s, ...%s]" % (e(inner, depth), e(type, depth)),
        ]
        if inner == "int":
            options += [lambda: "%s.sort()" % e(type, depth), lambda: "%s.map({ x -> x * 2 - 1 })" % e(type, depth),
                        lambda: "%s.sort_by({ x -> -x })" % e(type, depth),
                        lambda: "(%d to %d).to_list()" % (self.rng.randint(-3, 3), self.rng.randint(-2, 6))]
        if inner == "string":
            options += [lambda: "%s.split(%s)" % (e("string", depth), self.pick(['","', '" "', '"a"'])),
                        lambda: "%s.sort()" % e(type, depth), lambda: "%s.keys()" % e(("dict", "int"), depth)]
        return self.pick(options)()

    def make_dict(self, type, depth):
        e = self.of
        return self.pick([
            lambda: "(%s + %s)" % (e(type, depth), e(type, depth)),
            lambda: "%s.merge(%s)" % (e(type, depth), e(type, depth)),
            lambda: "{...%s, k: %s}" % (e(type, depth), e(type[1], depth)),
            lambda: "%s.filter({ _v -> %s })" % (e(type, depth), e("bool", 1)),
        ])()

    # ---- statements ----

    def block(self, depth, indent, extra=()):
        self.scopes.append(list(extra))
        lines = []
        for _ in range(self.rng.randint(1, 3)):
            lines += self.statement(depth - 1, indent)
        self.scopes.pop()
        return lines

    def show(self, indent):
        if self.chance(12):
            number = self.pick(["int", "float"])
            return ["%sprintln(%s)" % (indent, self.pick([
                "%s(%s)" % (self.pick(["abs", "floor", "ceil", "round"]), self.expression(number, 2)),
                "%s(%s, %s)" % (self.pick(["min", "max"]), self.expression(number, 2), self.expression(number, 2)),
                "%s.reverse()" % self.expression(("list", "int"), 2),
                "%s[%d:%d]" % (self.expression(("list", "int"), 2), self.rng.randint(-3, 3), self.rng.randint(-3, 5))]))]
        some = self.type(2)
        return ["%sprintln(%s)" % (indent, self.expression(some, 3))]

    def statement(self, depth, indent):
        choices = [self.show] * 4 + [self.declare] * 4 + [self.assign] * 3
        if depth > 0:
            choices += [self.if_statement, self.for_statement, self.while_statement, self.match_statement,
                        self.try_statement, self.try_statement, self.closure, self.enum_match, self.destructure]
        chosen = self.pick(choices)
        return chosen(indent) if chosen in (self.show, self.declare, self.assign) else chosen(depth, indent)

    def declare(self, indent):
        type, name = self.type(), self.fresh("v")
        is_var = self.chance(50)
        annotation = ": " + self.written(type) if self.chance(40) or "[" in str(type) else ""
        line = "%s%s %s%s = %s" % (indent, "var" if is_var else "let", name, annotation, self.expression(type))
        self.scopes[-1].append((name, type, is_var))
        return [line]

    def assign(self, indent):
        type = self.pick(SIMPLE + [("list", "int"), ("dict", "int")])
        found = self.variables(type, mutable=True)
        if not found:
            return self.show(indent)
        name = self.pick(found)
        if type == "int" and self.chance(50):
            return ["%s%s %s %s" % (indent, name, self.pick(["+=", "-=", "*="]), self.expression("int", 2))]
        if type == ("list", "int") and self.chance(40):
            return ["%s%s = %s.push(%s)" % (indent, name, name, self.expression("int", 2))]
        if type == ("dict", "int") and self.chance(60):
            return ["%s%s[%s] = %s" % (indent, name, self.pick(['"n"', '"a"', '"zz"']), self.expression("int", 2))]
        return ["%s%s = %s" % (indent, name, self.expression(type))]

    def if_statement(self, depth, indent):
        lines = ["%sif %s {" % (indent, self.expression("bool", 2))] + self.block(depth, indent + "  ")
        if self.chance(50):
            lines += [indent + "} else {"] + self.block(depth, indent + "  ")
        return lines + [indent + "}"]

    def for_statement(self, depth, indent):
        name = self.fresh("i")
        if self.chance(50):
            head, type = "%d to %d" % (self.rng.randint(-1, 2), self.rng.randint(0, 4)), "int"
        else:
            type = self.type(0)
            head = self.expression(("list", type), 2)
        lines = ["%sfor %s in %s {" % (indent, name, head)]
        body = self.block(depth, indent + "  ", [(name, type, False)])
        if self.chance(20):
            body.append("%s  if %s { %s }" % (indent, self.expression("bool", 1), self.pick(["break", "continue"])))
        return lines + body + [indent + "}"]

    def while_statement(self, depth, indent):
        name = self.fresh("n")
        lines = ["%svar %s = 0" % (indent, name), "%swhile %s < %d {" % (indent, name, self.rng.randint(1, 4)),
                 "%s  %s += 1" % (indent, name)]
        return lines + self.block(depth, indent + "  ") + [indent + "}"]

    def match_statement(self, depth, indent):
        type = self.pick(["int", "string", "bool"])
        lines = ["%smatch %s {" % (indent, self.expression(type, 2))]
        for value in sorted({self.literal(type, 0).strip("()") for _ in range(self.rng.randint(1, 3))}):
            lines += ["%s  %s -> {" % (indent, value)] + self.block(depth, indent + "    ") + [indent + "  }"]
        return lines + [indent + "  _ -> {"] + self.block(depth, indent + "    ") + [indent + "  }", indent + "}"]

    def enum_match(self, depth, indent):
        if not self.enums:
            return self.show(indent)
        name, variants = self.pick(self.enums)
        chosen, types = self.pick(variants)
        value = "%s.%s" % (name, chosen) + ("(%s)" % ", ".join(self.expression(t, 2) for t in types) if types else "")
        target = self.fresh("e")
        lines = ["%slet %s = %s" % (indent, target, value), "%sprintln(%s)" % (indent, target), "%smatch %s {" % (indent, target)]
        for variant, kinds in variants:
            names = [self.fresh("p") for _ in kinds]
            head = "%s.%s" % (name, variant) + ("(%s)" % ", ".join(names) if names else "")
            self.scopes.append([(n, t, False) for n, t in zip(names, kinds)])
            lines += ["%s  %s -> {" % (indent, head), "%s    println(\"%s ${%s}\")" % (indent, variant, names[0] if names else "0"),
                      indent + "  }"]
            self.scopes.pop()
        return lines + [indent + "}"]

    def try_statement(self, depth, indent):
        error = self.fresh("err")
        lines = [indent + "try {"] + self.block(depth, indent + "  ")
        roll = self.rng.random()
        if roll < 0.25:
            lines.append("%s  throw %s" % (indent, self.expression(self.type(1), 2)))
        elif roll < 0.45:
            lines.append("%s  println(%s / 0)" % (indent, self.expression("int", 1)))
        elif roll < 0.6:
            lines.append("%s  println(json_parse(%s))" % (indent, self.pick(['"{"', '"[1,"', '"nope"', '"{\\"a\\": 1}"', '"1e5"'])))
        elif roll < 0.7:
            lines.append("%s  require %s, %s" % (indent, self.expression("bool", 1), self.expression("string", 1)))
        lines += ["%s} catch (%s) {" % (indent, error), "%s  println(\"caught ${%s}\")" % (indent, error)]
        return lines + [indent + "}"]

    def closure(self, depth, indent):
        name, param = self.fresh("f"), self.fresh("x")
        result = self.pick(SIMPLE)
        self.scopes.append([(param, "int", False)])
        body = self.expression(result, 2)
        self.scopes.pop()
        return ["%slet %s = { %s -> %s }" % (indent, name, param, body),
                "%sprintln(%s(%s))" % (indent, name, self.expression("int", 1))]

    def destructure(self, depth, indent):
        a, b = self.fresh("d"), self.fresh("d")
        if self.chance(50):
            lines = ["%slet [%s, %s] = [%s, %s]" % (indent, a, b, self.expression("int", 1), self.expression("int", 1))]
        else:
            lines = ["%slet {a: %s, b: %s} = {a: %s, b: %s}" % (indent, a, b, self.expression("int", 1), self.expression("int", 1))]
        self.scopes[-1] += [(a, "int", False), (b, "int", False)]
        return lines + ["%sprintln([%s, %s])" % (indent, a, b)]

    # ---- the whole ----

    def function(self):
        name, result = self.fresh("fn_"), self.type(1)
        params = [(self.fresh("a"), self.type(1)) for _ in range(self.rng.randint(0, 3))]
        saved, self.scopes = self.scopes, [[(n, t, False) for n, t in params]]
        body = self.statement(1, "  ") + ["  return %s" % self.expression(result, 2)]
        self.scopes = saved
        self.functions.append((name, [t for _, t in params], result))
        head = ", ".join("%s: %s" % (n, self.written(t)) for n, t in params)
        return "fn %s(%s) -> %s {\n%s\n}" % (name, head, self.written(result), "\n".join(body))

    def program(self):
        chunks = []
        for _ in range(self.rng.randint(0, 2)):
            name = self.fresh("S")
            fields = [("f%d" % i, self.pick(SIMPLE)) for i in range(self.rng.randint(1, 3))]
            self.structs.append((name, fields))
            chunks.append("struct %s {\n%s\n}" % (name, "\n".join("  %s: %s" % f for f in fields)))
        for _ in range(self.rng.randint(0, 1)):
            name = self.fresh("E")
            variants = [("V%d" % i, [self.pick(SIMPLE) for _ in range(self.rng.randint(0, 2))]) for i in range(self.rng.randint(1, 3))]
            self.enums.append((name, variants))
            chunks.append("enum %s {\n%s\n}" % (name, "\n".join(
                "  %s%s" % (v, "(%s)" % ", ".join("p%d: %s" % (i, t) for i, t in enumerate(ts)) if ts else "") for v, ts in variants)))
        for _ in range(self.rng.randint(0, 3)):
            chunks.append(self.function())
        body = ["\n".join(self.statement(3, "  ")) for _ in range(self.rng.randint(4, 10))]
        return chunks, body


def assemble(chunks, body):
    return "\n\n".join(chunks + ["pipeline main(task) {\n%s\n}" % "\n".join(body)]) + "\n"


def generate(seed):
    return Generator(seed).program()


if __name__ == "__main__":
    import sys
    print(assemble(*generate(int(sys.argv[1]))), end="")
