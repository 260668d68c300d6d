# embed_text(TARGET SYMBOL FILE): compiles FILE into TARGET as `const char SYMBOL[]` (NUL-terminated)
# and `const unsigned long SYMBOL_length`.
function(embed_text target symbol file)
  set(out ${CMAKE_BINARY_DIR}/embed/${symbol}.c)
  add_custom_command(OUTPUT ${out}
    COMMAND ${CMAKE_COMMAND} -DIN=${CMAKE_SOURCE_DIR}/${file} -DOUT=${out} -DSYMBOL=${symbol}
            -P ${CMAKE_SOURCE_DIR}/cmake/EmbedRun.cmake
    DEPENDS ${CMAKE_SOURCE_DIR}/${file} ${CMAKE_SOURCE_DIR}/cmake/EmbedRun.cmake
    VERBATIM)
  target_sources(${target} PRIVATE ${out})
endfunction()

# embed_table(TARGET SYMBOL FOLDER FILES...): every FILE as by embed_text, and the table `const ChEmbedded SYMBOL[]` of
# their names (below FOLDER, without extension) and texts, in the order of names, ended by a row without a name.
function(embed_table target symbol folder)
  set(declarations "")
  set(rows "")
  set(files ${ARGN})
  list(SORT files)
  foreach(file IN LISTS files)
    file(RELATIVE_PATH name ${CMAKE_SOURCE_DIR}/${folder} ${file})
    string(REGEX REPLACE "\\.[^./]*$" "" name "${name}")
    string(MAKE_C_IDENTIFIER "${symbol}_${name}" text)
    file(RELATIVE_PATH relative ${CMAKE_SOURCE_DIR} ${file})
    embed_text(${target} ${text} ${relative})
    string(APPEND declarations "extern const char ${text}[];\nextern const unsigned long ${text}_length;\n")
    string(APPEND rows "    {\"${name}\", ${text}, &${text}_length},\n")
  endforeach()
  set(out ${CMAKE_BINARY_DIR}/embed/${symbol}.c)
  file(CONFIGURE OUTPUT ${out} CONTENT
    "#include \"builtins/std.h\"\n${declarations}const ChEmbedded ${symbol}[] = {\n${rows}    {0, 0, 0}};\n" @ONLY)
  target_sources(${target} PRIVATE ${out})
endfunction()
