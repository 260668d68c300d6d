"""The life of a session: launching, ending, wrong order, broken input."""
import os
import re
import socket
import subprocess
import time

from client import Client, Closed, expect, same

HELLO = 'pipeline default(task) {\n  println("hello")\n}\n'


def test_capabilities_are_kept(session):
    """What `initialize` promises is there: no request that a capability stands for is unknown."""
    c = session.client()
    body = c.initialize()
    same([f["filter"] for f in body["exceptionBreakpointFilters"]], ["uncaught", "caught"], "filters")
    c.wait("initialized")
    promised = {"supportsConfigurationDoneRequest": "configurationDone", "supportsTerminateRequest": "terminate",
                "supportsFunctionBreakpoints": "setFunctionBreakpoints", "supportsRestartFrame": "restartFrame",
                "supportsBreakpointLocationsRequest": "breakpointLocations", "supportsSetVariable": "setVariable",
                "supportsExceptionInfoRequest": "exceptionInfo", "supportsStepBack": "stepBack",
                "supportsGotoTargetsRequest": "gotoTargets", "supportsModulesRequest": "modules",
                "supportsCompletionsRequest": "completions", "supportsDataBreakpoints": "setDataBreakpoints",
                "supportsDisassembleRequest": "disassemble", "supportsReadMemoryRequest": "readMemory",
                "supportsRestartRequest": "restart", "supportsTerminateThreadsRequest": "terminateThreads",
                "supportsSetExpression": "setExpression", "supportsLoadedSourcesRequest": "loadedSources",
                "supportsCancelRequest": "cancel", "supportsStepInTargetsRequest": "stepInTargets"}
    for capability, command in promised.items():
        if command in ("terminate", "configurationDone"):
            continue
        response = c.ask(command)
        unknown = not response["success"] and "unknown request" in response["message"]
        same(not unknown, bool(body.get(capability)), capability)


def test_unknown_requests_fail(session):
    c = session.client()
    c.initialize()
    for command in ("attach", "stepBack", "goto", "made/up", ""):
        expect("unknown request" in c.refuse(command), command)


def test_requests_in_the_wrong_state(session):
    path, _ = session.program(HELLO)
    c = session.client()
    expect("before `initialize`" in c.refuse("threads"), "before initialize")
    c.initialize()
    expect("not possible" in c.refuse("initialize"), "twice")
    expect("before a program was launched" in c.refuse("stackTrace", threadId=1), "before launch")
    c.request("launch", program=path)
    expect("not possible" in c.refuse("launch", program=path), "launched twice")
    expect("before `configurationDone`" in c.refuse("continue", threadId=1), "before configurationDone")
    c.request("configurationDone")
    c.finish()
    expect("after the program has ended" in c.refuse("evaluate", expression="1"), "after the end")
    c.request("disconnect")


def test_requests_while_running(session):
    path, _ = session.program("pipeline default(task) {\n  while true { }\n}\n")
    c = session.client()
    c.start(path)
    expect("while the program runs" in c.refuse("stackTrace", threadId=1), "stackTrace")
    expect("while the program runs" in c.refuse("next", threadId=1), "next")
    same(len(c.request("threads")["threads"]), 1, "threads is always answered")
    c.request("terminate")
    c.finish()


def test_launch_without_a_program(session):
    c = session.client()
    c.initialize()
    expect("`program`" in c.refuse("launch"), "says what is missing")


def test_launch_of_a_missing_file(session):
    c = session.client()
    c.initialize()
    expect("nowhere.harn" in c.refuse("launch", program=os.path.join(session.workspace.path, "nowhere.harn")), "text")
    c.wait("terminated")


def test_launch_of_broken_text(session):
    path, _ = session.program("pipeline default(task) {\n  let x = \n}\n")
    c = session.client()
    c.initialize()
    text = c.refuse("launch", program=path)
    expect("main.harn" in text and "xpected" in text, "place and cause: %r" % text)
    c.wait("terminated")


def test_a_folder_a_device_and_a_fifo_are_refused(session):
    fifo = os.path.join(session.workspace.path, "fifo.harn")
    os.mkfifo(fifo)
    for program in (session.workspace.path, "/dev/zero", fifo):
        c = session.client()
        c.initialize()
        c.refuse("launch", program=program)
        c.request("disconnect")


def test_no_debug(session):
    path, _ = session.program('pipeline default(task) {\n  println("on")\n  throw "x"\n}\n')
    c = session.client()
    c.start(path, [2], launch={"noDebug": True, "stopOnEntry": True})
    same(c.finish(), 1, "runs through to its own error")
    same(c.output(), "on\n", "output")


