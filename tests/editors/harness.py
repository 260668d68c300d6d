"""What the editor tests share: arguments, the test cache, fresh workspaces, process groups, TAP.

Each driver (run_*.py) starts a real client in a fresh copy of fixture/ with a fresh HOME. The client's script writes one
line per check to a report file ('ok NAME', 'not ok NAME: WHY', 'note TEXT') and 'end' as the last one, so that a client
that dies in the middle is noticed. The driver turns the lines into TAP, kills the client's process group, and looks
whether a server of this run is still alive.
"""
import argparse
import glob
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import uuid

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
CACHE = os.environ.get("CHARN_TEST_CACHE") or os.path.join(ROOT, "build", "test-cache")
FIXTURE = os.path.join(HERE, "fixture")
LSP_STUB = [sys.executable, os.path.join(HERE, "stub", "lsp_stub.py")]
DAP_STUB = [sys.executable, os.path.join(HERE, "stub", "dap_stub.py")]
WORKSPACE = "rooms"  # the folder that the clients open; its name shows in pictures
EXIT_SKIPPED = 77  # nothing failed, but something could not be tested; ctest shows it as skipped
RUN_ID = "charn-editors-" + uuid.uuid4().hex


def expected():
    with open(os.path.join(FIXTURE, "expected.json"), encoding="utf-8") as file:
        return json.load(file)


