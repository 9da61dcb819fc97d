# The rules every target shares: warnings, sanitizers, one library and one test program a folder.

add_library(bise_options INTERFACE)
target_include_directories(bise_options INTERFACE ${PROJECT_SOURCE_DIR}/src)
target_compile_options(bise_options INTERFACE -Wall -Wextra -Wshadow -Wconversion
                       -Wno-sign-conversion -Werror -fvisibility=hidden)
# GCC 12 sees uninitialised values in moved-from variants that are never read, and copies that
# overlap in the growth of any std::string (GCC bug 105651).
target_compile_options(bise_options INTERFACE
                       $<$<CXX_COMPILER_ID:GNU>:-Wno-maybe-uninitialized;-Wno-restrict>)
# Floating point means the same in every file: no contraction behind our back, so that a kernel
# and its reference differ only where the code says so.
target_compile_options(bise_options INTERFACE -ffp-contract=off)
# CHECK names its file as the repository does; no path of the build machine enters the program.
target_compile_options(bise_options INTERFACE -fmacro-prefix-map=${PROJECT_SOURCE_DIR}/=)
if(BISE_SANITIZE)
  # DCHECK and the standard library's own checks are on; GCC's flow warnings are unreliable in
  # instrumented code, so that warnings are errors only in the builds without it.
  target_compile_options(bise_options INTERFACE -UNDEBUG -Wno-error)
  target_compile_definitions(bise_options INTERFACE _GLIBCXX_ASSERTIONS)
  target_compile_options(bise_options INTERFACE -fsanitize=${BISE_SANITIZE} -fno-omit-frame-pointer
                         -fno-sanitize-recover=all)
  target_link_options(bise_options INTERFACE -fsanitize=${BISE_SANITIZE})
  # Clang 14 marks functions for this check in a way that coroutines cannot be assembled with.
  target_compile_options(bise_options INTERFACE
                         $<$<CXX_COMPILER_ID:Clang>:-fno-sanitize=function>)
endif()

# bise_module(NAME DEPENDS other...): all .cpp files below this folder that are no tests become the
# library NAME, the *_test.cpp files the program NAME_test. Files of a subfolder that calls
# bise_module itself are not taken twice: exclude them with EXCLUDE regular expressions.
function(bise_module name)
  cmake_parse_arguments(ARG "" "" "DEPENDS;EXCLUDE" ${ARGN})
  file(GLOB_RECURSE sources CONFIGURE_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/*.cpp)
  foreach(pattern IN LISTS ARG_EXCLUDE)
    list(FILTER sources EXCLUDE REGEX ${pattern})
  endforeach()
  set(tests ${sources})
  list(FILTER sources EXCLUDE REGEX "_test\\.cpp$")
  list(FILTER tests INCLUDE REGEX "_test\\.cpp$")
  if(sources)
    add_library(${name} STATIC ${sources})
    target_link_libraries(${name} PUBLIC bise_options ${ARG_DEPENDS})
  else()
    add_library(${name} INTERFACE)
    target_link_libraries(${name} INTERFACE bise_options ${ARG_DEPENDS})
  endif()
  set_property(GLOBAL APPEND PROPERTY BISE_MODULES ${name})
  if(BISE_TESTS AND tests)
    bise_test(${name}_test SOURCES ${tests} DEPENDS ${name})
  endif()
endfunction()

# bise_test(NAME SOURCES files... DEPENDS libraries...): a GoogleTest program, run by ctest from the
# project's root so that tests name their data as tests/...
function(bise_test name)
  cmake_parse_arguments(ARG "" "" "SOURCES;DEPENDS" ${ARGN})
  add_executable(${name} ${ARG_SOURCES})
  target_link_libraries(${name} PRIVATE bise_options ${ARG_DEPENDS} GTest::gtest_main)
  # What a test itself does is little; what it compiles is much.
  target_compile_options(${name} PRIVATE -O1)
  add_test(NAME ${name} COMMAND ${name} WORKING_DIRECTORY ${PROJECT_SOURCE_DIR})
endfunction()
