#include "deploy/files/uploads.h"

#include <gtest/gtest.h>
#include <stdlib.h>

#include <filesystem>

#include "common/security/sha256.h"

namespace millstream::deploy {
namespace {

class UploadsTest : public testing::Test {
 protected:
  UploadsTest() {
    std::string path = std::filesystem::temp_directory_path() / "millstream-uploads-XXXXXX";
    EXPECT_NE(mkdtemp(path.data()), nullptr);
    directory_ = path;
    security::Sha256 hash;
    hash.Add(kContent);
    file_.set_sha256(hash.Finish());
    file_.set_bytes(kContent.size());
  }
  ~UploadsTest() override { std::filesystem::remove_all(directory_); }

  // How much the master has afterwards.
  uint64_t Send(Uploads& uploads, uint64_t offset, std::string_view data) const {
    proto::FileChunk chunk;
    *chunk.mutable_file() = file_;
    chunk.set_offset(offset);
    chunk.set_data(std::string(data));
    return uploads.Take(chunk).bytes();
  }
  std::string Get(const Uploads& uploads, uint64_t offset = 0) const {
    proto::FileRequest request;
    request.set_sha256(file_.sha256());
    request.set_offset(offset);
    return uploads.Give(request).data();
  }

  static constexpr std::string_view kContent = "a program";
  std::filesystem::path directory_;
  proto::ProgramFile file_;
};

TEST_F(UploadsTest, AFileIsThereOnceAllPartsAre) {
  Uploads uploads(*FileStore::Open(directory_));
  EXPECT_EQ(Send(uploads, 0, ""), 0);
  EXPECT_EQ(Send(uploads, 0, "a pro"), 5);
  EXPECT_EQ(Get(uploads), "");
  EXPECT_EQ(Send(uploads, 5, "gram"), 9);
  EXPECT_EQ(Get(uploads), kContent);
  EXPECT_EQ(Get(uploads, 2), "program");
  Uploads later(*FileStore::Open(directory_));
  EXPECT_EQ(Send(later, 0, ""), 9);
}

TEST_F(UploadsTest, APartThatComesAgainOrTooEarlyChangesNothing) {
  Uploads uploads(*FileStore::Open(directory_));
  EXPECT_EQ(Send(uploads, 5, "gram"), 0);
  EXPECT_EQ(Send(uploads, 0, "a pro"), 5);
  EXPECT_EQ(Send(uploads, 0, "a pro"), 5);
  EXPECT_EQ(Send(uploads, 5, "gram"), 9);
  EXPECT_EQ(Get(uploads), kContent);
}

TEST_F(UploadsTest, WhatIsNotWhatWasAnnouncedIsRefusedAndMayBeSentAgain) {
  Uploads uploads(*FileStore::Open(directory_));
  proto::FileChunk chunk;
  *chunk.mutable_file() = file_;
  for (const char* wrong : {"a problem", "a program, and more"}) {
    chunk.set_data(wrong);
    EXPECT_NE(uploads.Take(chunk).error(), "") << wrong;
    EXPECT_EQ(Get(uploads), "");
  }
  EXPECT_EQ(Send(uploads, 0, kContent), 9);
}

TEST_F(UploadsTest, OfTooManyTheOneThatWaitedLongestIsDropped) {
  Uploads uploads(*FileStore::Open(directory_));
  const auto send = [&](uint64_t number, uint64_t offset) {
    security::Sha256 hash;
    hash.Add(std::to_string(number));
    file_.set_sha256(hash.Finish());
    return Send(uploads, offset, "x");
  };
  for (uint64_t i = 0; i < 64; ++i) EXPECT_EQ(send(i, 0), 1);
  for (uint64_t i = 0; i < 64; ++i) {
    if (i != 40) {
      EXPECT_EQ(send(i, 1), 2);
    }
  }
  EXPECT_EQ(send(64, 0), 1);
  for (uint64_t i = 0; i < 64; ++i) {
    if (i != 40) {
      EXPECT_EQ(send(i, 2), 3) << i;
    }
  }
  EXPECT_EQ(send(40, 1), 0);
}

TEST_F(UploadsTest, WhatIsNoHashNamesNoFile) {
  Uploads uploads(*FileStore::Open(directory_));
  file_.set_sha256("../../etc/passwd");
  EXPECT_EQ(Get(uploads), "");
  proto::FileChunk chunk;
  *chunk.mutable_file() = file_;
  EXPECT_NE(uploads.Take(chunk).error(), "");
}

}  // namespace
}  // namespace millstream::deploy