def test_arguments_folder_and_environment(session):
    path, _ = session.program("""
pipeline default(task) {
  println(argv)
  println(cwd())
  println(env("CHARN_TEST_VALUE"))
}
""")
    folder = os.path.join(session.workspace.path, "elsewhere")
    os.mkdir(folder)
    c = session.client()
    c.start(path, launch={"args": ["a b", "ü"], "cwd": folder, "env": {"CHARN_TEST_VALUE": "seen", "HOME": None}})
    c.finish()
    same(c.output(), "[a b, ü]\n%s\nseen\n" % folder, "output")


def test_exit_codes(session):
    for body, code in (("return 3", 3), ("exit(7)", 7), ("let x = 1", 0), ('throw "x"', 1)):
        path, _ = session.program("pipeline default(task) {\n  %s\n}\n" % body)
        c = session.client()
        c.start(path, filters=[])
        same(c.finish(), code, body)


def test_output_is_complete_and_in_order(session):
    path, _ = session.program("""
pipeline default(task) {
  for i in range(3000) {
    println("line ${i}")
  }
  eprintln("error")
  println("Content-Length: 5")
}
""")
    c = session.client()
    c.start(path)
    c.finish()
    same(c.output(), "".join("line %d\n" % i for i in range(3000)) + "Content-Length: 5\n", "stdout")
    same(c.output("stderr"), "error\n", "stderr")
    names = [m["event"] for m in c.all if m["type"] == "event"]
    expect(names.index("exited") > max(i for i, n in enumerate(names) if n == "output"), "output before the end")


def test_a_flood_of_output_is_bounded(session):
    path, _ = session.program("""
pipeline default(task) {
  let line = "x" * 1000
  for i in range(20000) {
    println(line)
  }
}
""")
    c = session.client()
    c.start(path)
    c.finish()
    size = len(c.output())
    dropped = [m for m in c.all if m.get("event") == "output" and "output dropped" in m["body"]["output"]]
    expect(size < 20 * 1000 * 1000 and dropped, "%d bytes came, %d notes of what was dropped" % (size, len(dropped)))


def test_a_slow_client_slows_the_program(session):
    """100 MB of log messages for a client that sleeps: nothing is lost, and the adapter's queue stays short."""
    path, line = session.program("""
pipeline default(task) {
  let text = "x" * 20000
  var sum = len(text)
  for i in 0 to 4999 {
    sum = sum + i // @loop
  }
  println(sum)
}
""")
    c = session.client(delay_s=3)
    c.start(path, [{"line": line["loop"], "logMessage": "{text}"}])
    c.finish()
    same(c.output("console").count("\n"), 5000, "log messages")
    same(c.output(), "12517500\n", "output")


def test_a_checked_program(session):
    """What `charn run` refuses is not launched; what it warns of is launched, with the warning."""
    path, _ = session.program("fn f(x: int) {\n  return x\n}\npipeline default(task) {\n  f(\"text\")\n}\n")
    c = session.client()
    c.initialize()
    text = c.refuse("launch", program=path)
    expect("main.harn:5" in text, "the place: %r" % text)
    path, _ = session.program("pipeline default(task) {\n  return 0\n  println(1)\n}\n")
    c = session.client()
    c.start(path)
    same(c.finish(), 0, "exit code")
    expect("unreachable" in c.output("stderr"), "the warning")


def test_standard_input_is_not_the_protocol(session):
    path, _ = session.program("""
pipeline default(task) {
  println(read_line() == nil)
}
""")
    c = session.client()
    c.start(path)
    c.finish()
    same(c.output(), "true\n", "the program has no input")


def test_terminate_ends_a_busy_program(session):
    path, _ = session.program("pipeline default(task) {\n  while true { }\n}\n")
    c = session.client()
    c.start(path)
    c.request("terminate")
    expect(c.finish() != 0, "not a success")
    c.request("disconnect")
    c.process.wait(10)
    same(c.process.returncode, 0, "the adapter ends well")


def test_terminate_while_stopped(session):
    path, _ = session.program(HELLO)
    c = session.client()
    c.start(path, [2])
    c.stopped("breakpoint")
    c.request("terminate")
    c.finish()
    same(c.output(), "", "nothing more ran")


def test_client_that_leaves(session):
    """When the client closes its end, in the middle of a message too, the program dies with the adapter."""
    path, _ = session.program("pipeline default(task) {\n  while true { }\n}\n")
    for tail, code in ((b"", 0), (b"Content-Length: 100\r\n\r\n{\"seq\":", 1), (b"Content-Len", 1)):
        c = session.client()
        c.good_codes = {code}
        c.start(path)
        c.write(tail)
        c.out.close()
        started = time.monotonic()
        c.process.wait(10)
        expect(time.monotonic() - started < 5, "ends at once")


