// A GoogleTest main for tests that run jobs: the binary is its own executor, so that any test can also run in
// local-cluster[...] (MILLSTREAM_TEST_MASTER).
#include <gtest/gtest.h>
#include <millstream/program.h>

int main(int argc, char** argv) {
  ::testing::InitGoogleTest(&argc, argv);
  millstream::Init(&argc, &argv);
  return RUN_ALL_TESTS();
}
