#!/usr/bin/env python3
"""Sessions of charn repl: through a pipe, and on a terminal.

    run.py --charn build/dev/charn [PATTERN ...]
"""
import argparse
import fnmatch
import os
import pty
import re
import select
import signal
import stat
import subprocess
import sys
import tempfile
import time
import traceback

PROMPT, MORE = "charn> ", "  ...> "
ESCAPES = re.compile(rb"\x1b\[[0-9;?]*[A-Za-z]|\x1b[=>]|\x1b\([AB0]")
UNFINISHED = re.compile(rb"\x1b[^A-Za-z]{0,16}$")


class Failure(AssertionError):
    pass


def expect(condition, text):
    if not condition:
        raise Failure(text)


class Repl:
    def __init__(self, binary):
        self.binary = binary
        self.temporary = tempfile.TemporaryDirectory(prefix="charn-repl-")
        self.folder = self.temporary.name

    def environment(self, **more):
        own = {"LC_ALL": "C.UTF-8", "TERM": "xterm", "HOME": self.folder, "XDG_STATE_HOME": self.path("state"), **more}
        return {**os.environ, **own}

    def path(self, name):
        return os.path.join(self.folder, name)

    def file(self, name, content):
        with open(self.path(name), "w") as f:
            f.write(content)
        return self.path(name)

    def pipe(self, text, *arguments):
        """Exit code, standard output, standard error."""
        done = subprocess.run([self.binary, "repl", *arguments], input=text.encode(), capture_output=True, cwd=self.folder,
                              timeout=60, env=self.environment())
        out, err = done.stdout.decode(), done.stderr.decode()
        expect(done.returncode >= 0, "died of signal %d\n%s" % (-done.returncode, err[-2000:]))
        expect("Sanitizer" not in err and "runtime error:" not in err, err[-3000:])
        return done.returncode, out, err

    def good(self, text, expected):
        code, out, err = self.pipe(text)
        expect(code == 0 and not err, "exit code %d, stderr %s" % (code, err[:1500]))
        expect(out == expected, "printed %r instead of %r" % (out, expected))

    def terminal(self, *arguments, **environment):
        return Terminal(self, arguments, environment)


class Terminal:
    """A session on a pseudo-terminal; what is read is without escape sequences, `colored` has them."""

    def __init__(self, repl, arguments, environment):
        self.raw, self.colored, self.text = b"", b"", ""
        self.pid, self.fd = pty.fork()
        if self.pid == 0:
            os.chdir(repl.folder)
            os.execve(repl.binary, [repl.binary, "repl", *arguments], repl.environment(**environment))
        self.until(PROMPT)

    def read(self):
        try:
            chunk = os.read(self.fd, 65536)
        except OSError:
            return False
        self.raw += chunk
        self.colored += chunk
        whole = UNFINISHED.sub(b"", self.raw)
        self.text += ESCAPES.sub(b"", whole).decode("utf-8", "replace")
        self.raw = self.raw[len(whole):]
        return len(chunk) > 0

    def until(self, wanted, seconds=20):
        """Reads until the text holds `wanted`; answers what came up to its end."""
        end = time.monotonic() + seconds
        while wanted not in self.text:
            ready, _, _ = select.select([self.fd], [], [], max(end - time.monotonic(), 0))
            expect(ready, "no %r within %d s; there is %r" % (wanted, seconds, self.text))
            expect(self.read(), "it ended without %r; there is %r" % (wanted, self.text))
        at = self.text.index(wanted) + len(wanted)
        found, self.text = self.text[:at], self.text[at:]
        return found

    def send(self, text):
        os.write(self.fd, text.encode())

    def line(self, text, prompt=PROMPT):
        """Types a line; answers what is shown before the next prompt."""
        self.colored = b""
        self.send(text + "\r")
        self.until("\n")
        return self.until(prompt)

    def end(self, code=0):
        self.send("\x04")
        self.wait(code)

    def wait(self, code=0):
        end = time.monotonic() + 20
        while time.monotonic() < end:
            ready, _, _ = select.select([self.fd], [], [], 0.05)
            if ready:
                self.read()
            pid, status = os.waitpid(self.pid, os.WNOHANG)
            if pid:
                self.pid = 0
                expect(os.WIFEXITED(status), "it died of signal %d: %s" % (status & 127, self.text))
                expect(os.WEXITSTATUS(status) == code, "exit code %d instead of %d: %s" % (os.WEXITSTATUS(status), code, self.text))
                os.close(self.fd)
                return
        raise Failure("it did not leave: %r" % self.text)

    def kill(self):
        if self.pid:
            os.kill(self.pid, signal.SIGKILL)
            os.waitpid(self.pid, 0)


