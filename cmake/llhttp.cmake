# llhttp, the HTTP parser of Node: the system's library, or Debian 12's sources of it (package node-llhttp),
# compiled into ours.
function(weft_use_llhttp target)
    if(libllhttp_FOUND)
        target_link_libraries(${target} PUBLIC PkgConfig::libllhttp)
        return()
    endif()
    set(sources /usr/share/llhttp/api.c /usr/share/llhttp/http.c /usr/share/llhttp/llhttp.c)
    foreach(source ${sources})
        if(NOT EXISTS ${source})
            message(FATAL_ERROR "llhttp is missing: install libllhttp-dev, or node-llhttp on Debian 12")
        endif()
    endforeach()
    target_sources(${target} PRIVATE ${sources})
    # Strict, as later versions always are: what servers could read in two ways is refused.
    set_source_files_properties(${sources} PROPERTIES COMPILE_OPTIONS "-w;-O2;-DLLHTTP_STRICT_MODE=1")
    target_include_directories(${target} SYSTEM PRIVATE /usr/share/include/llhttp)
endfunction()
