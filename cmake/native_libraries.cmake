# What the native host is built on. A program that does not use HTTP or TLS is linked with libuv alone: a static
# archive gives it only what it calls, and --as-needed drops the rest.
find_package(PkgConfig REQUIRED)
pkg_check_modules(weft_native REQUIRED IMPORTED_TARGET libuv libcurl openssl)
pkg_check_modules(libllhttp QUIET IMPORTED_TARGET libllhttp)
find_library(weft_wslay NAMES wslay REQUIRED)
