# Language level, warnings, optimisation and sanitizers: everything that decides how a source of ours is compiled.

set(CMAKE_CXX_STANDARD 20)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)
set(CMAKE_POSITION_INDEPENDENT_CODE ON)
set(CMAKE_RUNTIME_OUTPUT_DIRECTORY ${PROJECT_BINARY_DIR}/bin)
set(CMAKE_LIBRARY_OUTPUT_DIRECTORY ${PROJECT_BINARY_DIR}/lib)
set(CMAKE_ARCHIVE_OUTPUT_DIRECTORY ${PROJECT_BINARY_DIR}/lib)

if(NOT CMAKE_BUILD_TYPE)
  set(CMAKE_BUILD_TYPE Release CACHE STRING "" FORCE)
endif()
set(CMAKE_CXX_FLAGS_RELEASE "-O2 -g1 -DNDEBUG")

if(NOT DEFINED CMAKE_CXX_COMPILER_LAUNCHER)
  find_program(MILLSTREAM_CCACHE ccache)
  if(MILLSTREAM_CCACHE)
    # Several build trees of one checkout share what they compiled.
    set(CMAKE_CXX_COMPILER_LAUNCHER env CCACHE_NOHASHDIR=true ${MILLSTREAM_CCACHE})
  endif()
endif()

# -fno-semantic-interposition lets the compiler inline exported functions of the shared library.
add_compile_options(-fno-semantic-interposition)
add_link_options(LINKER:--build-id)
if(MILLSTREAM_SANITIZE)
  add_compile_options(-fsanitize=${MILLSTREAM_SANITIZE} -fno-sanitize-recover=undefined -fno-omit-frame-pointer)
  add_link_options(-fsanitize=${MILLSTREAM_SANITIZE})
endif()

# Wrestrict reports false positives in gcc 12's std::string.
set(MILLSTREAM_WARNINGS -Wall -Wextra -Wshadow -Wno-restrict)
if(MILLSTREAM_WERROR)
  list(APPEND MILLSTREAM_WARNINGS -Werror)
endif()
