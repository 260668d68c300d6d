-- The debug adapter and its launch configurations, for nvim-dap. Without nvim-dap nothing happens.
local M = {}

--- The adapter as nvim-dap wants it: a program that speaks the protocol on its standard streams.
function M.adapter()
  local words = require('harn').config.dap.cmd
  return { type = 'executable', command = words[1], args = vim.list_slice(words, 2) }
end

--- An adapter that somebody has started with `charn-dap --port PORT`.
function M.server_adapter(port, host)
  return { type = 'server', host = host or '127.0.0.1', port = port }
end

M.configurations = {
  { type = 'harn', request = 'launch', name = 'Run this file', program = '${file}', cwd = '${workspaceFolder}' },
  {
    type = 'harn',
    request = 'launch',
    name = 'Run this file, stop at its first line',
    program = '${file}',
    cwd = '${workspaceFolder}',
    stopOnEntry = true,
  },
  {
    type = 'harn',
    request = 'launch',
    name = 'Run this file with arguments',
    program = '${file}',
    cwd = '${workspaceFolder}',
    args = function()
      return vim.split(vim.fn.input('Arguments: '), ' +', { trimempty = true })
    end,
  },
}

--- Tells nvim-dap about Harn, unless somebody already has. Returns true when nvim-dap is there.
function M.register()
  local found, dap = pcall(require, 'dap')
  if not found then
    return false
  end
  dap.adapters.harn = dap.adapters.harn or M.adapter()
  dap.configurations.harn = dap.configurations.harn or vim.deepcopy(M.configurations)
  return true
end

return M