def test_large_sequence_numbers_come_back_exactly(session):
    c = session.client()
    number = 9007199254740993
    c.send("initialize", {"adapterID": "x"}, seq=number)
    c.wait("initialized")
    same(number in c.responses, True, "request_seq")


def test_zero_based_lines(session):
    path, _ = session.program(HELLO)
    c = session.client()
    c.initialize(linesStartAt1=False, columnsStartAt1=False)
    c.request("launch", program=path)
    same(c.set_breakpoints(path, [1])[0]["line"], 1, "answer")
    c.request("configurationDone")
    c.stopped("breakpoint")
    frame = c.frames()[0]
    same((frame["line"], frame["column"]), (1, 2), "place")


def test_uris(session):
    path, _ = session.program(HELLO, "with space.harn")
    uri = "file://" + path.replace(" ", "%20")
    c = session.client()
    c.initialize(pathFormat="uri")
    c.request("launch", program=path)
    answer = c.request("setBreakpoints", source={"path": uri}, breakpoints=[{"line": 2}])["breakpoints"]
    expect(answer[0]["verified"], "verified")
    c.request("configurationDone")
    c.stopped("breakpoint")
    same(c.frames()[0]["source"]["path"], uri, "uri of the source")


def test_bad_arguments(session):
    path, line = session.program(HELLO)
    c = session.client()
    c.initialize()
    c.refuse("setBreakpoints", source={}, breakpoints=[{"line": 1}])
    c.refuse("setBreakpoints", source={"path": "a\u0000b"}, breakpoints=[])
    same(c.set_breakpoints(path, [{"line": -5}, {"line": 1e300}, {"line": "x"}, {}])[0]["verified"] in (True, False), True,
         "odd lines are answered")
    c.refuse("launch", program=path, cwd="/nowhere/at/all")
    c.refuse("launch", program=path, env={"A=B": "x"})
    c.refuse("launch", program=path, env=[1])
    c.request("launch", program=path)
    c.set_breakpoints(path, [2])
    c.request("configurationDone")
    c.stopped("breakpoint")
    c.refuse("next")
    c.refuse("next", threadId=77)
    c.refuse("stackTrace")
    same(c.request("stackTrace", threadId=77)["stackFrames"], [], "no such task")
    c.refuse("scopes")
    c.refuse("setVariable", variablesReference=1, name="x", value="1")
    c.resume()
    c.finish()


# ---- TCP ----


def listen(session, *options):
    process = subprocess.Popen(session.command + ["--port", "0"] + list(options), stdin=subprocess.DEVNULL,
                               stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    line = process.stderr.readline().decode()
    match = re.search(r":(\d+)\s*$", line)
    expect(match, "the port is printed: %r" % line)
    return process, int(match.group(1))


def stop(process):
    process.kill()
    process.wait()
    process.stderr.close()


def test_tcp_session(session):
    path, _ = session.program(HELLO)
    process, port = listen(session)
    try:
        c = session.client(port=port)
        c.start(path, [2])
        c.stopped("breakpoint")
        c.resume()
        c.finish()
        same(c.output(), "hello\n", "output")
        c.request("disconnect")
        process.wait(10)
        same(process.returncode, 0, "exit code")
    finally:
        stop(process)


def test_tcp_token(session):
    process, port = listen(session, "--token", "secret")
    try:
        stranger = Client(None, port=port)
        stranger.send("initialize", {"adapterID": "x"})
        try:
            stranger.wait("initialized")
            raise AssertionError("a client without the token was served")
        except Closed:
            pass
        stranger.socket.close()
        c = session.client(port=port, token="secret")
        c.initialize()
    finally:
        stop(process)


def test_tcp_refuses_a_browser(session):
    process, port = listen(session)
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=10) as s:
            s.sendall(b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n")
            data = s.recv(1000)
        expect(b"Content-Length" not in data or b"HTTP" not in data[:4], "no answer to a browser: %r" % data)
    finally:
        stop(process)


def test_tcp_listens_on_loopback_only(session):
    result = subprocess.run(session.command + ["--port", "0", "--host", "0.0.0.0"], stdin=subprocess.DEVNULL,
                            capture_output=True, timeout=20)
    expect(result.returncode != 0 and b"cannot listen" in result.stderr, "refused: %r" % result.stderr)


def test_usage(session):
    for options, code in ((["--help"], 0), (["--version"], 0), (["--nonsense"], 2), (["--port", "x"], 2)):
        result = subprocess.run(session.command + options, stdin=subprocess.DEVNULL, capture_output=True, timeout=20)
        same(result.returncode, code, " ".join(options))