# ---- through a pipe ----


def test_values_are_shown_and_nil_is_not(repl):
    repl.good('1 + 2\n"a\\nb"\nnil\nprintln("p")\n[1, {a: "x"}]\n', '3\n"a\\nb"\np\n[1, {a: "x"}]\n')


def test_names_stay(repl):
    repl.good("let x = 5\nvar y = nil\ny = x + 1\ny\nfn f(a) {\n\n  return a + y\n}\nf(1)\ny = 10\nf(1)\n", "6\n7\n11\n")


def test_names_can_be_declared_anew(repl):
    repl.good('let x = 1\nfn f() { return x }\nlet x = "two"\nf()\nx.upper()\nfn f() { return 3 }\nf()\nlet f = 4\nf\nvar x = 0\nx = 5\nx\n',
              '"two"\n"TWO"\n3\n4\n5\n')


def test_types_stay(repl):
    repl.good("struct P { a: int }\nimpl P {\n  fn double(self) { return self.a * 2 }\n}\nlet p = P({a: 3})\np\np.double()\n"
              "enum Color { Red, Green(n) }\nmatch Color.Green(4) {\n  Color.Green(n) -> { n }\n  _ -> { 0 }\n}\n"
              "type Q = {n: int}\nfn g(q: Q) -> int { return q.n }\ng({n: 7})\ninterface Doubles {\n  fn double(self) -> int\n}\n"
              "fn h(d: Doubles) { return d.double() }\nh(p)\n"
              "interface Shows {\n  fn show(self) -> string\n}\nimpl P {\n  fn show(self) -> string { return \"P\" }\n}\n"
              "fn s(it: Shows) { return it.show() }\ns(p)\n", "P {a: 3}\n6\n4\n7\n6\n\"P\"\n")


def test_imports_stay(repl):
    repl.file("mine.harn", "pub fn twice(x) { return x * 2 }\npub fn thrice(x) { return x * 3 }\n")
    repl.good('import "mine"\ntwice(4)\nthrice(4)\nimport { clamp } from "std/math"\nclamp(50, 1, 10)\nfn twice(x) { return 0 }\ntwice(1)\n'
              'import { twice } from "mine"\ntwice(1)\n', "8\n12\n10\n0\n2\n")


def test_last_values(repl):
    repl.good('40\n_ + 2\n"a"\nprintln(_1 + _2)\n_\n', '40\n42\n"a"\n82\n"a"\n')


def test_errors_do_not_end_a_session(repl):
    code, out, err = repl.pipe('let a = 1\nlet = 3\nlet b: int = "text"\nnowhere(1)\nfn f() {\n  throw "deep"\n}\nf()\nlet c = [1][7].x.y()\na\n'
                               "throw {code: 3}\nlet d = 1 / 0\na + 1\n")
    expect(code == 1 and out == "1\n2\n", "exit code %d, output %r, %s" % (code, out, err))
    for part in ("error[HARN-PAR-001]", "<repl:2>:1:5", "expected int, found string", "`nowhere` is not defined", "Thrown: deep",
                 '<repl:5>:2:3', 'throw "deep"', "called from", "<repl:6>:1", "Thrown: {code: 3}", "Division by zero"):
        expect(part in err, "%r is in %s" % (part, err))
    expect("\x1b" not in out + err, "no colours when nobody looks")


def test_an_error_keeps_what_came_before(repl):
    code, out, err = repl.pipe('let a = 1; throw "x"; let b = 2\na\nb\nlet b = 3\nb\n')
    expect(code == 1 and out == "1\n3\n" and "Undefined variable: b" in err, "%r %s" % (out, err))


