# Every third party the engine is built on, all from the distribution's packages.

find_package(Threads REQUIRED)
find_package(Protobuf REQUIRED) # in module mode, and before gRPC
find_package(gRPC CONFIG REQUIRED)
find_package(absl CONFIG REQUIRED)
find_package(OpenSSL REQUIRED)
find_package(glog CONFIG REQUIRED)
find_package(CLI11 CONFIG REQUIRED)
find_package(PkgConfig REQUIRED)
pkg_check_modules(XXHASH REQUIRED IMPORTED_TARGET libxxhash)
pkg_check_modules(ROCKSDB REQUIRED IMPORTED_TARGET rocksdb)
pkg_check_modules(LZ4 REQUIRED IMPORTED_TARGET liblz4)
if(MILLSTREAM_BUILD_TESTS)
  find_package(GTest CONFIG REQUIRED)
  find_package(Python3 REQUIRED COMPONENTS Interpreter)
else()
  find_package(GTest CONFIG)
endif()