class Suite:
    """One driver's arguments, its TAP output, and its temporary folder."""

    def __init__(self, name, description):
        parser = argparse.ArgumentParser(description=description)
        parser.add_argument("--lsp", default=os.environ.get("CHARN_LSP"), help="charn-lsp (or CHARN_LSP)")
        parser.add_argument("--dap", default=os.environ.get("CHARN_DAP"), help="charn-dap (or CHARN_DAP)")
        parser.add_argument("--cli", default=os.environ.get("CHARN"), help="charn (or CHARN)")
        parser.add_argument("--stub", action="store_true", help="use the stub servers in place of the real ones")
        parser.add_argument("--keep", metavar="DIR", help="keep logs and pictures here")
        parser.add_argument("--only", metavar="WORD", help="run only the parts whose name contains WORD")
        self.arguments = parser.parse_args()
        self.name = name
        self.count = self.failed = self.skipped = 0
        self.temporary = tempfile.mkdtemp(prefix="ch-ed-")
        self.started = time.monotonic()
        self.check_fixture()

    # TAP

    def ok(self, condition, name, why=""):
        self.count += 1
        if not condition:
            self.failed += 1
        print("%sok %d - %s" % ("" if condition else "not ", self.count, name))
        if not condition and why:
            for line in str(why).rstrip().split("\n")[:40]:
                print("  # " + line)
        sys.stdout.flush()
        return condition

    def skip(self, name, why, mend):
        """A missing client or server: loud on a developer's machine, a failure where CI=true."""
        if os.environ.get("CI") == "true":
            self.ok(False, name, "%s. Mend: %s" % (why, mend))
            return
        self.count += 1
        self.skipped += 1
        print("ok %d - %s # SKIP %s. Mend: %s" % (self.count, name, why, mend))
        print("skipped: %s: %s" % (name, why), file=sys.stderr)

    def finish(self):
        left = self.processes_left()
        self.ok(not left, "no process of this run is left", "\n".join(left))
        print("1..%d" % self.count)
        print("# %s: %d of %d ok, %.1f s" % (self.name, self.count - self.failed, self.count, time.monotonic() - self.started))
        if self.arguments.keep and self.failed:
            target = os.path.join(self.arguments.keep, self.name)
            shutil.rmtree(target, ignore_errors=True)
            shutil.copytree(self.temporary, target, symlinks=True, ignore=shutil.ignore_patterns("*.sock", "vsc*"))
            print("# logs kept in " + target)
        shutil.rmtree(self.temporary, ignore_errors=True)
        sys.exit(1 if self.failed else EXIT_SKIPPED if self.skipped else 0)

    def wants(self, part):
        return not self.arguments.only or self.arguments.only in part

    # What is under test

    def server(self, kind, part):
        """The command of the server of `kind` ('lsp', 'dap', 'cli'), or None after a loud skip."""
        if self.arguments.stub and kind != "cli":
            return LSP_STUB if kind == "lsp" else DAP_STUB
        path = getattr(self.arguments, kind)
        program = "charn" if kind == "cli" else "charn-" + kind
        if path and os.access(path, os.X_OK):
            return [os.path.abspath(path)]
        self.skip(part, "no %s%s" % (program, " at " + path if path else " given"), "build it and give --%s PATH" % kind)
        return None

    def program(self, names, part, mend="tests/editors/install.sh"):
        for name in names:
            found = name if os.path.isabs(name) and os.access(name, os.X_OK) else shutil.which(name)
            if found:
                return found
        self.skip(part, "%s not found" % names[0], mend)
        return None

    def node(self, part, *packages):
        """node (20 or newer) when the named parts of the cache are installed, or None after a loud skip."""
        for package in packages:
            if not os.path.exists(os.path.join(CACHE, package)):
                self.skip(part, "%s is not in the test cache %s" % (package, CACHE), "tests/editors/install.sh")
                return None
        return self.program([os.path.join(CACHE, "node", "bin", "node"), "node"], part)

    # Where it runs

    def workspace(self, name):
        """A fresh folder NAME with `rooms` (a copy of the fixture) and `home` in it."""
        folder = os.path.join(self.temporary, name)
        shutil.copytree(FIXTURE, os.path.join(folder, WORKSPACE), ignore=shutil.ignore_patterns("*.json"))
        os.makedirs(os.path.join(folder, "home"))
        return folder

    def environment(self, folder, **more):
        home = os.path.join(folder, "home")
        kept = {key: os.environ[key] for key in ("PATH", "LANG", "LC_ALL", "TERM", "CI", "CC", "ASAN_OPTIONS", "UBSAN_OPTIONS") if key in os.environ}
        kept.setdefault("LANG", "C.UTF-8")
        kept.update(HOME=home, XDG_CONFIG_HOME=home + "/.config", XDG_DATA_HOME=home + "/.data", XDG_STATE_HOME=home + "/.state",
                    XDG_CACHE_HOME=home + "/.cache", TMPDIR=folder, CHARN_TEST_RUN=RUN_ID,
                    CHARN_TEST_FIXTURE=FIXTURE, CHARN_TEST_WORKSPACE=os.path.join(folder, WORKSPACE),
                    CHARN_TEST_REPORT=os.path.join(folder, "report"), CHARN_TEST_CACHE=CACHE)
        kept.update({key: value for key, value in more.items() if value is not None})
        return kept

    def run(self, command, environment, timeout, cwd=None):
        """Runs a command in its own session, ends the whole session, returns (exit code or None at the timeout, output)."""
        with open(os.path.join(environment["TMPDIR"], "output"), "w+b") as output:
            process = subprocess.Popen(command, env=environment, cwd=cwd or environment["TMPDIR"], stdin=subprocess.DEVNULL,
                                       stdout=output, stderr=subprocess.STDOUT, start_new_session=True)
            try:
                code = process.wait(timeout)
            except subprocess.TimeoutExpired:
                code = None
            end_group(process)
            output.seek(0)
            return code, output.read().decode("utf-8", "replace")

    def client(self, part, command, environment, timeout, cwd=None):
        """Runs a client whose script writes a report; returns its lines as [(passed, name, why)], 'end' not included."""
        code, output = self.run(command, environment, timeout, cwd)
        lines, ended = [], False
        try:
            with open(environment["CHARN_TEST_REPORT"], encoding="utf-8", errors="replace") as file:
                text = file.read()
        except OSError:
            text = ""
        for line in text.split("\n"):
            if line == "end":
                ended = True
            elif line.startswith("note "):
                print("# " + line[5:])
            elif line.startswith(("ok ", "not ok ")):
                passed = line.startswith("ok ")
                name, _, why = line.split("ok ", 1)[1].partition(": ")
                lines.append((passed, name, why))
        if not ended:
            how = "did not end within %d s" % timeout if code is None else "ended with code %s" % code
            lines.append((False, "the client's script runs to its end", "%s\n%s" % (how, output[-3000:])))
        return lines

    def report(self, part, lines):
        for passed, name, why in lines:
            self.ok(passed, "%s: %s" % (part, name), why)

    def expect_failure(self, part, lines, name):
        """The proof that a check can fail: in `lines`, the check NAME must be there and must not have passed."""
        found = [passed for passed, line_name, _ in lines if line_name == name]
        self.ok(found and not found[-1], "%s: '%s' is reported as failed" % (part, name), "\n".join(map(str, lines)))

    def said(self, cli, path):
        """What `charn check --json` says of a file: {(start, end, severity)}, offsets in bytes, severities as in the protocol."""
        code, output = self.run(cli + ["check", "--json", path], self.environment(self.temporary), 60)
        severities = {"error": 1, "warning": 2, "info": 3, "information": 3, "hint": 4}
        found = set()

        def visit(node):
            if isinstance(node, dict) and "severity" in node and "span" in node:
                found.add((node["span"]["start"], node["span"]["end"], severities[node["severity"]]))
            elif isinstance(node, (dict, list)):
                for value in node.values() if isinstance(node, dict) else node:
                    visit(value)
        try:
            visit(json.loads(output))
        except ValueError:
            for line in output.splitlines():
                if line.startswith(("{", "[")):
                    visit(json.loads(line))
        return found

    # Housekeeping

    def processes_left(self):
        """Processes that carry this run's mark in their environment, after two seconds of grace."""
        for _ in range(20):
            left = []
            for pid in filter(str.isdigit, os.listdir("/proc")):
                try:
                    with open("/proc/%s/environ" % pid, "rb") as file:
                        if RUN_ID.encode() not in file.read():
                            continue
                    with open("/proc/%s/cmdline" % pid, "rb") as file:
                        left.append(pid + " " + file.read().replace(b"\0", b" ").decode("utf-8", "replace"))
                except OSError:
                    continue
            if not left:
                return []
            time.sleep(0.1)
        for line in left:
            os.kill(int(line.split()[0]), signal.SIGKILL)
        return left

    def check_fixture(self):
        """Every place that expected.json names holds the text that it claims, so that an edited fixture is noticed."""
        def visit(node):
            if isinstance(node, dict):
                if "text" in node and "line" in node and "file" in node:
                    with open(os.path.join(FIXTURE, node["file"]), encoding="utf-8") as file:
                        line = file.read().split("\n")[node["line"] - 1]
                    units = line.encode("utf-16-le")
                    if "column" in node:
                        rest = units[2 * (node["column"] - 1):].decode("utf-16-le")
                        assert rest.startswith(node["text"]), "expected.json: %r, but the file has %r" % (node, rest)
                    assert node["text"] in line, "expected.json: %r, but the line is %r" % (node, line)
                for value in node.values():
                    visit(value)
        visit(expected())


def end_group(process):
    """Ends a process and everything in its session; safe when it has ended already."""
    for number in (signal.SIGTERM, signal.SIGKILL):
        try:
            os.killpg(process.pid, number)
        except (ProcessLookupError, PermissionError):
            break
        deadline = time.monotonic() + 2
        while time.monotonic() < deadline:
            try:
                process.poll()
                os.killpg(process.pid, 0)
            except (ProcessLookupError, PermissionError):
                break
            time.sleep(0.05)
    process.wait()


def files_to_open(workspace):
    """The fixture's files in this workspace, the examples, and those that CHARN_OPEN_FILES names, parted by `:`."""
    paths = sorted(glob.glob(os.path.join(workspace, "*.harn"))) + sorted(glob.glob(os.path.join(ROOT, "examples", "*.harn")))
    return paths + [os.path.abspath(path) for path in os.environ.get("CHARN_OPEN_FILES", "").split(":") if path]


def free_port():
    import socket
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]
