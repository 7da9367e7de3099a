# Finds Emscripten wherever it is installed and hands over to its own toolchain file.
find_program(WEFT_EMCC emcc REQUIRED DOC "Emscripten's compiler")
file(REAL_PATH "${WEFT_EMCC}" emcc_path)
cmake_path(GET emcc_path PARENT_PATH emscripten_root)
include("${emscripten_root}/cmake/Modules/Platform/Emscripten.cmake")

# Debian keeps acorn, which emcc -O2 loads at link time, outside of Emscripten's own folder.
if(NOT EXISTS "${emscripten_root}/node_modules/acorn" AND EXISTS /usr/share/nodejs/acorn)
    set(CMAKE_C_LINKER_LAUNCHER "${CMAKE_COMMAND}" -E env NODE_PATH=/usr/share/nodejs)
endif()
