// The VS Code extension is a thin client: it starts charn-lsp for the editor and charn-dap for each debug session, and it
// tells the user what to do when one of the two cannot be started. All knowledge of the language is in the servers.
'use strict';
const fs = require('fs');
const os = require('os');
const path = require('path');
const vscode = require('vscode');
const { CloseAction, ErrorAction, LanguageClient, RevealOutputChannelOn, State } = require('vscode-languageclient/node');

/** Crashes within the window that are answered by a restart; one more, and the user is told. */
const RESTARTS_MAX = 3;
const CRASH_WINDOW_MS = 3 * 60 * 1000;

/** @type {LanguageClient | undefined} */
let client;
/** @type {vscode.OutputChannel | undefined} */
let output;
/** @type {vscode.FileSystemWatcher | undefined} Files that change on disk: another branch, another program. */
let watcher;

/** A program setting with `~` and `${workspaceFolder}` replaced. */
function program(setting) {
  const value = (vscode.workspace.getConfiguration('harn').get(setting) || '').trim();
  const folder = vscode.workspace.workspaceFolders?.[0]?.uri.fsPath ?? os.homedir();
  return value.replace(/^~(?=\/|\\|$)/, os.homedir()).replace(/\$\{workspaceFolder\}/g, folder);
}

/** The file that would be run for `name`, or undefined: a path is taken as it is, a name is looked up on PATH. */
function findProgram(name) {
  const runnable = (file) => {
    try {
      fs.accessSync(file, fs.constants.X_OK);
      return fs.statSync(file).isFile();
    } catch {
      return false;
    }
  };
  if (name.includes('/') || name.includes(path.sep)) {
    return runnable(name) ? name : undefined;
  }
  const endings = process.platform === 'win32' ? ['.exe', ''] : [''];
  for (const folder of (process.env.PATH || '').split(path.delimiter)) {
    for (const ending of endings) {
      if (folder && runnable(path.join(folder, name + ending))) {
        return path.join(folder, name + ending);
      }
    }
  }
  return undefined;
}

/** Says that a program is missing, and offers the setting that names it. */
async function reportMissing(what, name, setting) {
  const choice = await vscode.window.showErrorMessage(
    `Harn: cannot run the ${what} '${name}'. Put it on PATH, or set ${setting} to where it is.`, 'Open Settings');
  if (choice) {
    await vscode.commands.executeCommand('workbench.action.openSettings', setting);
  }
}

/** Says why the language server is not there, where its output is, and which setting chooses another one. */
async function reportFailure(command, what) {
  const choice = await vscode.window.showErrorMessage(
    `Harn: the language server '${command}' ${what}. Its output says why; harn.lsp.path chooses another program.`,
    'Restart', 'Show Output', 'Open Settings');
  if (choice === 'Restart') {
    await restartServer();
  } else if (choice === 'Show Output') {
    output?.show();
  } else if (choice) {
    await vscode.commands.executeCommand('workbench.action.openSettings', 'harn.lsp.path');
  }
}

/**
 * What follows when the server ends by itself: one that never came up is not started again, one that worked is, a few
 * times. The client library would try and complain in both cases alike. Each way of failing is told once.
 */
function failurePolicy(command) {
  let worked = false, told = false;
  const crashes = [];
  const tell = (what) => {
    if (!told) {
      told = true;
      void reportFailure(command, what);
    }
  };
  return {
    onState(change) {
      worked ||= change.newState === State.Running;
    },
    failed(error) {
      tell(`did not start: ${error instanceof Error ? error.message : error}`);
      return false;
    },
    handler: {
      error: () => ({ action: ErrorAction.Continue }),
      closed() {
        const now = Date.now();
        crashes.push(now);
        const recent = crashes.filter((time) => now - time < CRASH_WINDOW_MS).length;
        if (worked && recent <= RESTARTS_MAX) {
          return { action: CloseAction.Restart, message: 'The language server has ended and is started again.', handled: true };
        }
        tell(worked ? `ended ${recent} times within three minutes and is not started again` : 'ended as soon as it was started');
        return { action: CloseAction.DoNotRestart, message: 'The language server is not started again.', handled: true };
      },
    },
  };
}

