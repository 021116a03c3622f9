# find_package(limpid) gives the target limpid::core, used as in examples/downstream. Its headers format messages with
# fmt, whose headers are needed; the libraries that it needs itself lie beside it.
include(CMakeFindDependencyMacro)
find_dependency(fmt)
include(${CMAKE_CURRENT_LIST_DIR}/limpidTargets.cmake)
