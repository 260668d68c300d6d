-- What the plugin does without any server: filetype, indentation, folding of options, pattern highlighting, one message at most.
local check = dofile(vim.env.CHARN_TEST_SCRIPTS .. '/check.lua')
require('harn').setup({ lsp = { enable = false }, treesitter = { enable = false } })

local wanted = {
  '@test',
  'pub fn total(rooms: list<dict>) -> int {',
  '  var sum = 0',
  '  for room in rooms {',
  '    match room.kind {',
  '      "hall" -> { sum = sum + 1 }',
  '      _ -> {',
  '        sum += area(',
  '          room.width,',
  '          room.height,',
  '        )',
  '      }',
  '    }',
  '  }',
  '  let big = rooms',
  '    .filter({ room -> room.width > 3 })',
  '    .map({ room ->',
  '      room.name',
  '    })',
  '    .join(",")',
  '  if sum > 3 {',
  '    return sum // not } a bracket',
  '  } else {',
  '    println("} neither { is this (")',
  '  }',
  '  return sum',
  '}',
}

vim.cmd('edit ' .. vim.fn.fnameescape(check.workspace('indent.harn')))
check.ok(vim.bo.filetype == 'harn', 'a new .harn file has the filetype harn', vim.bo.filetype)
vim.fn.writefile({ '#!/usr/bin/env charn', 'println(1)' }, check.workspace('script'))
vim.cmd('edit ' .. vim.fn.fnameescape(check.workspace('script')))
check.ok(vim.bo.filetype == 'harn', 'so has a script whose first line names charn', vim.bo.filetype)
vim.cmd('edit ' .. vim.fn.fnameescape(check.workspace('indent.harn')))
local flat = vim.tbl_map(function(line)
  return (line:gsub('^%s+', ''))
end, wanted)
vim.api.nvim_buf_set_lines(0, 0, -1, true, flat)
vim.cmd('silent normal! gg=G')
local got = vim.api.nvim_buf_get_lines(0, 0, -1, true)
local wrong = {}
for number, line in ipairs(wanted) do
  if got[number] ~= line then
    table.insert(wrong, ('%d: want %q, got %q'):format(number, line, got[number]))
  end
end
check.ok(#wrong == 0, 'a whole file is indented as charn writes it', table.concat(wrong, '; '))

vim.api.nvim_buf_set_lines(0, 0, -1, true, { '' })
vim.api.nvim_feedkeys(vim.api.nvim_replace_termcodes('ifn f() {<CR>if x {<CR>g()<CR>}<CR>}<Esc>', true, false, true), 'xt', false)
got = table.concat(vim.api.nvim_buf_get_lines(0, 0, -1, true), '\n')
check.ok(got == 'fn f() {\n  if x {\n    g()\n  }\n}', 'typing indents', got)

vim.api.nvim_buf_set_lines(0, 0, -1, true, { '/**' })
vim.api.nvim_feedkeys(vim.api.nvim_replace_termcodes('A<CR>more<Esc>', true, false, true), 'xt', false)
got = table.concat(vim.api.nvim_buf_get_lines(0, 0, -1, true), '\n')
check.ok(got == '/**\n * more', 'a doc comment goes on', got)

local function group(line, column)
  return vim.fn.synIDattr(vim.fn.synID(line, column, 1), 'name')
end
vim.api.nvim_buf_set_lines(0, 0, -1, true, { 'let a = "x ${f(1)} y" // end', '/* a /* b */ c */ fn g() {}', 'let t = """', 'fn ${1}', '""" + 500ms' })
check.ok(group(1, 1) == 'harnKeyword' and group(1, 10) == 'harnString' and group(1, 16) == 'harnNumber' and group(1, 20) == 'harnString' and group(1, 24) == 'harnComment',
  'without a parser, patterns colour strings, interpolation and comments',
  { group(1, 1), group(1, 10), group(1, 16), group(1, 20), group(1, 24) })
check.ok(group(2, 14) == 'harnComment' and group(2, 19) == 'harnKeyword', 'nested comments end where they end', { group(2, 14), group(2, 19) })
check.ok(group(4, 1) == 'harnString' and group(5, 7) == 'harnDuration', 'triple-quoted strings too', { group(4, 1), group(5, 7) })
check.ok(vim.b.undo_ftplugin and vim.b.undo_indent, 'another filetype undoes the options')
check.ok(#check.notes == 0, 'nothing was complained about', check.notes)
vim.bo.modified = false
check.finish()
