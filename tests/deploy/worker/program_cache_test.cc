#include "deploy/worker/program_cache.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <stdlib.h>

#include <atomic>
#include <filesystem>
#include <fstream>
#include <functional>
#include <future>
#include <iterator>
#include <stop_token>
#include <vector>

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
  explicit Program(std::vector<std::string> contents) : contents_(std::move(contents)) {}
  absl::StatusOr<exec::Slices> Get(const plan::BlockId& id) override {
    ++reads;
    if (const auto* then = on_read.load()) (*then)();
    if (id.kind != plan::BlockId::Kind::kProgram || id.a >= contents_.size()) {
      return absl::NotFoundError("it has a program alone");
    }
    const std::string& content = contents_[id.a];
    return exec::Slices{exec::OwnBytes(content.substr(0, 3)), exec::OwnBytes(content.substr(3))};
  }
  absl::Status Put(const plan::BlockId&, exec::Slices) override { return absl::UnimplementedError("no"); }

  std::atomic<int> reads = 0;
  std::atomic<const std::function<void()>*> on_read = nullptr;

 private:
  const std::vector<std::string> contents_;
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

  static proto::ProgramFile Described(const std::string& content, const std::string& name) {
    security::Sha256 hash;
    hash.Add(content);
    proto::ProgramFile file;
    file.set_name(name);
    file.set_sha256(hash.Finish());
    file.set_bytes(content.size());
    return file;
  }
  static proto::ProgramFiles Executable(const std::string& content) {
    proto::ProgramFiles program;
    *program.mutable_executable() = Described(content, "program");
    return program;
  }

  // In a working directory of its own.
  absl::StatusOr<std::string> Place(const proto::ProgramFiles& program) {
    ProgramCache cache(*FileStore::Open(directory_ / "programs"));
    working_directory_ = directory_ / std::to_string(next_++);
    std::filesystem::create_directory(working_directory_);
    return cache.Place(program, FetchFromDriver(driver_, stop_.get_token()), working_directory_);
  }

  static std::string Content(const std::filesystem::path& path) {
    std::ifstream file(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(file), {}};
  }

  const security::Credentials credentials_ = test::NewHostCredentials();
  Program program_{{"the program", "a library", "a file"}};
  std::unique_ptr<rpc::GrpcBlockServer> server_ =
      *rpc::GrpcBlockServer::Listen(credentials_, std::chrono::seconds(60));
  proto::Bootstrap driver_;
  std::stop_source stop_;
  std::filesystem::path directory_;
  std::filesystem::path working_directory_;  // the latest
  int next_ = 0;
};

TEST_F(ProgramCacheTest, AProgramIsFetchedOnceAndKeptAlsoForALaterOwner) {
  for (int owner = 0; owner < 2; ++owner) {
    const auto path = Place(Executable("the program"));
    ASSERT_TRUE(path.ok()) << path.status();
    EXPECT_EQ(Content(*path), "the program");
    EXPECT_EQ(std::filesystem::status(*path).permissions(), std::filesystem::perms::owner_all);
  }
  EXPECT_EQ(program_.reads, 1);
}

TEST_F(ProgramCacheTest, LibrariesAndFilesAreFoundByName) {
  proto::ProgramFiles program = Executable("the program");
  *program.add_libraries() = Described("a library", "libx.so.1");
  *program.add_files() = Described("a file", "words.txt");
  for (int launch = 0; launch < 2; ++launch) {
    ASSERT_TRUE(Place(program).ok());
    EXPECT_EQ(Content(working_directory_ / ProgramCache::kLibraries / "libx.so.1"), "a library");
    EXPECT_EQ(Content(working_directory_ / "words.txt"), "a file");
    // What a process does to its file concerns no other.
    std::ofstream(working_directory_ / "words.txt") << "spoiled";
  }
  EXPECT_EQ(program_.reads, 3);
}

TEST_F(ProgramCacheTest, ANameThatLeavesTheDirectoryIsRefused) {
  for (const char* name : {"../x", "/tmp/x", "..", ""}) {
    proto::ProgramFiles program = Executable("the program");
    *program.add_libraries() = Described("a library", "libx.so.1");
    *program.add_files() = Described("a file", name);
    EXPECT_FALSE(Place(program).ok()) << name;
  }
}

TEST_F(ProgramCacheTest, WhatIsNotWhatWasAnnouncedIsRefusedAndNotKept) {
  for (const char* other : {"another one", "the program, and more", "short"}) {
    const auto path = Place(Executable(other));
    ASSERT_FALSE(path.ok());
    EXPECT_THAT(std::string(path.status().message()), HasSubstr("announced"));
  }
  EXPECT_TRUE(Place(Executable("the program")).ok());
}

TEST_F(ProgramCacheTest, ADriverThatHangsHoldsUpNobodyWhoStops) {
  std::promise<void> release;
  const std::function<void()> hang = [&] {
    stop_.request_stop();
    release.get_future().wait();
  };
  program_.on_read = &hang;
  const auto path = Place(Executable("the program"));
  release.set_value();
  server_.reset();
  EXPECT_TRUE(absl::IsCancelled(path.status())) << path.status();
}

TEST_F(ProgramCacheTest, ProgramsThatNobodyAskedForAreRemoved) {
  const auto path = Place(Executable("the program"));
  ASSERT_TRUE(path.ok());
  const auto used = std::filesystem::last_write_time(*path);
  const FileStore store = *FileStore::Open(directory_ / "programs");
  store.RemoveOld(used);
  EXPECT_TRUE(std::filesystem::exists(*path));
  store.RemoveOld(used + std::chrono::seconds(1), {Executable("the program").executable().sha256()});
  EXPECT_TRUE(std::filesystem::exists(*path));
  store.RemoveOld(used + std::chrono::seconds(1));
  EXPECT_FALSE(std::filesystem::exists(*path));
}

}  // namespace
}  // namespace millstream::deploy
