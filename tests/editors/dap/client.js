// The debug adapter as Microsoft's own test client (@vscode/debugadapter-testsupport) meets it: over standard streams, where
// the client starts the adapter with one empty argument, or over TCP (CHARN_TEST_TRANSPORT). Each test has an adapter of its own.
'use strict';
const { spawn } = require('child_process');
const fs = require('fs');
const path = require('path');
const { DebugClient } = require(path.join(process.env.CHARN_TEST_CACHE, 'clients/node_modules/@vscode/debugadapter-testsupport'));

const env = process.env;
const expected = JSON.parse(fs.readFileSync(path.join(env.CHARN_TEST_FIXTURE, 'expected.json'), 'utf8')).debug;
const adapter = JSON.parse(env.CHARN_TEST_DAP);
const real = env.CHARN_TEST_STUB !== '1';
const WAIT_MS = Number(env.CHARN_TEST_DEADLINE_MS || 10000);
const file = (name) => path.join(env.CHARN_TEST_WORKSPACE, name);
const program = file(expected.program);

function assert(condition, why) {
  if (!condition) {
    throw new Error(typeof why === 'string' ? why : JSON.stringify(why));
  }
}

/** Fails when `promise` has not been settled in time: a server that never answers must not hang the test. */
function soon(promise, what) {
  let timer;
  const limit = new Promise((_, reject) => { timer = setTimeout(() => reject(new Error(`${what}: no answer within ${WAIT_MS} ms`)), WAIT_MS); });
  return Promise.race([promise, limit]).finally(() => clearTimeout(timer));
}

async function connect() {
  const [command, ...words] = adapter;
  if (env.CHARN_TEST_TRANSPORT !== 'tcp') {
    const client = words.length > 0 ? new DebugClient(command, words[0], 'harn') : new DebugClient(command, '', 'harn');
    client.defaultTimeout = WAIT_MS;
    await client.start();
    return { client, stop: () => client.stop() };
  }
  const server = spawn(command, [...words, '--port', '0'], { stdio: ['ignore', 'ignore', 'pipe'] });
  const port = await soon(new Promise((resolve, reject) => {
    let text = '';
    server.on('exit', (code) => reject(new Error(`the adapter ended with code ${code}: ${text}`)));
    server.stderr.on('data', (chunk) => {
      text += chunk;
      const match = /listening on \S+:(\d+)/.exec(text);
      if (match) {
        resolve(Number(match[1]));
      }
    });
  }), 'listening');
  const client = new DebugClient('', '', 'harn');
  client.defaultTimeout = WAIT_MS;
  await client.start(port);
  const ended = new Promise((resolve) => server.on('exit', resolve));
  return {
    client,
    async stop() {
      await client.stop().catch(() => undefined);
      // The adapter serves one client and ends with it.
      await soon(ended, 'the end of the adapter').finally(() => server.kill());
    },
  };
}

/** Starts the program with a breakpoint and waits there; returns the thread's id. */
async function stopAtBreakpoint(client) {
  await soon(client.hitBreakpoint({ program, cwd: env.CHARN_TEST_WORKSPACE }, { path: program, line: expected.breakpoint.line }), 'the breakpoint');
  return (await soon(client.threadsRequest(), 'threads')).body.threads[0].id;
}
const stack = async (client, threadId) => (await soon(client.stackTraceRequest({ threadId }), 'stackTrace')).body.stackFrames;
async function locals(client, frame) {
  const scopes = (await soon(client.scopesRequest({ frameId: frame.id }), 'scopes')).body.scopes;
  return (await soon(client.variablesRequest({ variablesReference: scopes[0].variablesReference }), 'variables')).body.variables;
}
const shows = (variables, wanted) => Object.entries(wanted).every(([name, value]) => variables.some((one) => one.name === name && one.value.includes(value)));
async function step(client, request, threadId) {
  const stopped = client.waitForEvent('stopped', WAIT_MS);
  await soon(client[request]({ threadId }), request);
  await stopped;
  return (await stack(client, threadId))[0];
}
function collect(client) {
  const seen = { output: '', order: [] };
  client.on('output', (event) => { seen.output += event.body.category === 'telemetry' ? '' : event.body.output; });
  for (const name of ['exited', 'terminated', 'stopped']) {
    client.on(name, (event) => { seen.order.push(name); seen[name] = event.body; });
  }
  return seen;
}

