# Libraries from the distribution; scripts/install_dependencies installs them.

find_package(Threads REQUIRED)
find_package(OpenMP REQUIRED COMPONENTS CXX)
find_package(TIFF REQUIRED)
find_package(ZLIB REQUIRED)
find_package(BZip2 REQUIRED)
find_package(Eigen3 3.3 REQUIRED NO_MODULE)
find_package(nlohmann_json 3.9 REQUIRED)
find_package(fmt REQUIRED)
find_package(spdlog REQUIRED)
find_package(CLI11 REQUIRED)
find_package(PkgConfig REQUIRED)
pkg_check_modules(CAIRO REQUIRED IMPORTED_TARGET cairo)

# gemmi reads PDB, mmCIF and CCP4 map files, and carries the pocketfft header (BSD-3) that Debian ships nowhere else.
find_path(GEMMI_INCLUDE_DIR gemmi/third_party/pocketfft_hdronly.h)
if(NOT GEMMI_INCLUDE_DIR)
  message(FATAL_ERROR "gemmi headers not found (Debian and Ubuntu: gemmi-dev)")
endif()
add_library(limpid_gemmi INTERFACE)
target_include_directories(limpid_gemmi SYSTEM INTERFACE ${GEMMI_INCLUDE_DIR})

# oneDNN 3 from its Python wheels, where scripts/install_dependencies fetched them; else the distribution's. Debian's CMake
# package asks for OpenCL headers that only its GPU part needs; so look for the library itself.
file(GLOB onednn_wheels ${PROJECT_SOURCE_DIR}/.cache/onednn/*.data/data)
find_path(DNNL_INCLUDE_DIR oneapi/dnnl/dnnl.hpp HINTS ${onednn_wheels} PATH_SUFFIXES include)
find_library(DNNL_LIBRARY dnnl HINTS ${onednn_wheels} PATH_SUFFIXES lib)
if(NOT DNNL_INCLUDE_DIR OR NOT DNNL_LIBRARY)
  message(FATAL_ERROR "oneDNN not found (Debian and Ubuntu: libdnnl-dev)")
endif()
add_library(limpid_dnnl INTERFACE)
target_include_directories(limpid_dnnl SYSTEM INTERFACE ${DNNL_INCLUDE_DIR})
target_link_libraries(limpid_dnnl INTERFACE ${DNNL_LIBRARY})
