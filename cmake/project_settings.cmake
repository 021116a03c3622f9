# Settings every target shares, carried by the interface target limpid_settings instead of global flags.

if(NOT CMAKE_BUILD_TYPE AND NOT CMAKE_CONFIGURATION_TYPES)
  set(CMAKE_BUILD_TYPE Release CACHE STRING "Build type" FORCE)
endif()

set(CMAKE_EXPORT_COMPILE_COMMANDS ON)
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_CUDA_EXTENSIONS OFF)
set(CMAKE_POSITION_INDEPENDENT_CODE ON)

# Build trees as installed trees can be moved: programs find our libraries relative to themselves.
set(CMAKE_BUILD_RPATH_USE_ORIGIN ON)

find_program(LIMPID_CCACHE ccache)
if(LIMPID_CCACHE)
  set(CMAKE_CXX_COMPILER_LAUNCHER ${LIMPID_CCACHE})
  set(CMAKE_CUDA_COMPILER_LAUNCHER ${LIMPID_CCACHE})
endif()

add_library(limpid_settings INTERFACE)
target_compile_features(limpid_settings INTERFACE cxx_std_20)
target_include_directories(limpid_settings INTERFACE
  $<BUILD_INTERFACE:${PROJECT_SOURCE_DIR}>
  $<BUILD_INTERFACE:${PROJECT_BINARY_DIR}/generated>)

# -ffp-contract=off: the noise model promises the same bits on the CPU and the GPU, and results that do not change
# with the instruction set the compiler was allowed to use.
set(limpid_warnings -Wall -Wextra -Wpedantic -Wshadow -Wnon-virtual-dtor -Woverloaded-virtual)
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU" AND CMAKE_CXX_COMPILER_VERSION VERSION_LESS 13)
  list(APPEND limpid_warnings -Wno-restrict)  # false alarms on std::string, GCC bug 105651
endif()
target_compile_options(limpid_settings INTERFACE
  $<$<COMPILE_LANGUAGE:CXX>:${limpid_warnings} -ffp-contract=off>
  $<$<AND:$<COMPILE_LANGUAGE:CXX>,$<BOOL:${LIMPID_WERROR}>>:-Werror>)
# DT_RPATH instead of DT_RUNPATH: it also holds for what our libraries need in turn (libtiff's codecs), and an
# LD_LIBRARY_PATH meant for a host program cannot replace the libraries that are shipped with this one.
target_link_options(limpid_settings INTERFACE LINKER:--disable-new-dtags)

configure_file(${PROJECT_SOURCE_DIR}/cmake/version.h.in ${PROJECT_BINARY_DIR}/generated/limpid_version.h @ONLY)
