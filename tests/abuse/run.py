#!/usr/bin/env python3
"""Bad arguments for everything: each builtin, method and function of std/... with too few and too many arguments, values of
each type in each place, and extreme ones; and the operators and statements with the same. The answer must be a value or an
error that can be caught: no crash, no hang, no huge allocation. The calls are made from the table (charn doc --json).

    run.py --charn build/dev/charn [--full] [--seed N] [--only NAME] [--timeout S]

Without --full a sample is tried, always the same for a seed.
"""
import argparse
import concurrent.futures
import json
import os
import random
import re
import resource
import subprocess
import sys
import tempfile
import time

from values import ALL, FORMS, LARGE, PREAMBLE, STATEMENTS, VALUES, fitting, kinds_of

MEMORY_MAX = 4 << 30
# Calls that may go on for as long as the program asked for. They run under the real clock and must end at a deadline.
ENDLESS = re.compile(r"unending\(\)|to 9223372036854775807|range\(1000000000000000000\)|^var n = 0; while"
                     r"|wait_for_any_settlement")
# What cannot be called with anything, and why.
EXCLUDED = {
    "std/checkpoint.checkpoint_stage_retry": "tries as often as it is told, and takes the deadline for a failure like others",
    "exit": "ends the program; cases of its own below",
    "select": "a word of the language, called with parameters in braces only; __select_list is the same by another name",
}
RUNNER = '''
fn look(value) {
  let kind = type_of(value)
  if kind == "iter" || kind == "generator" || kind == "range" {
    var n = 0
    for x in value {
      n = n + 1
      if n > 3 { break }
    }
  }
  if kind == "int" || kind == "float" || kind == "bool" { return to_string(value) }
  return kind
}
fn attempt(id, call) {
  try {
    println("\\n${id}\\tvalue\\t${look(call())}")
  } catch (e) {
    let text = to_string(e)
    println("\\n${id}\\terror\\t${len(text)}\\t${json_stringify(text.substring(0, 400))}")
  }
}
'''


class Case:
    """One call. `group` names the row; cases of one module need its import."""

    def __init__(self, group, body, module=None, too_few=None):
        self.group, self.body, self.module, self.too_few = group, body, module, too_few
        self.is_endless = ENDLESS.search(body) is not None


def fill(random_, text):
    return re.sub(r"\b[ABC]\b", lambda _: random_.choice(ALL), text)


def language_cases(random_, operators, count):
    forms = FORMS + [f"A {operator} B" for operator in operators]
    cases = [Case("operators", "return " + fill(random_, form)) for form in forms for _ in range(count)]
    return cases + [Case("statements", fill(random_, form)) for form in STATEMENTS for _ in range(count)]


def call_cases(random_, row, full):
    """Calls of one row."""
    parameters = row["parameters"]
    is_method = row["kind"] == "method"
    short = row["name"].rsplit(".", 1)[-1]
    module = row["name"].rsplit(".", 1)[0] if row["part"] == "Modules" else None
    receivers = VALUES.get(kind, ALL) if is_method and (kind := (kinds_of(row["name"].split(".")[0]) or [""])[0]) else [""]

    def case(arguments, too_few=None):
        receiver = random_.choice(receivers)
        target = f"({receiver}).{short}" if is_method else short
        return Case(row["name"], f"return {target}({', '.join(arguments)})", module, too_few)

    def good(parameter):
        return random_.choice(fitting(parameter["type"]))

    required = sum("default" not in p and not p.get("rest") for p in parameters)
    has_rest = any(p.get("rest") for p in parameters)
    typed = parameters + [{"type": "any"}] * 3
    for count in sorted({0, 1, required - 1, len(parameters), len(parameters) + 1, len(parameters) + 2, 20} - {-1}):
        known = (typed + [{"type": "any"}] * 20)[:count]
        # Functions in C count what they are given; those in Harn take nil for what is missing.
        is_short = count < required and row["kind"] == "function" and not module and not has_rest
        yield case([good(p) for p in known], too_few=short if is_short else None)
    places = parameters + ([{"type": "any"}] * 2 if has_rest else [])
    for place in range(len(places)):
        for value in ALL if full else random_.sample(ALL, 2):
            arguments = [good(p) for p in places]
            arguments[place] = value
            yield case(arguments)
    for receiver in receivers if is_method and full else []:
        yield Case(row["name"], f"return ({receiver}).{short}({', '.join(good(p) for p in parameters)})")
    for _ in range(40 if full else 1):
        yield case([random_.choice(ALL) for _ in places])
        yield case([good(p) for p in places])