const tests = {
  async 'initialize tells what the adapter can do'(client) {
    const { body } = await soon(client.initializeRequest(), 'initialize');
    assert(body.supportsConfigurationDoneRequest === true, body);
  },
  async 'an unknown request is refused, and the session goes on'(client) {
    await soon(client.initializeRequest(), 'initialize');
    const refused = await soon(client.customRequest('charnNonsense'), 'the refusal').then(() => undefined, (error) => error);
    assert(refused && /charnNonsense/.test(refused.message), refused?.message ?? 'it was accepted');
    assert((await soon(client.threadsRequest(), 'threads')).success, 'threads failed');
  },
  async 'a breakpoint is verified and hit on its line'(client) {
    const threadId = await stopAtBreakpoint(client);
    const frames = await stack(client, threadId);
    assert(frames[0].line === expected.breakpoint.line && frames[0].column === expected.breakpoint.column, frames[0]);
    assert(JSON.stringify(frames.slice(0, 2).map((frame) => frame.name)) === JSON.stringify(expected.stack), frames.map((frame) => frame.name));
  },
  async 'the locals, and the parts of a dict'(client) {
    const threadId = await stopAtBreakpoint(client);
    const variables = await locals(client, (await stack(client, threadId))[0]);
    assert(shows(variables, expected.locals), variables);
    const { variablesReference } = variables.find((one) => one.name === expected.nested.variable);
    const parts = (await soon(client.variablesRequest({ variablesReference }), 'variables')).body.variables;
    assert(shows(parts, { [expected.nested.child]: expected.nested.value }), parts);
  },
  async 'evaluate in the frame'(client) {
    const threadId = await stopAtBreakpoint(client);
    const frameId = (await stack(client, threadId))[0].id;
    const { body } = await soon(client.evaluateRequest({ expression: expected.evaluate.expression, frameId, context: 'watch' }), 'evaluate');
    assert(body.result === expected.evaluate.value, body);
  },
  async 'step over, into and out'(client) {
    const threadId = await stopAtBreakpoint(client);
    const next = await step(client, 'nextRequest', threadId);
    assert(next.line === expected.next.line, next);
    assert(shows(await locals(client, next), expected.next.locals), await locals(client, next));
    const again = await step(client, 'continueRequest', threadId);
    assert(again.line === expected.breakpoint.line, again);
    const inside = await step(client, 'stepInRequest', threadId);
    assert(inside.name === expected.step_in.function && inside.line === expected.step_in.line && path.basename(inside.source.path) === expected.step_in.file, inside);
    assert(shows(await locals(client, inside), expected.step_in.locals), await locals(client, inside));
    const outside = await step(client, 'stepOutRequest', threadId);
    assert(outside.name === expected.stack[0], outside);
  },
  async 'a run to the end gives its output, its exit code and its end'(client) {
    const seen = collect(client);
    await soon(Promise.all([client.configurationSequence(), client.launch({ program }), client.waitForEvent('terminated', WAIT_MS)]), 'the run');
    assert(seen.output.includes(expected.output), seen.output);
    assert(seen.order.join(' ') === 'exited terminated' && seen.exited.exitCode === expected.exit_code, seen);
  },
  async 'stopOnEntry stops before the first statement'(client) {
    const stopped = client.waitForEvent('stopped', WAIT_MS);
    await soon(Promise.all([client.configurationSequence(), client.launch({ program, stopOnEntry: true }), stopped]), 'the entry');
    assert((await stopped).body.reason === 'entry', (await stopped).body);
  },
  async 'noDebug runs past a breakpoint'(client) {
    const seen = collect(client);
    await soon(Promise.all([
      client.waitForEvent('initialized', WAIT_MS)
        .then(() => client.setBreakpointsRequest({ source: { path: program }, breakpoints: [{ line: expected.breakpoint.line }] }))
        .then(() => client.configurationDoneRequest()),
      client.launch({ program, noDebug: true }), client.waitForEvent('terminated', WAIT_MS)]), 'the run');
    assert(!seen.order.includes('stopped') && seen.output.includes(expected.output), seen);
  },
  async 'a program that is not there is refused, and named'(client) {
    const refused = await soon(Promise.all([client.configurationSequence(), client.launch({ program: file('nothing.harn') })]), 'the refusal').then(() => undefined, (error) => error);
    assert(refused && refused.message.includes('nothing.harn'), refused?.message ?? 'it was accepted');
  },
};

