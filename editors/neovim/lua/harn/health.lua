-- :checkhealth harn. Neovim 0.8 moved the reporting functions to vim.health, 0.10 renamed them.
local M = {}

local function reporter(new, old)
  if vim.health and vim.health[new] then
    return vim.health[new]
  elseif vim.health and vim.health[old] then
    return vim.health[old]
  end
  return vim.fn['health#' .. old]
end

local start = reporter('start', 'report_start')
local ok = reporter('ok', 'report_ok')
local warn = reporter('warn', 'report_warn')
local err = reporter('error', 'report_error')
local info = reporter('info', 'report_info')

local function check_program(what, program, setting)
  if vim.fn.executable(program) == 0 then
    err(('%s: cannot run %q'):format(what, program), {
      'Build charn and put its programs on PATH,',
      ("or name the program: require('harn').setup{%s}"):format(setting),
    })
    return
  end
  local output = vim.fn.system({ program, '--version' })
  local first = output:match('[^\r\n]*')
  if vim.v.shell_error ~= 0 then
    warn(('%s: %s --version fails: %s'):format(what, program, first))
  else
    ok(('%s: %s (%s)'):format(what, vim.fn.exepath(program), first))
  end
end

function M.check()
  local config = require('harn').config
  start('Programs')
  check_program('language server', config.lsp.cmd[1], "lsp = {cmd = {'/path/to/charn-lsp'}}")
  check_program('debug adapter', config.dap.cmd[1], "dap = {cmd = {'/path/to/charn-dap'}}")
  check_program('command line', config.cli, "cli = '/path/to/charn'")

  start('Highlighting')
  local treesitter = require('harn.treesitter')
  local file = treesitter.parser_file()
  if not file then
    warn('the tree-sitter parser is not installed', { ':HarnInstallParser (needs a C compiler)' })
  else
    local require_language = vim.treesitter.language.add or vim.treesitter.language.require_language
      or vim.treesitter.require_language
    local loaded, reason = pcall(require_language, 'harn')
    local get_query = vim.treesitter.query.get or vim.treesitter.get_query
    if not loaded then
      err(('%s cannot be loaded: %s'):format(file, reason), { ':HarnInstallParser compiles it anew' })
    else
      local read, query = pcall(get_query, 'harn', 'highlights')
      if not read then
        err('the highlight query does not fit the parser: ' .. tostring(query), { ':HarnInstallParser' })
      elseif not query then
        err('the parser has no queries', { ':HarnInstallParser links them' })
      else
        ok(file)
      end
    end
  end

  start('Debugging')
  if require('harn.dap').register() then
    ok('nvim-dap knows the adapter `harn`')
  else
    info('nvim-dap is not installed: no debugging inside Neovim')
  end
end

return M
