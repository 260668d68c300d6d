-- Commands. Nothing else happens until the first Harn buffer is opened.
if vim.g.loaded_harn then
  return
end
vim.g.loaded_harn = true

local command = vim.api.nvim_create_user_command
command('HarnInstallParser', function(arguments)
  require('harn.treesitter').install(arguments.args ~= '' and arguments.args or nil)
end, { nargs = '?', complete = 'dir', desc = 'Compile the Harn parser and link its queries (argument: the grammar folder)' })
command('HarnRestart', function()
  require('harn.lsp').restart()
end, { desc = 'Stop and start the Harn language server' })
command('HarnRun', function(arguments)
  require('harn').run(arguments.fargs)
end, { nargs = '*', desc = 'Run this file with charn in a terminal window' })
