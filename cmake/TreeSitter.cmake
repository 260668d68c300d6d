# Target `tree_sitter_runtime`: the tree-sitter C runtime, 0.25 or newer.
#
# The system's library serves where pkg-config knows one that is new enough. Elsewhere the upstream
# source is compiled from the npm package `tree-sitter`, which carries it: `npm pack` fetches the
# pinned version into the build folder (or -DCH_TREE_SITTER_TARBALL=FILE names a copy, for machines
# without a network), its SHA-512 is compared, and nothing of it enters the source tree.
#
# Older runtimes are refused: they keep a node's child count in 16 bits, which 65,536 open brackets
# overflow, and they lack the look-ahead iterator that tells what was expected at an error.

set(CH_TREE_SITTER_VERSION 0.25.0)
set(CH_TREE_SITTER_SHA512
    3c6659cc55badde1256490defdbfd1fcb6ec8c30d825ae541232d9241e7d450b0c5fe7e8d23e787ea04f9f530629abff40d6b4251d3306255a8a46035828f929)
set(CH_TREE_SITTER_TARBALL "" CACHE FILEPATH "Local copy of npm's tree-sitter-${CH_TREE_SITTER_VERSION}.tgz")
option(CH_TREE_SITTER_SYSTEM "Use the system's tree-sitter when it is new enough" ON)

# Sets OUT_TARBALL to the path of the package, fetched if needed. The hash is checked by the caller.
function(ch_tree_sitter_fetch out_tarball)
    if(CH_TREE_SITTER_TARBALL)
        if(NOT EXISTS "${CH_TREE_SITTER_TARBALL}")
            message(FATAL_ERROR "CH_TREE_SITTER_TARBALL names ${CH_TREE_SITTER_TARBALL}, which is not there.")
        endif()
        set(${out_tarball} "${CH_TREE_SITTER_TARBALL}" PARENT_SCOPE)
        return()
    endif()

    set(folder "${CMAKE_BINARY_DIR}/_tree_sitter")
    set(tarball "${folder}/tree-sitter-${CH_TREE_SITTER_VERSION}.tgz")
    set(${out_tarball} "${tarball}" PARENT_SCOPE)
    if(EXISTS "${tarball}")
        return()
    endif()

    find_program(CH_NPM npm)
    if(NOT CH_NPM)
        message(FATAL_ERROR
            "The tree-sitter runtime (0.25 or newer) is neither installed nor fetchable: npm was not found.\n"
            "Install npm (Debian: apt-get install npm), or a tree-sitter library of that version, or give a "
            "copy of the package with -DCH_TREE_SITTER_TARBALL=/path/to/tree-sitter-${CH_TREE_SITTER_VERSION}.tgz.")
    endif()
    file(MAKE_DIRECTORY "${folder}")
    message(STATUS "Fetching the tree-sitter ${CH_TREE_SITTER_VERSION} runtime with npm pack")
    execute_process(
        COMMAND "${CH_NPM}" pack --loglevel=error "tree-sitter@${CH_TREE_SITTER_VERSION}"
        WORKING_DIRECTORY "${folder}"
        RESULT_VARIABLE status OUTPUT_QUIET ERROR_VARIABLE errors)
    if(NOT status EQUAL 0 OR NOT EXISTS "${tarball}")
        message(FATAL_ERROR
            "`npm pack tree-sitter@${CH_TREE_SITTER_VERSION}` failed (exit ${status}):\n${errors}\n"
            "Without a network, give a copy with -DCH_TREE_SITTER_TARBALL=FILE.")
    endif()
endfunction()

if(NOT TARGET tree_sitter_runtime)
    set(_ch_system_found FALSE)
    if(CH_TREE_SITTER_SYSTEM)
        find_package(PkgConfig QUIET)
        if(PkgConfig_FOUND)
            pkg_check_modules(CH_SYSTEM_TREE_SITTER QUIET IMPORTED_TARGET "tree-sitter>=0.25")
            set(_ch_system_found ${CH_SYSTEM_TREE_SITTER_FOUND})
        endif()
    endif()

    if(_ch_system_found)
        message(STATUS "tree-sitter runtime: the system's ${CH_SYSTEM_TREE_SITTER_VERSION}")
        add_library(tree_sitter_runtime INTERFACE)
        target_link_libraries(tree_sitter_runtime INTERFACE PkgConfig::CH_SYSTEM_TREE_SITTER)
    else()
        ch_tree_sitter_fetch(_ch_tarball)
        file(SHA512 "${_ch_tarball}" _ch_hash)
        if(NOT _ch_hash STREQUAL CH_TREE_SITTER_SHA512)
            message(FATAL_ERROR
                "${_ch_tarball} is not the package that was pinned.\n"
                "  expected SHA-512 ${CH_TREE_SITTER_SHA512}\n  found            ${_ch_hash}\n"
                "Delete the file and configure again.")
        endif()
        set(_ch_source "${CMAKE_BINARY_DIR}/_tree_sitter/${CH_TREE_SITTER_VERSION}")
        if(NOT EXISTS "${_ch_source}/package/vendor/tree-sitter/lib/src/lib.c")
            file(ARCHIVE_EXTRACT INPUT "${_ch_tarball}" DESTINATION "${_ch_source}"
                PATTERNS package/vendor/tree-sitter/lib/* package/LICENSE)
        endif()
        set(_ch_lib "${_ch_source}/package/vendor/tree-sitter/lib")
        message(STATUS "tree-sitter runtime: ${CH_TREE_SITTER_VERSION}, compiled from npm's package")
        add_library(tree_sitter_runtime STATIC "${_ch_lib}/src/lib.c")
        target_include_directories(tree_sitter_runtime
            SYSTEM PUBLIC "${_ch_lib}/include" PRIVATE "${_ch_lib}/src")
        # Upstream's code is held to upstream's warnings, not to ours.
        target_compile_options(tree_sitter_runtime PRIVATE -w
            # Calls within the runtime are inlined as if it were one file: it is, and nobody replaces its functions.
            -fvisibility=hidden -fno-semantic-interposition)
        target_compile_definitions(tree_sitter_runtime PRIVATE _POSIX_C_SOURCE=200809L _DEFAULT_SOURCE)
        set_target_properties(tree_sitter_runtime PROPERTIES C_STANDARD 11)
    endif()
endif()
