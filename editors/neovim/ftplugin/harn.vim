" Options of a Harn buffer; then the language server and the highlighting are started from Lua.
if exists('b:did_ftplugin')
  finish
endif
let b:did_ftplugin = 1

setlocal comments=sO:*\ -,mO:*\ \ ,exO:*/,s1:/*,mb:*,ex:*/,:///,://
setlocal commentstring=//\ %s
setlocal expandtab shiftwidth=2 softtabstop=2
setlocal formatoptions-=t formatoptions+=croql
setlocal suffixesadd=.harn
setlocal include=^\\s*\\(pub\\s\\+\\)\\?import\\>.*"\\zs[^"]*\\ze"
setlocal define=\\<\\(fn\\|pipeline\\|struct\\|enum\\|type\\|interface\\|tool\\|skill\\)\\>

let b:undo_ftplugin = 'setlocal comments< commentstring< expandtab< shiftwidth< softtabstop<'
      \ . ' formatoptions< suffixesadd< include< define<'

lua require('harn').attach(vim.api.nvim_get_current_buf())
