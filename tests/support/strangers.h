#ifndef MILLSTREAM_TESTS_SUPPORT_STRANGERS_H_
#define MILLSTREAM_TESTS_SUPPORT_STRANGERS_H_

#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

#include <string>
#include <vector>

#include "tests/support/tcp_proxy.h"

namespace millstream::test {

// Connections of those who do not belong here: what they send is no call, or nothing. Closed with their
// object.
class Strangers {
 public:
  Strangers() = default;
  ~Strangers() {
    for (const int connection : connections_) close(connection);
  }
  Strangers(const Strangers&) = delete;
  Strangers& operator=(const Strangers&) = delete;

  // 240 more, to the port `address`.
  void ComeTo(const std::string& address) {
    const std::string preface = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
    const std::string nonsense[] = {
        "GET / HTTP/1.1\r\nHost: localhost\r\n\r\n",
        std::string("\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", 11),   // a TLS hello
        preface + std::string("\xff\xff\xff\x00\x00\x00\x00\x00\x01", 9),  // a frame of 16 MiB
        preface + Frame(4, 0, 0, "") + Frame(1, 4, 1, std::string(kRequest, sizeof(kRequest) - 1)) +
            Frame(0, 0, 1, std::string("\0\xff\xff\xff\xff", 5)),  // a message of 4 GiB
        std::string(100'000, '\xa5'),
        "",
    };
    for (int i = 0; i < 40; ++i) {
      for (const std::string& text : nonsense) {
        const int connection = tests::ConnectTo(address);
        ASSERT_GE(connection, 0);
        send(connection, text.data(), text.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
        connections_.push_back(connection);
      }
    }
  }

  // 1,000 more that say nothing.
  void ComeSilentlyTo(const std::string& address) {
    for (int i = 0; i < 1'000; ++i) {
      connections_.push_back(tests::ConnectTo(address));
      ASSERT_GE(connections_.back(), 0);
    }
  }

 private:
  // The headers of a call: POST, http, and three literals that are not indexed.
  static constexpr char kRequest[] =
      "\x83\x86\x04\x04/x/y\x01\x01x\x0f\x10\x10"
      "application/grpc\x00\x02te\x08trailers";

  // Of HTTP/2; shorter than 256 bytes.
  static std::string Frame(char type, char flags, char stream, const std::string& content) {
    return std::string{0, 0, static_cast<char>(content.size()), type, flags, 0, 0, 0, stream} + content;
  }

  std::vector<int> connections_;
};

}  // namespace millstream::test

#endif  // MILLSTREAM_TESTS_SUPPORT_STRANGERS_H_
