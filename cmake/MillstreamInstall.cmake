# What `cmake --install` puts under a prefix: the library, the command, the public headers, and what find_package(Millstream) reads.
# The component runtime is what a program needs to run, and devel what it is built with.

include(CMakePackageConfigHelpers)
set(package_dir ${CMAKE_INSTALL_LIBDIR}/cmake/Millstream)

install(TARGETS millstream millstream_testing EXPORT MillstreamTargets
  LIBRARY DESTINATION ${CMAKE_INSTALL_LIBDIR} COMPONENT runtime NAMELINK_COMPONENT devel)
install(DIRECTORY ${PROJECT_SOURCE_DIR}/client/include/ ${PROJECT_SOURCE_DIR}/common/include/
  DESTINATION ${CMAKE_INSTALL_INCLUDEDIR} COMPONENT devel FILES_MATCHING PATTERN "*.h")
install(EXPORT MillstreamTargets NAMESPACE Millstream:: DESTINATION ${package_dir} COMPONENT devel)

# In a file of its own, since it needs GoogleTest and a program does not.
if(TARGET millstream_gtest_main)
  install(TARGETS millstream_gtest_main EXPORT MillstreamGTestTargets
    ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR} COMPONENT devel)
  install(EXPORT MillstreamGTestTargets NAMESPACE Millstream:: DESTINATION ${package_dir} COMPONENT devel)
endif()

configure_package_config_file(${CMAKE_CURRENT_LIST_DIR}/MillstreamConfig.cmake.in
  ${PROJECT_BINARY_DIR}/MillstreamConfig.cmake INSTALL_DESTINATION ${package_dir})
write_basic_package_version_file(${PROJECT_BINARY_DIR}/MillstreamConfigVersion.cmake COMPATIBILITY SameMinorVersion)
install(FILES ${PROJECT_BINARY_DIR}/MillstreamConfig.cmake ${PROJECT_BINARY_DIR}/MillstreamConfigVersion.cmake
  DESTINATION ${package_dir} COMPONENT devel)
