// What tests of RDDs share: one Context per suite, on $MILLSTREAM_TEST_MASTER or local[2].
#ifndef MILLSTREAM_TESTS_CLIENT_CONTEXT_TEST_H_
#define MILLSTREAM_TESTS_CLIENT_CONTEXT_TEST_H_

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <millstream/streaming.h>
#include <stdlib.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace millstream {

inline Config TestConfig() {
  const char* const master = std::getenv("MILLSTREAM_TEST_MASTER");
  return Config().SetMaster(master != nullptr ? master : "local[2]").SetAppName("test");
}

class ContextTest : public ::testing::Test {
 protected:
  static void SetUpTestSuite() { context_.emplace(TestConfig()); }
  static void TearDownTestSuite() { context_.reset(); }
  static Context& sc() { return *context_; }

 private:
  inline static std::optional<Context> context_;
};

// A directory of its own, removed at the end.
class TemporaryDirectory {
 public:
  TemporaryDirectory() {
    std::string pattern = (std::filesystem::temp_directory_path() / "millstream-test-XXXXXX").string();
    path_ = mkdtemp(pattern.data());
  }
  ~TemporaryDirectory() { std::filesystem::remove_all(path_); }

  const std::string& path() const { return path_; }
  std::string Write(const std::string& name, std::string_view bytes) const {
    std::ofstream(path_ + "/" + name, std::ios::binary) << bytes;
    return path_ + "/" + name;
  }
  static std::string Read(const std::string& path) {
    std::ifstream file(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(file), {}};
  }

 private:
  std::string path_;
};

// Passes rows on and appends a byte to a file for each, so that calls in any process are counted.
struct CountCalls {
  std::string path;
  int64_t operator()(int64_t row) const {
    std::ofstream(path, std::ios::app) << '.';
    return row;
  }
};
inline size_t CallsIn(const std::string& path) { return TemporaryDirectory::Read(path).size(); }

inline std::string TextOf(const absl::Status& status) { return std::string(status.message()); }

}  // namespace millstream

#endif  // MILLSTREAM_TESTS_CLIENT_CONTEXT_TEST_H_
