// The receiver of raw blocks, from a real socket to the reports that the driver gets.
#include <gtest/gtest.h>

#include "tests/executor/support/receiver_test.h"
#include "tests/executor/support/text_server.h"

namespace millstream::executor {
namespace {

class RawSocketTest : public ReceiverTest {
 protected:
  void StartOn(const TextServer& server, uint64_t max_record_bytes = 16 << 20) {
    Open();
    proto::StartReceiver settings = SocketSettings("raw_socket", server.port());
    settings.set_max_record_bytes(max_record_bytes);
    Start(settings);
  }
  static std::string Announce(uint32_t length) {
    return {static_cast<char>(length >> 24), static_cast<char>(length >> 16), static_cast<char>(length >> 8),
            static_cast<char>(length)};
  }
  static std::string Block(const std::string& bytes) {
    return Announce(static_cast<uint32_t>(bytes.size())) + bytes;
  }
  std::vector<uint64_t> Sizes() {
    std::vector<uint64_t> sizes;
    for (const auto& block : ReportedBlocks(cluster_->messages())) sizes.push_back(block.block().bytes());
    return sizes;
  }
};

TEST_F(RawSocketTest, EachBlockIsKeptAsItCame) {
  TextServer server;
  StartOn(server);
  ASSERT_TRUE(server.Accept());
  const std::string large(size_t{3} << 20, 'x');
  ASSERT_TRUE(server.Send(Block("first") + Block("") + Block("se\ncond") + Block(large)));
  ASSERT_TRUE(WaitForBytes(12 + large.size()));
  EXPECT_EQ(Sizes(), (std::vector<uint64_t>{5, 7, large.size()}));
  EXPECT_EQ(Received(), "firstse\ncond" + large);
}

TEST_F(RawSocketTest, ABlockThatArrivesInPiecesIsOneBlock) {
  TextServer server;
  StartOn(server);
  ASSERT_TRUE(server.Accept());
  ASSERT_TRUE(server.Send(Block("whole") + Announce(6).substr(0, 3)));
  ASSERT_TRUE(WaitForBytes(5));
  ASSERT_TRUE(server.Send(Announce(6).substr(3) + "pie"));
  ASSERT_TRUE(server.Send("ces"));
  ASSERT_TRUE(WaitForBytes(11));
  EXPECT_EQ(Received(), "wholepieces");
}

TEST_F(RawSocketTest, AConnectionThatEndsLosesTheBlockThatHadBegunAndTheSourceIsTriedAgain) {
  TextServer server;
  StartOn(server);
  ASSERT_TRUE(server.Accept());
  ASSERT_TRUE(server.Send(Block("whole") + Announce(100) + "half"));
  ASSERT_TRUE(WaitForBytes(5));
  server.CloseClient();
  EXPECT_TRUE(WaitForEvent(proto::ReceiverEvent::ERROR, "was closed by its other end"));
  ASSERT_TRUE(server.Accept());
  ASSERT_TRUE(server.Send(Block("next")));
  ASSERT_TRUE(WaitForBytes(9));
  EXPECT_EQ(Received(), "wholenext");
}

TEST_F(RawSocketTest, ANegativeLengthEndsTheConnectionWithAWarning) {
  TextServer server;
  StartOn(server);
  ASSERT_TRUE(server.Accept());
  ASSERT_TRUE(server.Send("\xff\xff\xff\xff"));
  EXPECT_TRUE(WaitForEvent(proto::ReceiverEvent::ERROR, "it sends no raw blocks"));
  ASSERT_TRUE(server.Accept());
  ASSERT_TRUE(server.Send(Block("right")));
  EXPECT_TRUE(WaitForBytes(5));
}

TEST_F(RawSocketTest, ATooLongBlockIsDroppedAndTheNextOneIsFine) {
  TextServer server;
  StartOn(server, /*max_record_bytes=*/1 << 20);
  ASSERT_TRUE(server.Accept());
  ASSERT_TRUE(server.Send(Block(std::string(size_t{9} << 20, 'z')) + Block("fine")));
  ASSERT_TRUE(WaitForBytes(4));
  EXPECT_EQ(Received(), "fine");
  EXPECT_TRUE(WaitForEvent(proto::ReceiverEvent::ERROR, "1 blocks from localhost"));
}

TEST_F(RawSocketTest, ASilentSourceIsNoReasonNotToStop) {
  TextServer server;
  StartOn(server);
  ASSERT_TRUE(server.Accept());
  ASSERT_TRUE(server.Send(Announce(1000)));
  StopReceiver();
}

}  // namespace
}  // namespace millstream::executor
