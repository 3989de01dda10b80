#ifndef MILLSTREAM_TESTS_SUPPORT_CREDENTIALS_H_
#define MILLSTREAM_TESTS_SUPPORT_CREDENTIALS_H_

#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <string>

#include "common/security/cluster_secret.h"
#include "common/security/credentials.h"

namespace millstream::test {

// A folder of this process's own, gone with its object.
class TemporaryFolder {
 public:
  TemporaryFolder() {
    std::string pattern = testing::TempDir() + "millstream-XXXXXX";
    path_ = mkdtemp(pattern.data());
  }
  ~TemporaryFolder() { std::filesystem::remove_all(path_); }
  TemporaryFolder(const TemporaryFolder&) = delete;
  TemporaryFolder& operator=(const TemporaryFolder&) = delete;

  std::string File(const std::string& name) const { return path_ + "/" + name; }

 private:
  std::string path_;
};

// The path of a new cluster's secret, in `folder`.
inline std::string NewSecretFile(const TemporaryFolder& folder) {
  EXPECT_TRUE(security::ClusterSecret::MakeFile(folder.File("secret")).ok());
  return folder.File("secret");
}

// A new cluster's secret.
inline security::ClusterSecret NewClusterSecret() {
  const TemporaryFolder folder;
  return *security::ClusterSecret::Read(NewSecretFile(folder));
}

// What processes of one application on one host know, without TLS.
inline security::Credentials NewHostCredentials() {
  return {{security::Role::kExecutor, "app"}, security::Secret::Random(), std::nullopt};
}

}  // namespace millstream::test

#endif  // MILLSTREAM_TESTS_SUPPORT_CREDENTIALS_H_
