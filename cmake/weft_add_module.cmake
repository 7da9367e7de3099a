# weft_add_module(NAME SOURCE...): a standalone WebAssembly module NAME.wasm for loadWeft, linked against
# weft::weft. Its link options, among them the exports that the ES module expects, are in module.rsp.
set(WEFT_MODULE_OPTIONS "${CMAKE_CURRENT_LIST_DIR}/module.rsp")

function(weft_add_module name)
    add_executable(${name} ${ARGN})
    target_link_libraries(${name} PRIVATE weft::weft)
    target_link_options(${name} PRIVATE @${WEFT_MODULE_OPTIONS})
    set_target_properties(${name} PROPERTIES
        SUFFIX .wasm WEFT_MODULE ON LINK_DEPENDS ${WEFT_MODULE_OPTIONS})
endfunction()

# weft_add_program(NAME SOURCE...): an executable on a native host, a module under Emscripten.
function(weft_add_program name)
    if(EMSCRIPTEN)
        weft_add_module(${name} ${ARGN})
    else()
        add_executable(${name} ${ARGN})
        target_link_libraries(${name} PRIVATE weft::weft)
    endif()
endfunction()
