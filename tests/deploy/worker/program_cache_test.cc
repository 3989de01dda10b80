#include "deploy/worker/program_cache.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <stdlib.h>

#include <atomic>
#include <filesystem>
#include <fstream>
#include <iterator>

#include "common/rpc/grpc_block_server.h"
#include "common/security/credentials.h"
#include "common/security/sha256.h"
#include "tests/support/credentials.h"

namespace millstream::deploy {
namespace {

using testing::HasSubstr;

// A driver that serves one program.
class Program : public rpc::BlockSource {
 public:
  explicit Program(std::string content) : content_(std::move(content)) {}
  absl::StatusOr<exec::Slices> Get(const plan::BlockId& id) override {
    ++reads;
    if (id.kind != plan::BlockId::Kind::kProgram) return absl::NotFoundError("it has a program alone");
    return exec::Slices{exec::OwnBytes(content_.substr(0, 3)), exec::OwnBytes(content_.substr(3))};
  }
  absl::Status Put(const plan::BlockId&, exec::Slices) override { return absl::UnimplementedError("no"); }

  std::atomic<int> reads = 0;

 private:
  const std::string content_;
};

class ProgramCacheTest : public testing::Test {
 protected:
  ProgramCacheTest() {
    std::string path = std::filesystem::temp_directory_path() / "millstream-programs-XXXXXX";
    EXPECT_NE(mkdtemp(path.data()), nullptr);
    directory_ = path;
    server_->Serve(program_);
    security::ToProto(credentials_, *driver_.mutable_credentials());
    driver_.set_driver_blocks_address(server_->address());
  }
  ~ProgramCacheTest() override { std::filesystem::remove_all(directory_); }

  static proto::ProgramFile Described(const std::string& content) {
    security::Sha256 hash;
    hash.Add(content);
    proto::ProgramFile file;
    file.set_sha256(hash.Finish());
    file.set_bytes(content.size());
    return file;
  }

  const security::Credentials credentials_ = test::NewHostCredentials();
  Program program_{"the program"};
  std::unique_ptr<rpc::GrpcBlockServer> server_ =
      *rpc::GrpcBlockServer::Listen(credentials_, std::chrono::seconds(60));
  proto::Bootstrap driver_;
  std::filesystem::path directory_;
};

TEST_F(ProgramCacheTest, AProgramIsFetchedOnceAndKeptAlsoForALaterOwner) {
  for (int owner = 0; owner < 2; ++owner) {
    auto cache = ProgramCache::Open(directory_);
    ASSERT_TRUE(cache.ok());
    for (int i = 0; i < 2; ++i) {
      const auto path = cache->Get(Described("the program"), driver_);
      ASSERT_TRUE(path.ok()) << path.status();
      std::ifstream file(*path, std::ios::binary);
      EXPECT_EQ(std::string(std::istreambuf_iterator<char>(file), {}), "the program");
      EXPECT_EQ(std::filesystem::status(*path).permissions(), std::filesystem::perms::owner_all);
    }
  }
  EXPECT_EQ(program_.reads, 1);
}

TEST_F(ProgramCacheTest, WhatIsNotWhatWasAnnouncedIsRefusedAndNotKept) {
  auto cache = ProgramCache::Open(directory_);
  for (const char* other : {"another one", "the program, and more", "short"}) {
    const auto path = cache->Get(Described(other), driver_);
    ASSERT_FALSE(path.ok());
    EXPECT_THAT(std::string(path.status().message()), HasSubstr("announced"));
  }
  EXPECT_TRUE(cache->Get(Described("the program"), driver_).ok());
}

TEST_F(ProgramCacheTest, ProgramsThatNobodyAskedForAreRemoved) {
  auto cache = ProgramCache::Open(directory_);
  const auto path = cache->Get(Described("the program"), driver_);
  ASSERT_TRUE(path.ok());
  const auto used = std::filesystem::last_write_time(*path);
  cache->RemoveOld(used);
  EXPECT_TRUE(std::filesystem::exists(*path));
  cache->RemoveOld(used + std::chrono::seconds(1));
  EXPECT_FALSE(std::filesystem::exists(*path));
}

}  // namespace
}  // namespace millstream::deploy
