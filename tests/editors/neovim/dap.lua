-- The debugger configuration. With a copy of nvim-dap (CHARN_NVIM_DAP) the whole way through it; without, the adapter that
-- the plugin registers is started as nvim-dap would, and spoken to directly.
local check = dofile(vim.env.CHARN_TEST_SCRIPTS .. '/check.lua')
local expected = check.expected.debug
require('harn').setup({ lsp = { enable = false }, dap = { cmd = vim.fn.json_decode(vim.env.CHARN_TEST_DAP) } })
local program = check.workspace(expected.program)

local function finish()
  check.finish()
end

if vim.env.CHARN_NVIM_DAP then
  vim.opt.runtimepath:append(vim.env.CHARN_NVIM_DAP)
  vim.cmd('edit ' .. vim.fn.fnameescape(program))
  local dap = require('dap')
  check.ok(dap.adapters.harn and #dap.configurations.harn == 3, 'nvim-dap knows Harn', dap.configurations.harn)
  local stopped, output, ended = 0, '', false
  dap.listeners.after.event_stopped.test = function()
    stopped = stopped + 1
  end
  dap.listeners.after.event_output.test = function(_, body)
    output = output .. body.output
  end
  dap.listeners.after.event_terminated.test = function()
    ended = true
  end
  vim.api.nvim_win_set_cursor(0, { expected.breakpoint.line, 0 })
  dap.toggle_breakpoint()
  dap.run(vim.tbl_extend('force', dap.configurations.harn[1], { cwd = vim.env.CHARN_TEST_WORKSPACE }))
  check.ok(check.wait(function()
    local session = dap.session()
    return stopped == 1 and session and session.current_frame ~= nil
  end), 'nvim-dap stops at the breakpoint', { stopped = stopped, output = output })
  local session = dap.session()
  local frame = session and session.current_frame or {}
  check.ok(frame.line == expected.breakpoint.line and frame.name == expected.stack[1], 'on its line', frame)
  local value
  session:evaluate(expected.evaluate.expression, function(err, response)
    value = err and tostring(err) or response.result
  end)
  check.wait(function()
    return value ~= nil
  end)
  check.ok(value == expected.evaluate.value, 'nvim-dap evaluates', value)
  dap.step_over()
  check.ok(check.wait(function()
    local now = dap.session()
    return stopped == 2 and now and now.current_frame and now.current_frame.line == expected.next.line
  end), 'nvim-dap steps over', dap.session() and dap.session().current_frame)
  dap.clear_breakpoints()
  check.wait(function() return false end, 200)
  dap.continue()
  check.ok(check.wait(function()
    return ended
  end), 'nvim-dap runs to the end', output)
  check.ok(output:find(expected.output, 1, true), 'the output has arrived', output)
  finish()
  return
end

check.ok(require('harn.dap').register() == false, 'without nvim-dap nothing is registered')
local dap = { adapters = {}, configurations = {} }
package.loaded.dap = dap
vim.cmd('edit ' .. vim.fn.fnameescape(program))
check.ok(dap.adapters.harn and dap.adapters.harn.type == 'executable', 'opening a file registers the adapter', dap.adapters)
check.ok(dap.configurations.harn and #dap.configurations.harn == 3, 'and three configurations', dap.configurations)
local mine = {}
dap.configurations.harn = mine
require('harn.dap').register()
check.ok(dap.configurations.harn == mine, "the user's own configurations stay")

-- A small client: enough of the protocol to see that the adapter that was registered stops where it should.
local adapter = dap.adapters.harn
local input, output = vim.loop.new_pipe(false), vim.loop.new_pipe(false)
local code
local handle, reason = vim.loop.spawn(adapter.command, { args = adapter.args, stdio = { input, output, 2 } }, function(exit_code)
  code = exit_code
end)
check.ok(handle ~= nil, 'the adapter can be started', reason)
local buffered, messages, sequence = '', {}, 0
output:read_start(function(_, chunk)
  buffered = buffered .. (chunk or '')
  while true do
    local start, stop, length = buffered:find('Content%-Length: (%d+)\r\n\r\n')
    if not start or #buffered < stop + tonumber(length) then
      return
    end
    table.insert(messages, buffered:sub(stop + 1, stop + tonumber(length)))
    buffered = buffered:sub(stop + tonumber(length) + 1)
  end
end)
local function request(command, arguments)
  sequence = sequence + 1
  local body = vim.fn.json_encode({ seq = sequence, type = 'request', command = command, arguments = arguments or vim.empty_dict() })
  input:write(('Content-Length: %d\r\n\r\n%s'):format(#body, body))
  return sequence
end
local function message(matches)
  local found
  check.wait(function()
    for _, text in ipairs(messages) do
      local one = vim.fn.json_decode(text)
      if matches(one) then
        found = one
      end
    end
    return found ~= nil
  end)
  return found
end
local function event(name)
  return message(function(one)
    return one.type == 'event' and one.event == name
  end)
end
local function response(to)
  return message(function(one)
    return one.type == 'response' and one.request_seq == to
  end)
end
response(request('initialize', { adapterID = 'harn', linesStartAt1 = true, columnsStartAt1 = true, pathFormat = 'path' }))
request('launch', { program = program, cwd = vim.env.CHARN_TEST_WORKSPACE })
check.ok(event('initialized'), 'the adapter is initialized', messages)
response(request('setBreakpoints', { source = { path = program }, breakpoints = { { line = expected.breakpoint.line } } }))
request('configurationDone')
local stopped = event('stopped')
check.ok(stopped and stopped.body.reason == 'breakpoint', 'it stops at the breakpoint', stopped or messages)
local stack = stopped and response(request('stackTrace', { threadId = stopped.body.threadId }))
check.ok(stack and stack.body.stackFrames[1].line == expected.breakpoint.line, 'on its line', stack)
response(request('setBreakpoints', { source = { path = program }, breakpoints = {} }))
request('continue', { threadId = stopped and stopped.body.threadId or 1 })
check.ok(event('terminated'), 'it runs to the end', messages)
request('disconnect')
check.ok(check.wait(function()
  return code ~= nil
end), 'and ends', 'still running')
finish()
