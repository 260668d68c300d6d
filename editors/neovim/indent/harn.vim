" Indentation by brackets: a line is one step deeper than the line that opened the innermost bracket still open, and a
" line that begins with an operator continues the statement above it.
if exists('b:did_indent')
  finish
endif
let b:did_indent = 1

setlocal autoindent nosmartindent nocindent
setlocal indentexpr=GetHarnIndent(v:lnum)
setlocal indentkeys=0{,0},0),0],!^F,o,O,e,0.,0<Bar>
let b:undo_indent = 'setlocal autoindent< smartindent< cindent< indentexpr< indentkeys<'

if exists('*GetHarnIndent')
  finish
endif

let s:continuation = '^\s*\(|>\|||\|&&\|==\|!=\|??\|?\?\.\h\|[<>*/%+]\)'

" The line without strings and comments. Text inside a triple-quoted string is left to the writer.
function! s:Code(lnum) abort
  let l:text = substitute(getline(a:lnum), '"\(\\.\|[^"\\]\)*"', '""', 'g')
  return substitute(l:text, '//.*$', '', '')
endfunction

" How many brackets the line opens (positive) or closes (negative), leading closers left out.
function! s:Balance(text) abort
  let l:rest = substitute(a:text, '^\s*[)}\]]*', '', '')
  return len(substitute(l:rest, '[^({\[]', '', 'g')) - len(substitute(l:rest, '[^)}\]]', '', 'g'))
endfunction

function! GetHarnIndent(lnum) abort
  let l:previous = prevnonblank(a:lnum - 1)
  if l:previous == 0
    return 0
  endif
  let l:above = s:Code(l:previous)
  let l:indent = indent(l:previous)
  let l:balance = s:Balance(l:above)
  if l:above =~# s:continuation && l:balance <= 0 && s:Code(a:lnum) !~# s:continuation
    " A continued statement ends here: back to the line where it began.
    let l:start = l:previous
    while l:start > 1 && s:Code(l:start) =~# s:continuation
      let l:start = prevnonblank(l:start - 1)
    endwhile
    let l:indent = indent(l:start)
  endif
  if l:balance > 0
    let l:indent += shiftwidth()
  elseif l:balance < 0
    let l:indent -= shiftwidth()
  endif
  let l:here = s:Code(a:lnum)
  if l:here =~# '^\s*[)}\]]'
    let l:indent -= shiftwidth()
  elseif l:here =~# s:continuation && l:above !~# s:continuation && l:balance <= 0
    let l:indent += shiftwidth()
  endif
  return max([l:indent, 0])
endfunction
