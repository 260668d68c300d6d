-- Settings, and what happens when a Harn buffer is opened. Written for Neovim 0.7.2 and newer: where a newer Neovim has a
-- better function, the module that needs it asks for it by name, never by version.
local M = {}

--- Every setting with its default. `lsp.cmd`, `dap.cmd` and `cli` name programs: an absolute path, or a name to be found on PATH.
M.config = {
  lsp = {
    enable = true,
    cmd = { 'charn-lsp' },
    -- Handed to the server as they are: see `:help lspconfig-all` or the server's own documentation.
    settings = {},
    on_attach = nil,
    capabilities = nil,
  },
  dap = { cmd = { 'charn-dap' } },
  cli = 'charn',
  treesitter = { enable = true },
}

--- Merges `options` into the settings. Call it before the first Harn buffer is opened; without a call the defaults hold.
function M.setup(options)
  M.config = vim.tbl_deep_extend('force', M.config, options or {})
  return M.config
end

--- Called by ftplugin/harn.vim for each Harn buffer.
function M.attach(bufnr)
  if M.config.treesitter.enable then
    require('harn.treesitter').highlight(bufnr)
  end
  if M.config.lsp.enable then
    require('harn.lsp').start(bufnr)
  end
  require('harn.dap').register()
end

--- Writes the buffer and runs it in a terminal below; `arguments` are the script's own.
function M.run(arguments)
  vim.cmd('silent update')
  local words = { M.config.cli, 'run', vim.api.nvim_buf_get_name(0) }
  if #arguments > 0 then
    table.insert(words, '--')
    vim.list_extend(words, arguments)
  end
  vim.cmd('botright new')
  vim.fn.termopen(words)
end

return M