// The stub knows one program only.
const realTests = {
  async 'an uncaught error stops where it was thrown'(client) {
    const stopped = client.waitForEvent('stopped', WAIT_MS);
    const initialized = client.waitForEvent('initialized', WAIT_MS);
    const { body } = await soon(client.initializeRequest(), 'initialize');
    const filters = (body.exceptionBreakpointFilters ?? []).filter((filter) => /uncaught/i.test(filter.filter)).map((filter) => filter.filter);
    assert(filters.length > 0, body);
    await soon(Promise.all([
      initialized.then(() => client.setExceptionBreakpointsRequest({ filters })).then(() => client.configurationDoneRequest()),
      client.launchRequest({ program: file('throws.harn') }), stopped]), 'the stop');
    const { reason, threadId } = (await stopped).body;
    assert(reason === 'exception', reason);
    const frames = await stack(client, threadId);
    assert(frames[0].line === 2 && frames[0].name === 'fail' && frames[1].line === 7, frames);
    assert(shows(await locals(client, frames[0]), { reason: 'luck' }), await locals(client, frames[0]));
  },
  async 'a statement of several lines is one place, where it begins'(client) {
    const lines = file('lines.harn');
    await soon(client.hitBreakpoint({ program: lines }, { path: lines, line: 7 }), 'the breakpoint');
    const threadId = (await soon(client.threadsRequest(), 'threads')).body.threads[0].id;
    const frame = (await stack(client, threadId))[0];
    assert(frame.line === 7 && frame.column === 3, frame);
    const next = await step(client, 'nextRequest', threadId);
    assert(next.line === 11 && next.column === 3, next);
  },
  async 'a busy loop is paused, and ended'(client) {
    const busy = file('busy.harn');
    await soon(Promise.all([client.configurationSequence(), client.launch({ program: busy })]), 'the start');
    const threadId = (await soon(client.threadsRequest(), 'threads')).body.threads[0].id;
    const stopped = client.waitForEvent('stopped', WAIT_MS);
    await soon(client.pauseRequest({ threadId }), 'pause');
    assert((await stopped).body.reason === 'pause', (await stopped).body);
    const frame = (await stack(client, threadId))[0];
    assert(frame.line === 3 || frame.line === 4, frame);
    const terminated = client.waitForEvent('terminated', WAIT_MS);
    await soon(client.terminateRequest({}), 'terminate');
    await terminated;
  },
  async 'arguments, environment and folder reach the program'(client) {
    const seen = collect(client);
    await soon(Promise.all([client.configurationSequence(), client.launch({
      program: file('surroundings.harn'), args: ['one', 'two words'], env: { CHARN_FIXTURE: 'set by the client' }, cwd: path.dirname(env.CHARN_TEST_WORKSPACE) }),
    client.waitForEvent('terminated', WAIT_MS)]), 'the run');
    for (const text of ['["one","two words"]', 'set by the client', path.dirname(env.CHARN_TEST_WORKSPACE)]) {
      assert(seen.output.includes(text), seen.output);
    }
  },
};

(async () => {
  for (const [name, test] of Object.entries(real ? { ...tests, ...realTests } : tests)) {
    if (env.CHARN_TEST_ONLY && env.CHARN_TEST_ONLY !== name) {
      continue;
    }
    let connection, failure;
    try {
      connection = await connect();
      await test(connection.client);
    } catch (error) {
      failure = error;
    }
    if (connection) {
      await soon(connection.stop(), 'the end of the session').catch((error) => { failure ??= error; });
    }
    fs.appendFileSync(env.CHARN_TEST_REPORT, failure ? `not ok ${name}: ${String(failure.message).replace(/\s+/g, ' ').slice(0, 500)}\n` : `ok ${name}\n`);
  }
  fs.appendFileSync(env.CHARN_TEST_REPORT, 'end\n');
  process.exit(0);
})();
