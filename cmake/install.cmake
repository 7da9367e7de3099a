# What a user of weft gets: the library, its headers, a CMake package, a pkg-config file, and for
# WebAssembly the ES module with its declarations.
include(CMakePackageConfigHelpers)
set(package_dir ${CMAKE_INSTALL_LIBDIR}/cmake/weft)

install(TARGETS weft EXPORT weft-targets ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR})
foreach(headers core/include ${host}/include)
    if(EXISTS ${CMAKE_CURRENT_SOURCE_DIR}/${headers})
        install(DIRECTORY ${headers}/ DESTINATION ${CMAKE_INSTALL_INCLUDEDIR})
    endif()
endforeach()
install(EXPORT weft-targets NAMESPACE weft:: DESTINATION ${package_dir})

configure_package_config_file(cmake/weft-config.cmake.in ${CMAKE_BINARY_DIR}/weft-config.cmake
    INSTALL_DESTINATION ${package_dir})
write_basic_package_version_file(${CMAKE_BINARY_DIR}/weft-config-version.cmake COMPATIBILITY SameMinorVersion)
install(FILES
    ${CMAKE_BINARY_DIR}/weft-config.cmake
    ${CMAKE_BINARY_DIR}/weft-config-version.cmake
    cmake/weft_add_module.cmake
    cmake/module.rsp
    DESTINATION ${package_dir})

# Only a static library exists, so what it needs is in Requires and Libs, not in their private twins.
if(EMSCRIPTEN)
    set(pc_requires "")
    set(pc_libs "-sEXIT_RUNTIME=1 -sSINGLE_FILE=1")
    set(pc_cflags "")
    if(WEFT_WASM_THREADS)
        set(pc_cflags "-pthread")
        string(APPEND pc_libs " -pthread --pre-js \${prefix}/${CMAKE_INSTALL_DATADIR}/weft/isolation.js")
        install(FILES wasm/isolation.js DESTINATION ${CMAKE_INSTALL_DATADIR}/weft)
    endif()
    file(GLOB es_module CONFIGURE_DEPENDS wasm/*.mjs wasm/*.d.ts wasm/package.json)
    install(FILES ${es_module} DESTINATION ${CMAKE_INSTALL_DATADIR}/weft)
else()
    set(pc_requires libuv libcurl openssl)
    if(libllhttp_FOUND)
        list(APPEND pc_requires libllhttp)
    endif()
    list(JOIN pc_requires " " pc_requires)
    set(pc_libs "-Wl,--as-needed -lwslay -lm ${CMAKE_THREAD_LIBS_INIT}")
    install(FILES cmake/native_libraries.cmake DESTINATION ${package_dir})
endif()
# The file finds its prefix from where it lies, so that an installed tree can be moved.
cmake_path(RELATIVE_PATH CMAKE_INSTALL_PREFIX
    BASE_DIRECTORY ${CMAKE_INSTALL_PREFIX}/${CMAKE_INSTALL_LIBDIR}/pkgconfig OUTPUT_VARIABLE pc_prefix)
configure_file(cmake/weft.pc.in ${CMAKE_BINARY_DIR}/weft.pc @ONLY)
install(FILES ${CMAKE_BINARY_DIR}/weft.pc DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig)
