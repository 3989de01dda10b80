# Debian packages, which `cpack -G DEB` makes: millstream is what runs (the component runtime), millstream-dev what
# programs are built with (devel). What follows is in a package and in no other installation.

install(FILES ${PROJECT_SOURCE_DIR}/README.md ${PROJECT_SOURCE_DIR}/CHANGELOG.md
  DESTINATION share/doc/millstream EXCLUDE_FROM_ALL)
install(DIRECTORY ${PROJECT_SOURCE_DIR}/docs DESTINATION share/doc/millstream EXCLUDE_FROM_ALL)
foreach(daemon IN ITEMS master worker)
  install(FILES ${PROJECT_SOURCE_DIR}/packaging/systemd/millstream-${daemon}.service
    DESTINATION lib/systemd/system EXCLUDE_FROM_ALL)
  install(FILES ${PROJECT_SOURCE_DIR}/packaging/systemd/millstream-${daemon}.default
    DESTINATION /etc/default RENAME millstream-${daemon} EXCLUDE_FROM_ALL)
endforeach()

# What `cmake --install` needs, and no test, benchmark or example.
add_custom_target(installed DEPENDS millstream millstream_command)
if(TARGET millstream_gtest_main)
  add_dependencies(installed millstream_gtest_main)
endif()
add_custom_target(packaged DEPENDS installed)
if(MILLSTREAM_BUILD_EXAMPLES)
  # Something to submit, and something to count.
  add_dependencies(packaged network_word_count text_source)
  install(TARGETS network_word_count text_source
    RUNTIME DESTINATION lib/millstream/examples EXCLUDE_FROM_ALL)
  install(DIRECTORY ${PROJECT_SOURCE_DIR}/examples DESTINATION share/doc/millstream-dev
    COMPONENT devel EXCLUDE_FROM_ALL FILES_MATCHING PATTERN "*.cc")
endif()

set(CPACK_PACKAGE_NAME millstream)
set(CPACK_PACKAGE_CONTACT "The Millstream developers <millstream@localhost>")
set(CPACK_PACKAGING_INSTALL_PREFIX /usr)
set(CPACK_STRIP_FILES ON)
set(CPACK_COMPONENTS_ALL runtime devel)
set(CPACK_DEB_COMPONENT_INSTALL ON)
set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_PACKAGE_CONTROL_STRICT_PERMISSION ON)

set(CPACK_DEBIAN_RUNTIME_PACKAGE_NAME millstream)
set(CPACK_DEBIAN_RUNTIME_PACKAGE_SECTION net)
set(CPACK_COMPONENT_RUNTIME_DESCRIPTION "stream processing in small batches, on one host or a cluster
The millstream command (master, worker, submit, doctor), the library that
streaming programs are linked with, systemd units and an example program.")
set(CPACK_DEBIAN_RUNTIME_PACKAGE_DEPENDS adduser)
set(CPACK_DEBIAN_RUNTIME_PACKAGE_SHLIBDEPS ON)
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS_PRIVATE_DIRS ${CMAKE_LIBRARY_OUTPUT_DIRECTORY})
set(CPACK_DEBIAN_PACKAGE_GENERATE_SHLIBS ON)
set(debian ${PROJECT_SOURCE_DIR}/packaging/debian)
set(CPACK_DEBIAN_RUNTIME_PACKAGE_CONTROL_EXTRA
  ${debian}/conffiles ${debian}/triggers ${debian}/postinst ${debian}/prerm ${debian}/postrm)

set(CPACK_DEBIAN_DEVEL_PACKAGE_NAME millstream-dev)
set(CPACK_DEBIAN_DEVEL_PACKAGE_SECTION libdevel)
set(CPACK_COMPONENT_DEVEL_DESCRIPTION "headers and CMake package of Millstream
What streaming programs in C++20 are built with: find_package(Millstream).")
set(CPACK_DEBIAN_DEVEL_PACKAGE_DEPENDS "millstream (= ${PROJECT_VERSION}), libabsl-dev")
set(CPACK_DEBIAN_DEVEL_PACKAGE_RECOMMENDS "cmake, g++")
set(CPACK_DEBIAN_DEVEL_PACKAGE_SUGGESTS "libgtest-dev, libgmock-dev")

include(CPack)
