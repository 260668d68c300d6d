-- The language client: one server per project folder, shared by the buffers in it. Neovim 0.8 brought vim.lsp.start, which
-- does the sharing; for 0.7 the same is done here.
local M = {}

local running = {} -- root folder -> client id; used where vim.lsp.start is missing
local complained = {} -- program -> true, so that a missing server is reported once and not for each buffer

--- The folder that holds harn.toml, else the repository, else the file's own folder.
function M.root(path)
  local folder = vim.fn.fnamemodify(path, ':p:h')
  local fallback = folder
  local repository
  while true do
    if vim.fn.filereadable(folder .. '/harn.toml') == 1 then
      return folder
    end
    if not repository and (vim.fn.isdirectory(folder .. '/.git') == 1 or vim.fn.filereadable(folder .. '/.git') == 1) then
      repository = folder
    end
    local parent = vim.fn.fnamemodify(folder, ':h')
    if parent == folder then
      return repository or fallback
    end
    folder = parent
  end
end

local function on_attach(client, bufnr)
  if not vim.lsp.start then
    -- Neovim 0.8 and newer set these two by themselves.
    vim.bo[bufnr].omnifunc = 'v:lua.vim.lsp.omnifunc'
    vim.bo[bufnr].tagfunc = 'v:lua.vim.lsp.tagfunc'
  end
  local user = require('harn').config.lsp.on_attach
  if user then
    user(client, bufnr)
  end
end

local function log_file()
  return vim.lsp.log and vim.lsp.log.get_filename and vim.lsp.log.get_filename() or vim.lsp.get_log_path()
end

local function client_config(root)
  local config = require('harn').config.lsp
  return {
    name = 'charn-lsp',
    cmd = config.cmd,
    root_dir = root,
    workspace_folders = { { uri = vim.uri_from_fname(root), name = root } },
    settings = { harn = config.settings },
    capabilities = config.capabilities or vim.lsp.protocol.make_client_capabilities(),
    on_attach = on_attach,
    on_exit = function(code, signal)
      running[root] = nil
      if code ~= 0 or (signal ~= 0 and signal ~= 15) then
        vim.schedule(function()
          vim.notify(
            ('harn: %s ended with code %d, signal %d. Its messages are in %s; :HarnRestart starts it again.'):format(
              config.cmd[1], code, signal, log_file()
            ),
            vim.log.levels.ERROR
          )
        end)
      end
    end,
  }
end

--- Attaches the server to a buffer; starts it when the buffer's project has none. Returns the client's id, or nil.
function M.start(bufnr)
  local path = vim.api.nvim_buf_get_name(bufnr)
  local program = require('harn').config.lsp.cmd[1]
  if path == '' then
    return nil
  end
  if vim.fn.executable(program) == 0 then
    if not complained[program] then
      complained[program] = true
      vim.notify(
        ("harn: cannot run the language server '%s'. Put it on PATH, or name it: require('harn').setup{lsp = {cmd = {'/path/to/charn-lsp'}}}"):format(program),
        vim.log.levels.WARN
      )
    end
    return nil
  end
  local root = M.root(path)
  if vim.lsp.start then
    return vim.lsp.start(client_config(root), { bufnr = bufnr })
  end
  local id = running[root]
  if not id then
    id = vim.lsp.start_client(client_config(root))
    running[root] = id
  end
  if id then
    vim.lsp.buf_attach_client(bufnr, id)
  end
  return id
end

--- Stops every Harn server and starts one for each Harn buffer that is loaded.
function M.restart()
  local clients = (vim.lsp.get_clients or vim.lsp.get_active_clients)()
  for _, client in ipairs(clients) do
    if client.name == 'charn-lsp' then
      if vim.fn.has('nvim-0.11') == 1 then
        client:stop()
      else
        client.stop()
      end
    end
  end
  running = {}
  for _, bufnr in ipairs(vim.api.nvim_list_bufs()) do
    if vim.api.nvim_buf_is_loaded(bufnr) and vim.bo[bufnr].filetype == 'harn' then
      M.start(bufnr)
    end
  end
end

return M