class Runner:
    def __init__(self, charn, folder, timeout, is_sanitized):
        self.charn, self.folder, self.timeout, self.is_sanitized = charn, folder, timeout, is_sanitized

    def program(self, cases):
        bodies = "\n".join(case.body for case in cases)
        used = [text for name, text in LARGE.items() if re.search(rf"\b{name}\b", bodies)]
        lines = [f'import "{module}"' for module in sorted({case.module for case in cases if case.module})]
        lines += [PREAMBLE, *used, RUNNER]
        for start in range(0, len(cases), 50):
            lines.append(f"fn part_{start}() {{")
            for number, case in enumerate(cases[start:start + 50], start):
                body = case.body.replace("; ", "\n")
                if case.is_endless:
                    body = f"return deadline 5ms {{ look(fn() {{\n{body}\n}}()) }}"
                lines.append(f"  attempt({number}, fn() {{\n{body}\n}})")
            lines.append("}")
        lines += ["pipeline default() {", "" if cases[0].is_endless else "  mock_time(1000)"]
        lines += [f"  part_{start}()" for start in range(0, len(cases), 50)]
        return "\n".join(lines + ['  println("done")', "}"]) + "\n"

    def run(self, cases, timeout):
        """The lines of the output by case, and None or what went wrong with the process."""
        # A folder of its own, two levels below the temporary one: calls write files.
        with tempfile.TemporaryDirectory(dir=self.folder) as outer:
            folder = os.path.join(outer, "work")
            os.mkdir(folder)
            path = os.path.join(folder, "abuse.harn")
            with open(path, "w", encoding="utf-8") as file:
                file.write(self.program(cases))
            env = {"PATH": "/usr/bin:/bin", "HOME": folder, "TMPDIR": folder, "LC_ALL": "C.UTF-8", "HARN_LLM_PROVIDER": "mock",
                   "ASAN_OPTIONS": "detect_leaks=0:hard_rss_limit_mb=6000:max_allocation_size_mb=2200",
                   "UBSAN_OPTIONS": "print_stacktrace=1"}
            try:
                done = subprocess.run([self.charn, "run", "--no-check", path], cwd=folder, env=env, capture_output=True,
                                      timeout=timeout, stdin=subprocess.DEVNULL, preexec_fn=self.limit)
            except subprocess.TimeoutExpired as expired:
                return self.answers(expired.stdout or b""), f"no end within {timeout} s"
            out, err = done.stdout.decode("utf-8", "replace"), done.stderr.decode("utf-8", "replace")
        answers = self.answers(done.stdout)
        if "error[HARN-" in err:
            print("abuse: a program of the test itself is not right: " + err[:1500], flush=True)
            os._exit(2)
        if done.returncode < 0:
            return answers, f"died of signal {-done.returncode}\n{err[-1500:]}"
        if "Sanitizer" in err or "runtime error: " in err.replace("Runtime error", ""):
            return answers, err[-6000:]
        if "\ndone\n" not in "\n" + out:
            return answers, f"ended with {done.returncode} before its end: {err[-1500:]}"
        return answers, None

    def limit(self):
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        if not self.is_sanitized:
            resource.setrlimit(resource.RLIMIT_AS, (MEMORY_MAX, MEMORY_MAX))

    @staticmethod
    def answers(output):
        """The fields of each line of the output that begins with the number of a case."""
        found = {}
        for line in output.decode("utf-8", "replace").splitlines():
            parts = line.split("\t")
            if len(parts) >= 3 and parts[0].isdigit():
                found[int(parts[0])] = parts[1:]
        return found

    def narrow(self, cases, answers, problem):
        """The cases of a failing batch that fail, each by itself where it does; at most a few."""
        found = []
        while problem and len(found) < 5:
            at = min((i for i in range(len(cases)) if i not in answers), default=len(cases) - 1)
            _, alone = self.run(cases[at:at + 1], max(5, self.timeout // 3))
            found.append((cases[at:at + 1] if alone else cases[max(0, at - 2):at + 1], alone or problem))
            cases = cases[at + 1:]
            answers, problem = self.run(cases, self.timeout) if cases else ({}, None)
        return found

    def check(self, cases):
        """What is wrong with a batch, as texts; and how long it took."""
        began = time.monotonic()
        answers, problem = self.run(cases, self.timeout)
        took = time.monotonic() - began
        bad = []
        if problem:
            for found, why in self.narrow(cases, answers, problem):
                bad.append(f"{found[0].group}: {why.strip()}\n    " + "\n    ".join(case.body[:300] for case in found[:5]))
            return bad, took
        for number, case in enumerate(cases):
            answer = answers.get(number)
            if not answer:
                bad.append(f"{case.group}: no answer\n    {case.body[:300]}")
            elif answer[0] == "error" and answer[1] == "0" and '""' not in case.body:
                bad.append(f"{case.group}: an error without a text\n    {case.body[:300]}")
            elif case.too_few and (answer[0] != "error" or case.too_few not in answer[2]):
                bad.append(f"{case.group}: too few arguments are not named: {answer}\n    {case.body[:300]}")
        return bad, took

    def exits(self):
        """exit(code) with anything: the program ends, or an error is caught."""
        bad = []
        for value in VALUES["nil"] + VALUES["int"] + VALUES["float"] + ['"abc"', "[]", "identity"]:
            path = os.path.join(self.folder, "exit.harn")
            with open(path, "w", encoding="utf-8") as file:
                file.write(PREAMBLE + f"pipeline default() {{\n  try {{ exit({value}) }} catch (e) {{ println(\"caught\") }}\n}}\n")
            done = subprocess.run([self.charn, "run", "--no-check", path], capture_output=True, timeout=60)
            if done.returncode < 0 or (b"caught" not in done.stdout and done.stdout):
                bad.append(f"exit({value}): {done.returncode} {done.stderr[-500:]}")
        return bad


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--charn", required=True)
    parser.add_argument("--full", action="store_true", help="every value in every place, and more chance")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--only", help="only rows whose name holds this")
    parser.add_argument("--verbose", action="store_true", help="name batches that take long")
    parser.add_argument("--endless", action="store_true", help="only calls that need a deadline to end")
    parser.add_argument("--timeout", type=int, help="seconds for one process")
    parser.add_argument("--jobs", type=int, default=os.cpu_count())
    options = parser.parse_args()
    charn = os.path.abspath(options.charn)
    listed = subprocess.run([charn, "doc", "--json", "--all"], capture_output=True, text=True, check=True).stdout
    table = [json.loads(line) for line in listed.splitlines()]
    rows = [e for e in table if "parameters" in e and e["name"] not in EXCLUDED and e["kind"] in ("function", "method")]
    operators = [e["name"] for e in table if e["kind"] == "operator" and e["name"] not in ("=", "!", "not_in")]
    random_ = random.Random(options.seed)
    groups = {}
    for case in language_cases(random_, operators, 400 if options.full else 12):
        groups.setdefault((None, case.group, case.is_endless), []).append(case)
    for row in rows:
        for case in call_cases(random.Random(f"{options.seed} {row['name']}"), row, options.full):
            groups.setdefault((case.module, row["name"] if options.full else "", case.is_endless), []).append(case)
    if options.endless:
        groups = {key: cases for key, cases in groups.items() if key[2]}
    if options.only:
        groups = {key: [c for c in cases if options.only in c.group] for key, cases in groups.items()}
    if not options.full:
        # Each may take as long as its deadline.
        groups = {key: random_.sample(cases, min(len(cases), 150)) if key[2] else cases for key, cases in groups.items()}
    size = 400 if options.full else 200
    batches = [cases[i:i + size] for cases in groups.values() for i in range(0, len(cases), size)]
    is_sanitized = b"__asan_init" in open(charn, "rb").read()
    with tempfile.TemporaryDirectory(prefix="charn-abuse-") as folder:
        runner = Runner(charn, folder, options.timeout or (240 if is_sanitized else 60), is_sanitized)
        bad = [] if options.only else runner.exits()
        with concurrent.futures.ThreadPoolExecutor(options.jobs) as pool:
            running = {pool.submit(runner.check, cases): cases for cases in batches}
            for future in concurrent.futures.as_completed(running):
                cases, (found, took) = running[future], future.result()
                bad += found
                if options.verbose and took > 0.5:
                    print(f"{took:6.1f} s  {len(cases)} cases of {cases[0].group}", flush=True)
                for text in found:
                    print(text, flush=True)
    count = sum(len(cases) for cases in batches)
    print(f"{len(rows)} rows, {count} cases, {len(bad)} problems")
    sys.exit(1 if bad else 0)


if __name__ == "__main__":
    main()
