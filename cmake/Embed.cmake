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