async function startServer() {
  const name = program('lsp.path');
  const command = findProgram(name);
  if (!command) {
    void reportMissing('language server', name, 'harn.lsp.path');
    return;
  }
  output ??= vscode.window.createOutputChannel('Harn Language Server');
  watcher ??= vscode.workspace.createFileSystemWatcher('**/{*.harn,harn.toml}');
  const policy = failurePolicy(command);
  const started = new LanguageClient('harn', 'Harn Language Server',
    { command, args: vscode.workspace.getConfiguration('harn').get('lsp.arguments'), options: { shell: false } },
    {
      documentSelector: [{ scheme: 'file', language: 'harn' }, { scheme: 'untitled', language: 'harn' }],
      synchronize: { configurationSection: 'harn', fileEvents: watcher },
      outputChannel: output,
      revealOutputChannelOn: RevealOutputChannelOn.Never,
      errorHandler: policy.handler,
      initializationFailedHandler: policy.failed,
    });
  started.onDidChangeState(policy.onState);
  client = started;
  try {
    await started.start();
  } catch (error) {
    if (client === started) {
      policy.failed(error);
    }
  }
}

async function stopServer() {
  const stopping = client;
  client = undefined;
  // A client that never came up, or whose server has ended, cannot be asked to stop.
  if (stopping && stopping.state === State.Running) {
    await stopping.stop().catch(() => undefined);
  }
  await stopping?.dispose().catch(() => undefined);
}

/** One restart at a time: settings often change several at once. */
let restarting = Promise.resolve();
function restartServer() {
  restarting = restarting.then(stopServer).then(startServer);
  return restarting;
}

/** The Harn file that a command or an empty launch configuration means. */
function activeFile() {
  const document = vscode.window.activeTextEditor?.document;
  return document?.languageId === 'harn' && document.uri.scheme === 'file' ? document.uri.fsPath : undefined;
}

/** The file that a menu (a Uri), a code lens (its text) or nothing but the editor means. */
function fileOf(uri) {
  return uri instanceof vscode.Uri ? uri.fsPath : typeof uri === 'string' ? vscode.Uri.parse(uri).fsPath : activeFile();
}

const debugConfigurations = {
  /** Completes what F5 without launch.json, or a configuration with gaps, leaves open. */
  resolveDebugConfiguration(folder, config) {
    if (!config.type && !config.request && !config.name) {
      const file = activeFile();
      if (!file) {
        void vscode.window.showErrorMessage('Harn: open the .harn file to debug, or write a launch configuration.');
        return undefined;
      }
      config = { type: 'harn', request: 'launch', name: 'Debug Harn file', program: file };
    }
    config.cwd ??= folder?.uri.fsPath ?? (config.program ? path.dirname(config.program) : undefined);
    return config;
  },
  /** Checks after `${file}` and its like have been replaced, so that the message shows the real path. */
  resolveDebugConfigurationWithSubstitutedVariables(_folder, config) {
    if (!config.program) {
      void vscode.window.showErrorMessage('Harn: the launch configuration names no program. Add "program": "${file}".');
      return undefined;
    }
    if (!config.debugServer && !fs.existsSync(path.resolve(config.cwd ?? '.', config.program))) {
      void vscode.window.showErrorMessage(`Harn: there is no file ${config.program}. Correct "program" in launch.json.`);
      return undefined;
    }
    return config;
  },
  provideDebugConfigurations() {
    return [
      { type: 'harn', request: 'launch', name: 'Debug Harn file', program: '${file}', cwd: '${workspaceFolder}' },
    ];
  },
};

const debugAdapters = {
  async createDebugAdapterDescriptor() {
    const name = program('dap.path');
    const command = findProgram(name);
    if (!command) {
      void reportMissing('debug adapter', name, 'harn.dap.path');
      throw new Error(`cannot run '${name}' (setting harn.dap.path)`);
    }
    return new vscode.DebugAdapterExecutable(command, []);
  },
};

/** VS Code ends a session in silence when its adapter dies; the user is to know that it was no normal end. */
const debugTrackers = {
  createDebugAdapterTracker() {
    let over = false;
    return {
      onDidSendMessage(message) {
        over ||= message.type === 'event' && message.event === 'terminated';
      },
      onWillReceiveMessage(message) {
        over ||= message.command === 'disconnect' || message.command === 'terminate';
      },
      onWillStopSession() {
        over = true;
      },
      onExit(code, signal) {
        if (!over) {
          const how = code === null || code === undefined ? `signal ${signal}` : `code ${code}`;
          void vscode.window.showErrorMessage(`Harn: the debug adapter '${program('dap.path')}' ended with ${how} in the middle of the session.`);
        }
      },
    };
  },
};