def test_checked_against_the_session(repl):
    code, out, err = repl.pipe('fn f(n: int) -> string { return "${n}" }\nlet s = f(1)\nf("x")\nf(s)\nfunction(3)\nprinln(s)\nenum E { A, B }\nE.C\n')
    for part in ("expected int, found string", "`function` is not defined", "did you mean `println`"):
        expect(part in err, "%r is in %s" % (part, err))


def test_a_text_over_several_lines(repl):
    repl.good('let text = """one\n\n  two"""\nlen(text.split("\\n"))\n[\n  1,\n  2\n]\n1 +\n  2\n/* a comment\n goes on */ 7\nlet n =\n 3\nn\n',
              "3\n[1, 2]\n3\n7\n3\n")
    code, out, err = repl.pipe("let s = \"open\n1\nfn f() {\n  1\n")
    expect(code == 1 and out == "1\n" and "Unterminated string" in err and "expected }" in err, out + err)


def test_late_names(repl):
    code, out, err = repl.pipe("fn even(n) { if n == 0 { return true }\n return odd(n - 1) }\n")
    expect(code == 1 and "`odd` is not defined" in err, err)
    repl.good("fn f() { return later }\nlet later = 8\nf()\n", "8\n")


def test_tasks_live_on(repl):
    repl.good("let t = spawn { sleep(5ms)\n 42 }\nawait(t)\nlet c = channel(\"c\", 1)\nsend(c, 3)\nreceive(c)\n", "42\ntrue\n3\n")


def test_a_program_reads_the_lines_behind_it(repl):
    repl.good("let line = read_line()\nhello there\nline\n", '"hello there"\n')


def test_files_import_from_their_folder(repl):
    os.makedirs(repl.path("sub"))
    repl.file("sub/helper.harn", "pub fn help(x) { return x + 1 }\n")
    repl.file("sub/main.harn", 'import "helper"\nfn twice(x) { return help(help(x)) }\n')
    repl.good(":load sub/main.harn\ntwice(1)\nhelp(1)\n", "3\n2\n")


def test_exit(repl):
    code, out, _ = repl.pipe("1\nexit(7)\n2\n")
    expect(code == 7 and out == "1\n", "%d %r" % (code, out))
    code, out, _ = repl.pipe("1\n:quit\n2\n")
    expect(code == 0 and out == "1\n", "%d %r" % (code, out))


def test_commands(repl):
    repl.file("lib.harn", '/** Twice as much. */\nfn twice(x: int) -> int {\n  return x * 2\n}\nlet loaded = 5\n')
    code, out, err = repl.pipe(":load lib.harn\ntwice(loaded)\n:type twice(2)\n:type twice\n:type loaded\nvar open = nil\nopen = [1]\n:type open\n"
                               ":doc twice\n:doc string.upper\n:doc println\n:doc clamp\n:time 1 + 1\n:help\n:reset\n:type 1\nloaded\n")
    for part in ("10\n", "int\n", "fn(int) -> int\n", "any (now list)\n", "fn twice(x: int) -> int", "Twice as much.", "string.upper (method", "fn println(",
                 "std/math.clamp", "2\ntook ", ":load     FILE"):
        expect(part in out, "%r is in %s" % (part, out))
    expect(code == 1 and "Undefined variable: loaded" in err, err)


def test_commands_that_fail(repl):
    code, out, err = repl.pipe(":nonsense\n:type\n:type let x = 1\n:type 1 +\n:doc nothing_at_all\n:doc spilt\n:load nowhere.harn\n:\n:h\n:type f(1)\n2\n")
    for part in ("no command ':nonsense'", ":type needs EXPRESSION", "one expression is needed", "unexpected end of file",
                 "nothing is known about 'nothing_at_all'", "did you mean 'split'?", "nowhere.harn", "more than one command", "`f` is not defined"):
        expect(part in err, "%r is in %s" % (part, err))
    expect(code == 1 and out == "2\n", out)


def test_large_values_are_cut(repl):
    code, out, err = repl.pipe("range(100000).to_list()\n1\n")
    expect(code == 0 and out.endswith("…\n1\n") and len(out) < 100000, "%d characters, %s" % (len(out), err))


def test_many_texts(repl):
    lines = "".join("let x%d = %d\nfn f%d() { return x%d }\n" % (i, i, i, i) for i in range(1000))
    repl.good(lines + "f7() + f999()\n", "1006\n")


