# What scripts/build puts into PREFIX: bin, lib/limpid, share/limpid. Nothing refers to where it was built.

install(TARGETS limpid RUNTIME DESTINATION bin)
install(TARGETS limpid_core LIBRARY DESTINATION lib/limpid)
if(LIMPID_HAS_CUDA)
  install(TARGETS limpid_cuda LIBRARY DESTINATION lib/limpid)
endif()
install(DIRECTORY ${PROJECT_SOURCE_DIR}/models/ DESTINATION share/limpid/models FILES_MATCHING PATTERN "*.safetensors" PATTERN "*.md")
install(FILES ${PROJECT_SOURCE_DIR}/LICENSE ${PROJECT_SOURCE_DIR}/README.md ${PROJECT_SOURCE_DIR}/CHANGELOG.md
  DESTINATION share/doc/limpid)

# The libraries that other machines may lack, with their licences. The C and C++ run time is everywhere; CUDA's
# driver and cuDNN come from NVIDIA.
install(CODE [[
  file(GET_RUNTIME_DEPENDENCIES
    EXECUTABLES "${CMAKE_INSTALL_PREFIX}/bin/limpid"
    LIBRARIES "${CMAKE_INSTALL_PREFIX}/lib/limpid/liblimpid_core.so"
    RESOLVED_DEPENDENCIES_VAR libraries
    UNRESOLVED_DEPENDENCIES_VAR unresolved
    PRE_EXCLUDE_REGEXES "^ld-linux" "^libc\\.so" "^libm\\.so" "^libpthread" "^libdl\\.so" "^librt\\.so"
      "^libstdc\\+\\+" "^libgcc_s" "^libcuda\\." "^libcudnn" "^liblimpid")
  if(unresolved)
    message(FATAL_ERROR "libraries not found: ${unresolved}")
  endif()
  foreach(library ${libraries})
    file(INSTALL ${library} DESTINATION "${CMAKE_INSTALL_PREFIX}/lib/limpid" FOLLOW_SYMLINK_CHAIN)
    execute_process(COMMAND dpkg-query -S ${library} OUTPUT_VARIABLE owner ERROR_QUIET)
    string(REGEX REPLACE ":.*" "" package "${owner}")
    if(package AND EXISTS /usr/share/doc/${package}/copyright)
      file(INSTALL /usr/share/doc/${package}/copyright
        DESTINATION "${CMAKE_INSTALL_PREFIX}/share/doc/limpid/licences" RENAME ${package})
    endif()
  endforeach()
]])
