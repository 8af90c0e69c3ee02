# Short wrappers, one concern each. Every compiler library links the MLIR and LLVM shared libraries and nothing else of LLVM.
include_guard()

# tgc_precompiled_header(Name HEADERS ... [DEPENDS ...]): headers that many files include, compiled once; libraries and tools reuse them.
function(tgc_precompiled_header name)
  cmake_parse_arguments(A "" "" "HEADERS;DEPENDS" ${ARGN})
  set(source ${CMAKE_BINARY_DIR}/${name}.cpp)
  if(NOT EXISTS ${source})
    file(WRITE ${source} "")
  endif()
  add_library(${name} OBJECT ${source})
  list(TRANSFORM A_HEADERS PREPEND ${CMAKE_SOURCE_DIR}/)
  target_precompile_headers(${name} PRIVATE ${A_HEADERS})
  # Equal headers give an equal file, so a compiler cache knows it again.
  target_compile_options(${name} PRIVATE "SHELL:-Xclang -fno-pch-timestamp")
  llvm_update_compile_flags(${name})
  if(A_DEPENDS)
    add_dependencies(${name} ${A_DEPENDS})
  endif()
endfunction()

# tgc_library(Name SRCS ... [DEPENDS ...] [LINK_LIBS ...] [PRECOMPILED Name]): a static library of the compiler. PRECOMPILED names
# other precompiled headers than the folder's TGC_PRECOMPILED_HEADER.
function(tgc_library name)
  cmake_parse_arguments(A "" "PRECOMPILED" "SRCS;DEPENDS;LINK_LIBS" ${ARGN})
  if(NOT A_PRECOMPILED)
    set(A_PRECOMPILED ${TGC_PRECOMPILED_HEADER})
  endif()
  add_library(${name} STATIC ${A_SRCS})
  llvm_update_compile_flags(${name})
  target_precompile_headers(${name} REUSE_FROM ${A_PRECOMPILED})
  if(A_DEPENDS)
    add_dependencies(${name} ${A_DEPENDS})
  endif()
  target_link_libraries(${name} PUBLIC ${A_LINK_LIBS})
endfunction()

# tgc_executable(name folder precompiled source...): a program in a folder of the build tree.
function(tgc_executable name folder precompiled)
  add_executable(${name} ${ARGN})
  llvm_update_compile_flags(${name})
  target_precompile_headers(${name} REUSE_FROM ${precompiled})
  # -fPIC like the libraries: the precompiled header serves code of one model only.
  set_target_properties(${name} PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/${folder} POSITION_INDEPENDENT_CODE OFF)
  target_compile_options(${name} PRIVATE -fPIC)
endfunction()

# tgc_tool(name SRCS ... [LINK_LIBS ...]): an executable in build/bin, which lit tests may call by its name.
function(tgc_tool name)
  cmake_parse_arguments(A "" "" "SRCS;LINK_LIBS" ${ARGN})
  tgc_executable(${name} bin ${TGC_PRECOMPILED_HEADER} ${A_SRCS})
  target_link_libraries(${name} PRIVATE ${A_LINK_LIBS} MLIR LLVM)
  set_property(GLOBAL APPEND PROPERTY TGC_TOOLS ${name})
endfunction()

# tgc_unit_test(name SRCS ... [LINK_LIBS ...]): a gtest program in build/unit, run by check-tgc-unit.
function(tgc_unit_test name)
  cmake_parse_arguments(A "" "" "SRCS;LINK_LIBS" ${ARGN})
  tgc_executable(${name} unit TgcTestPch ${A_SRCS})
  target_link_libraries(${name} PRIVATE ${A_LINK_LIBS} GTest::gtest GTest::gtest_main)
  set_property(GLOBAL APPEND PROPERTY TGC_UNIT_TESTS ${name})
endfunction()

# tgc_fuzzer(name SRCS ... [LINK_LIBS ...]): a libFuzzer program in build/fuzz, or, without TGC_ENABLE_FUZZERS, one that goes through
# files and a few hundred changes of each.
function(tgc_fuzzer name)
  cmake_parse_arguments(A "" "" "SRCS;LINK_LIBS" ${ARGN})
  if(TGC_ENABLE_FUZZERS)
    add_executable(${name} ${A_SRCS})
    target_link_options(${name} PRIVATE -fsanitize=fuzzer)
  else()
    add_executable(${name} ${A_SRCS} ${CMAKE_SOURCE_DIR}/test/Fuzz/mutate_seeds.cpp)
  endif()
  llvm_update_compile_flags(${name})
  set_target_properties(${name} PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/fuzz)
  target_link_libraries(${name} PRIVATE ${A_LINK_LIBS} LLVM)
endfunction()

# tgc_passes(TargetName [Prefix]): declarations of the passes in ./Passes.td, and their page of documentation.
function(tgc_passes target name)
  set(LLVM_TARGET_DEFINITIONS Passes.td)
  mlir_tablegen(Passes.h.inc -gen-pass-decls -name=${name})
  add_public_tablegen_target(${target})
endfunction()
