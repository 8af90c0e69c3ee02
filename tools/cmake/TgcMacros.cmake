# Short wrappers, one concern each. Every compiler library links the MLIR and LLVM shared libraries and nothing else of LLVM.
include_guard()

# The MLIR headers that every C++ file of tgc pulls in, compiled once; libraries and tools reuse it.
function(tgc_precompiled_header)
  if(TARGET TgcPch)
    return()
  endif()
  file(WRITE ${CMAKE_BINARY_DIR}/tgc-pch.cpp "")
  add_library(TgcPch OBJECT ${CMAKE_BINARY_DIR}/tgc-pch.cpp)
  target_precompile_headers(TgcPch PRIVATE ${CMAKE_SOURCE_DIR}/tools/cmake/precompiled.h)
  # Equal headers give an equal file, so a compiler cache knows it again.
  target_compile_options(TgcPch PRIVATE "SHELL:-Xclang -fno-pch-timestamp")
  llvm_update_compile_flags(TgcPch)
endfunction()

# tgc_library(Name SRCS ... [DEPENDS ...] [LINK_LIBS ...] [NO_MLIR]): a static library of the compiler. NO_MLIR is for
# those that programs without MLIR link: the precompiled headers would make them refer to it.
function(tgc_library name)
  cmake_parse_arguments(A "NO_MLIR" "" "SRCS;DEPENDS;LINK_LIBS" ${ARGN})
  add_library(${name} STATIC ${A_SRCS})
  llvm_update_compile_flags(${name})
  if(NOT A_NO_MLIR)
    target_precompile_headers(${name} REUSE_FROM TgcPch)
  endif()
  if(A_DEPENDS)
    add_dependencies(${name} ${A_DEPENDS})
  endif()
  target_link_libraries(${name} PUBLIC ${A_LINK_LIBS})
endfunction()

# tgc_tool(name SRCS ... [LINK_LIBS ...]): an executable in build/bin, which lit tests may call by its name.
function(tgc_tool name)
  cmake_parse_arguments(A "" "" "SRCS;LINK_LIBS" ${ARGN})
  add_executable(${name} ${A_SRCS})
  llvm_update_compile_flags(${name})
  target_precompile_headers(${name} REUSE_FROM TgcPch)
  # -fPIC like the libraries: the precompiled header serves code of one model only.
  set_target_properties(${name} PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/bin POSITION_INDEPENDENT_CODE OFF)
  target_compile_options(${name} PRIVATE -fPIC)
  target_link_libraries(${name} PRIVATE ${A_LINK_LIBS} MLIR LLVM)
  set_property(GLOBAL APPEND PROPERTY TGC_TOOLS ${name})
endfunction()

# tgc_unit_test(name SRCS ... [LINK_LIBS ...]): a gtest program in build/unit, run by check-tgc-unit.
function(tgc_unit_test name)
  cmake_parse_arguments(A "" "" "SRCS;LINK_LIBS" ${ARGN})
  add_executable(${name} ${A_SRCS})
  llvm_update_compile_flags(${name})
  set_target_properties(${name} PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/unit)
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
