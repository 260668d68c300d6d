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

" How many brackets the text opens (positive) or closes (negative).
function! s:Balance(text) abort
  return len(substitute(a:text, '[^({\[]', '', 'g')) - len(substitute(a:text, '[^)}\]]', '', 'g'))
endfunction

" The line where the statement that ends in line lnum began: over closed brackets and continuations.
function! s:Start(lnum) abort
  let l:start = a:lnum
  let l:depth = s:Balance(s:Code(l:start))
  while l:start > 1 && (l:depth < 0 || s:Code(l:start) =~# s:continuation)
    let l:start = prevnonblank(l:start - 1)
    let l:depth += s:Balance(s:Code(l:start))
  endwhile
  return max([l:start, 1])
endfunction

function! GetHarnIndent(lnum) abort
  let l:previous = prevnonblank(a:lnum - 1)
  if l:previous == 0
    return 0
  endif
  let l:here = s:Code(a:lnum)
  " Inside a block comment the stars stand below each other.
  if getline(a:lnum) =~# '^\s*\*' && getline(l:previous) =~# '^\s*\(/\*\|\*\)'
    return indent(l:previous) + (getline(l:previous) =~# '^\s*/\*')
  endif
  let l:above = s:Code(l:previous)
  let l:opened = s:Balance(substitute(l:above, '^\s*[)}\]]*', '', ''))
  let l:continues = l:here =~# s:continuation
  if l:opened > 0
    " Inside the bracket that the line above has opened.
    let l:indent = indent(l:previous) + shiftwidth()
  elseif l:continues && l:above =~# s:continuation
    let l:indent = indent(l:previous)
  else
    let l:start = s:Start(l:previous)
    let l:indent = indent(l:start) + (l:continues ? shiftwidth() : 0)
    if l:continues && l:start != l:previous && s:Code(l:start) !~# s:continuation
      " After a bracket that a continuation line closes: as deep as that line.
      let l:indent = l:above =~# '^\s*[)}\]]' ? indent(l:previous) : l:indent
    endif
  endif
  if l:here =~# '^\s*[)}\]]'
    let l:indent -= shiftwidth()
  endif
  return max([l:indent, 0])
endfunction
