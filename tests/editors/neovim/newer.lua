-- The ways that a newer Neovim takes: its functions are put in place here, as its manual describes them, and the plugin must
-- use them in place of the old ones. This shows that the branches are taken and hang together, not that a newer Neovim works.
local check = dofile(vim.env.CHARN_TEST_SCRIPTS .. '/check.lua')
local called = {}

vim.lsp.start = vim.lsp.start or function(config, options)
  called.lsp = { config = config, options = options }
  return 1
end
vim.lsp.start_client = function()
  called.old = true
end
vim.treesitter.start = function(bufnr, language)
  called.treesitter = { bufnr, language }
end
local reported = {}
vim.health = {}
for _, name in ipairs({ 'start', 'ok', 'warn', 'error', 'info' }) do
  vim.health[name] = function(text)
    table.insert(reported, name .. ' ' .. text)
  end
end
vim.fn.mkdir(vim.fn.stdpath('data') .. '/site/parser', 'p')
io.open(vim.fn.stdpath('data') .. '/site/parser/harn.so', 'w'):close()
vim.o.runtimepath = vim.o.runtimepath

require('harn').setup({ lsp = { cmd = { 'sh' } } })
vim.cmd('edit ' .. vim.fn.fnameescape(check.workspace('main.harn')))
local buffer = vim.api.nvim_get_current_buf()
check.ok(called.lsp and called.lsp.options.bufnr == buffer and called.lsp.config.root_dir == vim.env.CHARN_TEST_WORKSPACE,
  'vim.lsp.start gets the buffer and the project folder', called)
check.ok(not called.old, 'vim.lsp.start_client is left alone')
check.ok(called.treesitter and called.treesitter[1] == buffer and called.treesitter[2] == 'harn', 'vim.treesitter.start gets the buffer', called.treesitter)
require('harn.health').check()
check.ok(#reported > 4 and reported[1] == 'start Programs', 'the health check reports through vim.health', reported)
local root = require('harn.lsp').root
vim.fn.writefile({}, check.workspace('harn.toml'))
vim.fn.mkdir(check.workspace('deep/er'), 'p')
check.ok(root(check.workspace('deep/er/x.harn')) == vim.env.CHARN_TEST_WORKSPACE, 'harn.toml marks the project', root(check.workspace('deep/er/x.harn')))
check.finish()