def test_a_long_text(repl):
    lines = "".join("  let x%d = [%d, {a: 1}]\n" % (i, i) for i in range(3000))
    repl.good("fn f() {\n%s  return x2999[0]\n}\nf()\n" % lines, "2999\n")


def test_usage(repl):
    for arguments in (("--nonsense",), ("file.harn",)):
        code, _, err = repl.pipe("", *arguments)
        expect(code == 2 and arguments[0] in err, err)


# ---- on a terminal ----


def test_a_terminal_has_prompts_and_colours(repl):
    terminal = repl.terminal()
    expect("2\r\n" in terminal.line("1 + 1"), "the value")
    expect(b"\x1b[33m2\x1b[0m" in terminal.colored, "is coloured: %r" % terminal.colored)
    terminal.line('"a"')
    expect(b"\x1b[32m\"a\"\x1b[0m" in terminal.colored, "strings, too: %r" % terminal.colored)
    expect("Undefined variable" in terminal.line("nowhere"), "errors are shown")
    expect(b"\x1b[1;31merror\x1b[0m: " in terminal.colored, "in red: %r" % terminal.colored)
    terminal.end()


def test_no_color(repl):
    terminal = repl.terminal(NO_COLOR="1")
    terminal.line("1 + 1")
    expect(b"\x1b[33m" not in terminal.colored, repr(terminal.colored))
    terminal.end()


def test_more_lines(repl):
    terminal = repl.terminal()
    terminal.line("fn f(a) {", MORE)
    terminal.line("  return a + 1", MORE)
    terminal.line("}")
    expect("2\r\n" in terminal.line("f(1)"), "is called")
    terminal.line("[1,", MORE)
    expect("unexpected end of file" in terminal.line(""), "an empty line gives up, and says what was missing")
    terminal.line("[1,", MORE)
    terminal.send("\x03")
    terminal.until(PROMPT)
    expect("3\r\n" in terminal.line("1 + 2"), "Ctrl-C gives up")
    terminal.end()


def test_a_pasted_text_may_have_empty_lines(repl):
    terminal = repl.terminal()
    terminal.send("fn f() {\r\r  return 12\r}\rf()\r")
    terminal.until("12\r\n" + PROMPT)
    terminal.end()


def test_history(repl):
    terminal = repl.terminal()
    terminal.line("let first = 11")
    terminal.line("first + 1")
    terminal.line(" secret = 1")
    terminal.send("\x1b[A\x1b[A\r")
    terminal.until(PROMPT)
    terminal.send("\x10\r")
    terminal.until(PROMPT)
    terminal.end()
    path = repl.path("state/charn/history")
    expect(stat.S_IMODE(os.stat(path).st_mode) == 0o600, "nobody else reads it")
    with open(path) as f:
        lines = f.read().splitlines()
    expect(lines[:2] == ["let first = 11", "first + 1"] and not any("secret" in line for line in lines), repr(lines))
    terminal = repl.terminal()
    listed = terminal.line(":history")
    expect("1  let first = 11" in listed, listed)
    terminal.line("40 + 2")
    terminal.line("7")
    terminal.send("\x1240 +\r")
    terminal.until("42\r\n")
    terminal.end()


def test_a_long_history_is_cut(repl):
    os.makedirs(repl.path("state/charn"))
    repl.file("state/charn/history", "".join("%d\n" % i for i in range(5000)))
    terminal = repl.terminal()
    terminal.end()
    with open(repl.path("state/charn/history")) as f:
        lines = f.read().splitlines()
    expect(len(lines) == 1000 and lines[-1] == "4999", "%d lines" % len(lines))


def test_a_history_that_cannot_be_used(repl):
    os.makedirs(repl.path("state/charn/history"))
    terminal = repl.terminal()
    expect("2\r\n" in terminal.line("1 + 1"), "goes on without")
    terminal.end()
    os.rmdir(repl.path("state/charn/history"))
    os.symlink(repl.path("elsewhere"), repl.path("state/charn/history"))
    terminal = repl.terminal()
    terminal.line("1 + 1")
    terminal.end()
    expect(not os.path.exists(repl.path("elsewhere")), "a link is not followed")
    terminal = repl.terminal("--no-history")
    terminal.end()


