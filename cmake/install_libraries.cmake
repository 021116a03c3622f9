# Runs at the end of an installation: puts the libraries that other machines may lack into lib/limpid, with their
# licences. The C and C++ run time is everywhere; the driver and cuDNN come from NVIDIA. Libraries that are not the
# distribution's lie in ${limpid_library_folder}, if there are any, with their licence in a folder beside it.

set(prefix "$ENV{DESTDIR}${CMAKE_INSTALL_PREFIX}")
file(GLOB programs "${prefix}/bin/*")
file(GLOB own_libraries "${prefix}/lib/limpid/liblimpid*.so")
file(GET_RUNTIME_DEPENDENCIES
  EXECUTABLES ${programs}
  LIBRARIES ${own_libraries}
  RESOLVED_DEPENDENCIES_VAR libraries
  UNRESOLVED_DEPENDENCIES_VAR unresolved
  DIRECTORIES ${limpid_library_folder}
  PRE_EXCLUDE_REGEXES "^ld-linux" "^libc\\.so" "^libm\\.so" "^libpthread" "^libdl\\.so" "^librt\\.so"
    "^libstdc\\+\\+" "^libgcc_s" "^libcuda\\." "^libcudnn" "^liblimpid"
  POST_EXCLUDE_REGEXES "^${prefix}/")
if(unresolved)
  message(FATAL_ERROR "libraries not found: ${unresolved}")
endif()

foreach(library ${libraries})
  # Under the name that programs ask for, without the chain of symbolic links.
  get_filename_component(name ${library} NAME)
  get_filename_component(real_path ${library} REALPATH)
  file(INSTALL ${real_path} DESTINATION "${CMAKE_INSTALL_PREFIX}/lib/limpid" RENAME ${name})
  # dpkg knows some libraries by their path from before /lib became a link to /usr/lib.
  string(REGEX REPLACE "^/usr" "" old_path "${real_path}")
  execute_process(COMMAND dpkg-query -S ${real_path} ${old_path} OUTPUT_VARIABLE owner ERROR_QUIET)
  string(REGEX REPLACE ":.*" "" package "${owner}")
  string(FIND "${real_path}" "${limpid_library_folder}/" position)
  if(limpid_library_folder AND position EQUAL 0)
    file(GLOB licence ${limpid_library_folder}/../../../*.dist-info/LICENSE.txt)
    list(GET licence 0 licence)
    file(INSTALL ${licence} DESTINATION "${CMAKE_INSTALL_PREFIX}/share/doc/limpid/licences" RENAME ${name})
  elseif(package AND EXISTS /usr/share/doc/${package}/copyright)
    get_filename_component(copyright /usr/share/doc/${package}/copyright REALPATH)
    file(INSTALL ${copyright} DESTINATION "${CMAKE_INSTALL_PREFIX}/share/doc/limpid/licences" RENAME ${package})
  else()
    message(WARNING "no licence found for ${real_path}")
  endif()
endforeach()