/** Runs the command line on a file in the task panel. Answers the execution, or undefined when nothing could be run. */
async function runInTask(uri, title, argumentsOf) {
  const file = fileOf(uri);
  const name = program('cli.path');
  const command = findProgram(name);
  if (!command) {
    void reportMissing('command line', name, 'harn.cli.path');
    return undefined;
  }
  if (!file) {
    void vscode.window.showErrorMessage('Harn: open the .harn file to run.');
    return undefined;
  }
  await vscode.workspace.textDocuments.find((document) => document.uri.fsPath === file)?.save();
  // A task instead of typed shell text: no quoting, and the panel is used again.
  const task = new vscode.Task({ type: 'process' }, vscode.TaskScope.Workspace, title + path.basename(file), 'Harn',
    new vscode.ProcessExecution(command, argumentsOf(file), { cwd: vscode.workspace.getWorkspaceFolder(vscode.Uri.file(file))?.uri.fsPath ?? path.dirname(file) }));
  task.presentationOptions = { reveal: vscode.TaskRevealKind.Always, clear: true, panel: vscode.TaskPanelKind.Dedicated };
  return vscode.tasks.executeTask(task);
}

async function runFile(uri) {
  await runInTask(uri, '', (file) => ['run', file]);
}

/** Runs a file with the profiler, and opens what it has found in the editor's view of CPU profiles. */
async function profileFile(uri) {
  const profile = path.join(fs.mkdtempSync(path.join(os.tmpdir(), 'harn-profile-')), 'program.cpuprofile');
  // A short program may have ended before its execution is known here: it is told by its arguments.
  const ended = vscode.tasks.onDidEndTask((event) => {
    if (event.execution.task.execution?.args?.includes(profile)) {
      ended.dispose();
      if (fs.existsSync(profile)) {
        void vscode.commands.executeCommand('vscode.open', vscode.Uri.file(profile));
      }
    }
  });
  if (!(await runInTask(uri, 'Profile ', (file) => ['run', '--cpu-profile', profile, file]))) {
    ended.dispose();
  }
}

/** Runs one test of a file: what its code lens asks for. */
async function runTest(uri, name) {
  await runInTask(uri, `Test ${name} of `, (file) => ['test', '--filter', name, file]);
}

/** Lists who names the thing at a position, for a code lens that has counted them. */
async function showReferences(uri, position) {
  const file = vscode.Uri.parse(uri);
  const place = new vscode.Position(position.line, position.character);
  const found = await vscode.commands.executeCommand('vscode.executeReferenceProvider', file, place);
  await vscode.commands.executeCommand('editor.action.showReferences', file, place, found ?? []);
}

function debugFile(uri) {
  const file = fileOf(uri);
  return vscode.debug.startDebugging(file ? vscode.workspace.getWorkspaceFolder(vscode.Uri.file(file)) : undefined,
    { type: 'harn', request: 'launch', name: 'Debug Harn file', program: file });
}

exports.activate = async function activate(context) {
  context.subscriptions.push(
    vscode.commands.registerCommand('harn.restartServer', restartServer),
    vscode.commands.registerCommand('harn.showOutput', () => output?.show()),
    vscode.commands.registerCommand('harn.runFile', runFile),
    vscode.commands.registerCommand('harn.profileFile', profileFile),
    vscode.commands.registerCommand('harn.debugFile', debugFile),
    vscode.commands.registerCommand('harn.runTest', runTest),
    vscode.commands.registerCommand('harn.showReferences', showReferences),
    vscode.debug.registerDebugConfigurationProvider('harn', debugConfigurations),
    vscode.debug.registerDebugConfigurationProvider('harn', debugConfigurations, vscode.DebugConfigurationProviderTriggerKind.Dynamic),
    vscode.debug.registerDebugAdapterDescriptorFactory('harn', debugAdapters),
    vscode.debug.registerDebugAdapterTrackerFactory('harn', debugTrackers),
    vscode.workspace.onDidChangeConfiguration((change) => {
      if (change.affectsConfiguration('harn.lsp')) {
        void restartServer();
      }
    }),
    { dispose: () => { output?.dispose(); watcher?.dispose(); } },
  );
  void restartServer();
};

exports.deactivate = stopServer;