def test_completion(repl):
    terminal = repl.terminal()
    terminal.line("let customers = {count: 3, names: [1]}")
    terminal.send("custo\t\r")
    expect("{count: 3" in terminal.until("\n" + PROMPT), "a name of the session")
    terminal.send("customers.cou\t\r")
    expect("3\r\n" in terminal.until("\n" + PROMPT), "a member")
    terminal.send('println("x".to_up')
    terminal.send("\t")
    terminal.send("\x15printl\t(1)\r")
    expect("1\r\n" in terminal.until("\n" + PROMPT), "a builtin")
    terminal.send("customers.names.\t")
    shown = terminal.until(PROMPT + "customers.names.")
    expect("filter" in shown and "map" in shown, shown)
    terminal.send('\x15import "std/mat\t"\r')
    terminal.until("\n" + PROMPT)
    terminal.send("clam\t(50, 1, 10)\r")
    expect("10\r\n" in terminal.until("\n" + PROMPT), "a module, and what it brings")
    terminal.send("[1, 2].filt\t({ x -> x > 1 })\r")
    expect("[2]\r\n" in terminal.until("\n" + PROMPT), "by the type of an expression")
    terminal.send("\x15:hi\t\r")
    expect("let customers" in terminal.until("\n" + PROMPT), "a command")
    terminal.end()


def test_an_interrupt_ends_what_runs(repl):
    terminal = repl.terminal()
    terminal.line("let kept = 5")
    for text in ("while true { }", "sleep(1h)", "while true { try { sleep(1h) } catch (e) { 1 } }"):
        terminal.send(text + "\r")
        terminal.until("\n")
        time.sleep(0.3)
        terminal.send("\x03")
        if "catch" in text:
            time.sleep(0.3)
            terminal.send("\x03")
        expect("interrupted" in terminal.until("\n" + PROMPT), text)
        shown = terminal.line("kept")
        expect("5\r\n" in shown, "%r after %s" % (shown, text))
    terminal.end()


def test_an_interrupt_runs_finally(repl):
    terminal = repl.terminal()
    terminal.send('try { sleep(1h) } finally { println("tidied") }\r')
    terminal.until("\n")
    time.sleep(0.3)
    terminal.send("\x03")
    expect("tidied" in terminal.until("\n" + PROMPT), "finally")
    terminal.end()


def test_an_interrupt_at_the_prompt(repl):
    terminal = repl.terminal()
    terminal.send("let half = ")
    terminal.until("half =")
    terminal.send("\x03")
    expect("^C" in terminal.until("\n" + PROMPT), "is given up")
    expect("3\r\n" in terminal.line("1 + 2"), "and lives on")
    terminal.end()


def test_exit_on_a_terminal(repl):
    terminal = repl.terminal()
    terminal.send("exit(3)\r")
    terminal.wait(3)


def test_a_dumb_terminal(repl):
    terminal = repl.terminal(TERM="dumb")
    expect("2\r\n" in terminal.line("1 + 1"), "works without an editor for lines")
    terminal.end()


def test_unicode(repl):
    terminal = repl.terminal()
    expect('"grüße 🙂"' in terminal.line('"grüße" + " 🙂"'), "characters of several bytes")
    terminal.end()


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--charn", required=True)
    parser.add_argument("patterns", nargs="*", default=["*"])
    options = parser.parse_args()
    binary = os.path.abspath(options.charn)
    failed = ran = 0
    for name, test in sorted(globals().items()):
        if not name.startswith("test_") or not any(fnmatch.fnmatch(name, "*" + p + "*") for p in options.patterns):
            continue
        ran += 1
        try:
            test(Repl(binary))
        except Exception as error:
            if str(error) == "out of pty devices":  # a machine without pseudo-terminals
                print("skipped %s: %s" % (name, error))
                continue
            failed += 1
            print("FAIL %s\n%s" % (name, error if isinstance(error, Failure) else traceback.format_exc()))
    print("%d of %d passed" % (ran - failed, ran))
    return 1 if failed or not ran else 0


if __name__ == "__main__":
    sys.exit(main())
