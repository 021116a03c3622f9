# What scripts/build puts into PREFIX: bin, lib/limpid, share. Nothing refers to where it was built. The component
# gpu_check, installed only by tools/gpu_bundle, adds the test programs that use a GPU.

install(TARGETS limpid limpid_relion_program RUNTIME DESTINATION bin)
install(TARGETS limpid_core EXPORT limpid LIBRARY DESTINATION lib/limpid)
if(LIMPID_HAS_CUDA)
  install(TARGETS limpid_cuda LIBRARY DESTINATION lib/limpid)
endif()
install(DIRECTORY ${PROJECT_SOURCE_DIR}/models/ DESTINATION share/limpid/models FILES_MATCHING PATTERN "*.safetensors" PATTERN "*.md")
# Pictures have text on machines without fonts, too. Their licence comes with those of the libraries.
find_path(LIMPID_FONT_FOLDER DejaVuSans.ttf PATHS /usr/share/fonts/truetype/dejavu NO_DEFAULT_PATH)
if(LIMPID_FONT_FOLDER)
  install(FILES ${LIMPID_FONT_FOLDER}/DejaVuSans.ttf ${LIMPID_FONT_FOLDER}/DejaVuSans-Bold.ttf
    ${PROJECT_SOURCE_DIR}/plugin/drawing/fonts.conf DESTINATION share/limpid/fonts)
  if(EXISTS /usr/share/doc/fonts-dejavu-core/copyright)
    install(FILES /usr/share/doc/fonts-dejavu-core/copyright
      DESTINATION share/doc/limpid/licences RENAME fonts-dejavu-core)
  endif()
endif()
install(FILES ${PROJECT_SOURCE_DIR}/plugin/model_import/torch_weights.py DESTINATION share/limpid/model_import)
install(DIRECTORY ${PROJECT_SOURCE_DIR}/relion_wrapper/jobs ${PROJECT_SOURCE_DIR}/relion_wrapper/queue
  DESTINATION share/limpid/relion)
install(FILES ${PROJECT_SOURCE_DIR}/LICENSE ${PROJECT_SOURCE_DIR}/README.md ${PROJECT_SOURCE_DIR}/CHANGELOG.md
  DESTINATION share/doc/limpid)
install(DIRECTORY ${PROJECT_SOURCE_DIR}/docs DESTINATION share/doc/limpid)

# For programs built against the library (examples/downstream): its headers under their names in this tree, and a CMake
# package. The backends stay behind core/backend/backend.h, and simulation behind the program.
install(DIRECTORY ${PROJECT_SOURCE_DIR}/core DESTINATION include/limpid FILES_MATCHING PATTERN "*.h"
  REGEX "core/backend/(cpu|cuda|host|reference)$" EXCLUDE
  PATTERN core/simulate EXCLUDE
  PATTERN core/io/strict_json.h EXCLUDE)
include(CMakePackageConfigHelpers)
write_basic_package_version_file(${PROJECT_BINARY_DIR}/limpidConfigVersion.cmake COMPATIBILITY SameMinorVersion)
install(FILES ${PROJECT_SOURCE_DIR}/cmake/limpidConfig.cmake ${PROJECT_BINARY_DIR}/limpidConfigVersion.cmake
  DESTINATION lib/cmake/limpid)
install(EXPORT limpid NAMESPACE limpid:: FILE limpidTargets.cmake DESTINATION lib/cmake/limpid)

set(limpid_library_folder "")
if(DNNL_LIBRARY MATCHES "^${PROJECT_SOURCE_DIR}/")
  get_filename_component(limpid_library_folder ${DNNL_LIBRARY} DIRECTORY)
endif()
install(CODE "set(limpid_library_folder \"${limpid_library_folder}\")")
install(SCRIPT ${PROJECT_SOURCE_DIR}/cmake/install_libraries.cmake)

if(LIMPID_TESTS)
  set(limpid_gpu_programs test_backend test_cuda_library test_infer test_nn test_train network_probe)
  if(LIMPID_HAS_CUDA)
    list(APPEND limpid_gpu_programs conv_kernel_bench)
  endif()
  set_target_properties(${limpid_gpu_programs} PROPERTIES INSTALL_RPATH "$ORIGIN/../lib/limpid")
  install(TARGETS ${limpid_gpu_programs} RUNTIME DESTINATION bin COMPONENT gpu_check EXCLUDE_FROM_ALL)
  install(DIRECTORY ${PROJECT_SOURCE_DIR}/tests/pytorch DESTINATION tests
    COMPONENT gpu_check EXCLUDE_FROM_ALL FILES_MATCHING PATTERN "*.py")
  install(PROGRAMS ${PROJECT_SOURCE_DIR}/tools/gpu_check ${PROJECT_SOURCE_DIR}/tools/cpu_speed
    ${PROJECT_SOURCE_DIR}/tools/end_to_end ${PROJECT_SOURCE_DIR}/tools/loader_benchmark
    ${PROJECT_SOURCE_DIR}/tools/own_data
    DESTINATION . COMPONENT gpu_check EXCLUDE_FROM_ALL)
  install(DIRECTORY ${PROJECT_SOURCE_DIR}/tools/gpu_checks DESTINATION .
    COMPONENT gpu_check EXCLUDE_FROM_ALL FILES_MATCHING PATTERN "*.py")
  install(CODE "set(limpid_library_folder \"${limpid_library_folder}\")" COMPONENT gpu_check EXCLUDE_FROM_ALL)
  install(SCRIPT ${PROJECT_SOURCE_DIR}/cmake/install_libraries.cmake COMPONENT gpu_check EXCLUDE_FROM_ALL)
endif()
